//! Backups: what a consistent state is, and its units.

mod definitions;
mod lead;
mod lock;
mod session;
mod state;
mod units;

pub use session::Session;
pub use units::{FETCHES, HISTORY, LATE};
