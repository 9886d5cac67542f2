//! What a double is like.

use std::time::Duration;

/// What kind of server it says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The only member, and primary, of the replica set "rs0": with an oplog and snapshot reads.
    #[default]
    ReplicaSet,
    /// A server alone: no oplog, no snapshots, no retryable writes.
    Standalone,
}

/// A user that is there from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name; it authenticates against `admin`.
    pub name: String,
    /// The password.
    pub password: String,
}

/// What relatives of MongoDB do otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quirks {
    /// It says that it is a router of a sharded cluster (MongoDB manual, `hello`, "Sharded Instances").
    pub router: bool,
    /// It lists databases without their sizes.
    pub without_sizes: bool,
    /// The number of its error for a command that it doesn't know, without a name; 59 if it isn't set.
    pub unknown_code: Option<i32>,
    /// Commands that it doesn't know.
    pub lacks: &'static [&'static str],
    /// What nobody may read, by what namespaces begin with; `DATABASE.$cmd.aggregate` is a stream of a database.
    pub hides: &'static [&'static str],
}

/// What a double is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kind of server.
    pub kind: Kind,
    /// With a user, everybody has to log in.
    pub user: Option<User>,
    /// How large the oplog may get, in bytes.
    pub oplog_bytes: u64,
    /// How long nobody writes until the server writes an entry of its own.
    pub noop_every: Duration,
    /// Names of compressors that it offers.
    pub compression: bool,
    /// What it does otherwise than MongoDB.
    pub quirks: Quirks,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            user: None,
            oplog_bytes: 64 << 20,
            noop_every: Duration::from_secs(10),
            compression: true,
            quirks: Quirks::default(),
        }
    }
}
