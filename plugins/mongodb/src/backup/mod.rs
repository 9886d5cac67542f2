//! Backups: one session leads and fixes the moment, the others read at it.

mod access;
mod census;
mod consistency;
mod ranges;
mod session;
mod sharding;
mod units;

pub use consistency::{Consistency, window};
pub use session::Backup;
pub use units::{COLLECTIONS, DATA, INDEXES, NEEDS, UUID, kind};
