//! Backups: one session leads, the others join its snapshot.

mod addresses;
mod copy;
mod drift;
mod facts;
pub mod inventory;
mod large_objects;
mod lock_room;
mod long_rows;
mod partitions;
mod recovery;
mod sequences;
mod session;
mod snapshot;
mod split;
mod tallies;
pub mod units;
mod watch;

pub use lock_room::Room;
pub use session::Backup;
