//! Catching up by the oplog: collections are read while others write them, and then whatever the oplog says was touched
//! meanwhile is read once more, all of it at one moment. What wasn't touched is as it was read; what was is as it was at that
//! moment; so all of it is.
//!
//! Nothing is replayed: of an entry only the `_id` counts, and that one entry too many is looked at makes no difference. What
//! a transaction that failed had touched, an index that was built, a change that an older or newer server writes down
//! otherwise, an operator nobody knows yet: none of that has to be understood. What can't be made good by reading
//! documents again, a collection that got another name say, fails the backup.

mod catch_up;
mod change;
mod entry;
mod reread;
mod window;

pub use catch_up::{ATTEMPTS, PASSES, SHORT, read, told};
pub use change::{Change, Id, among};
pub use entry::{Touched, Tracked, refuse};
pub use reread::{Rereading, is_much};
pub use window::{Window, open};

/// The unit of what changed, which comes after all documents.
pub const UNIT: &str = "oplog";
