//! Backups: what a consistent state is, and its units.

mod definitions;
mod session;
mod units;

pub use session::Session;
