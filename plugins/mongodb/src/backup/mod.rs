//! Backups: one session leads and fixes the moment, the others read at it.

mod consistency;
mod ranges;
mod session;
mod units;

pub use consistency::window;
pub use session::Backup;
pub use units::{COLLECTIONS, INDEXES};
