//! Catching up by a change stream, where the oplog can't be read: through a mongos, and for who may not read `local`. The
//! principle is the oplog's: of an event only the `_id` counts, and what was touched is read again, all of it at one moment.
//!
//! A change stream shows of a transaction what it changed once it is committed, with the time of the entry that commits it. So
//! it is opened at the time that the backup begins, and not at that of the oldest open transaction: what was committed
//! before, every session reads, since it reads nothing older than that time (`afterClusterTime`); what is committed later
//! comes as events, whenever it began.
//!
//! A transaction over several shards is seen by readers from one time on, and each shard writes that it is committed into its
//! own oplog a little later. So through a mongos the stream is followed for [`BEYOND`] after the moment, and what it says
//! then is read at the moment too: that a document is read that needn't be makes no difference.

mod catch_up;
mod event;
mod moves;
mod token;
mod unchanged;
mod watch;

pub use catch_up::{CatchingUp, read};
pub use watch::{Watched, open, shows};
