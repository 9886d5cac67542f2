//! Backups: one session leads, the others join its snapshot.

mod addresses;
mod copy;
mod facts;
mod inventory;
mod large_objects;
mod partitions;
mod sequences;
mod session;
mod snapshot;
mod tallies;
pub mod units;

pub use session::Backup;
