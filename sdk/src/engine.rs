//! What a plugin's author implements.
//!
//! Every plugin is an [`Engine`]. It is a [`Backup`], [`Restore`], [`Clone`], [`ToFiles`] or [`FromFiles`] engine too if it
//! implements that trait and names it in [`export!`](crate::export).
#![allow(async_fn_in_trait, reason = "a plugin runs on one thread, so its futures need no Send")]

use crate::reading::Reading;
use crate::streams::{FutureReader, StreamReader};
use crate::{Endpoint, Error, Options, Result};

pub use crate::bindings::backup::exports::cofferdam::engine::backup::{BackupOptions, Plan};
pub use crate::bindings::clone::exports::cofferdam::engine::clone::{CloneOptions, Outcome as Cloned};
pub use crate::bindings::from_files::exports::cofferdam::engine::from_files::{
    Described, Found, Made, Plan as FilesPlan,
};
pub use crate::bindings::instance::exports::cofferdam::engine::instance::{DatabaseInfo, InstanceInfo};
pub use crate::bindings::restore::exports::cofferdam::engine::restore::{Prepared, RestoreOptions};
pub use crate::bindings::services::cofferdam::engine::units::{Finding, Note, Source, Summary, Tally, Unit};
pub use crate::bindings::to_files::exports::cofferdam::engine::to_files::{File, FilesOptions, Layout, Part};

/// A database engine, and the instances of it.
pub trait Engine: 'static {
    /// What is there: the server's version and its databases.
    async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo>;

    /// Could this operation ("backup", "restore", "clone") work here? Changes nothing.
    async fn check(endpoint: &Endpoint, operation: String, options: Options) -> Result<Vec<Finding>>;

    /// Takes away whatever an operation left on the server. Runs in a fresh sandbox, after the operation's own is gone.
    async fn cleanup(endpoint: &Endpoint, operation_id: String) -> Result<Vec<Note>>;
}

/// An engine that makes backups.
pub trait Backup: Engine {
    /// Its sessions.
    type Session: BackupSession;
}

/// One session of a backup. The first leads: it plans and stays open until every unit is read. The others join it.
pub trait BackupSession: Sized + 'static {
    /// Opens the session that leads, and fixes the state that the backup shows.
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self>;

    /// Opens one more session on the same state; `token` is the plan's `join`.
    async fn join(source: Endpoint, _options: BackupOptions, _token: String) -> Result<Self> {
        drop(source);
        Err(Error::unsupported("this engine reads a backup in one session"))
    }

    /// The units and their order. Asked of the leader, once.
    async fn plan(&self) -> Result<Plan>;

    /// Every worker is in: the leader lets go of what only joining needed.
    async fn joined(&self) -> Result<()> {
        Ok(())
    }

    /// Is the state still good, and does the session stand in anyone's way?
    async fn alive(&self) -> Result<Vec<Note>>;

    /// Opens a unit's stream. Reads of one session may overlap, and become readable in the order in which they were
    /// called: the host takes them in that order. The error code "conflict" asks that the leader reads it.
    async fn read(&self, unit: Unit) -> Result<Reading>;

    /// What changed on the server since the plan.
    async fn close(&self) -> Result<Vec<Note>>;
}

/// An engine that restores backups.
pub trait Restore: Engine {
    /// Its sessions.
    type Session: RestoreSession;
}

/// The bytes of a unit on their way into the server.
pub type Data = StreamReader<u8>;

/// Whether the bytes that came were all of them: a stream alone can't tell its end from a failure.
pub type Complete = FutureReader<Result<()>>;

/// One session of a restore. The first leads, the others join it.
pub trait RestoreSession: Sized + 'static {
    /// Opens the session that leads.
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self>;

    /// Opens one more session; `token` is what the leader's `prepare` returned.
    async fn join(target: Endpoint, _options: RestoreOptions, _token: String) -> Result<Self> {
        drop(target);
        Err(Error::unsupported("this engine restores in one session"))
    }

    /// What would happen, and what would stop it. Changes nothing.
    async fn check(&self, source: Source) -> Result<Vec<Finding>>;

    /// Makes the target ready, and says which units are wanted and how workers find the target.
    async fn prepare(&self, source: Source) -> Result<Prepared>;

    /// Writes a unit. After an error nothing of it is there, and a repeated attempt never doubles it.
    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary>;

    /// Ends the session.
    async fn close(&self) -> Result<()>;

    /// By the leader, after every worker closed: makes the result visible.
    async fn finish(&self) -> Result<Vec<Note>>;
}

/// An engine whose server can copy a database by itself.
pub trait Clone: Engine {
    /// Copies `options.source` to `options.target`, if both endpoints are one server and it can; else changes nothing, and
    /// says why it can't.
    async fn clone(source: &Endpoint, target: &Endpoint, options: CloneOptions) -> Result<Cloned>;
}

/// An engine that makes its own files of a backup, for its own tools. It needs no server for that.
pub trait ToFiles: Engine {
    /// Which files there are, and what is in each.
    async fn lay_out(source: Source, options: FilesOptions) -> Result<Layout>;

    /// A unit's stream as it belongs into the file at `path`. See [`Reading::passed_on`] for one that goes in as it is.
    async fn convert(path: String, unit: Unit, data: Data, complete: Complete) -> Result<Reading>;
}

/// An engine that makes a backup of its own files. It needs no server for that.
pub trait FromFiles: Engine {
    /// Which of the files have to be seen for a plan. They are read whole, so they are the small ones.
    async fn describing(files: Vec<Found>) -> Result<Vec<String>>;

    /// The units that the files make.
    async fn recognise(files: Vec<Found>, described: Vec<Described>, options: Options) -> Result<FilesPlan>;

    /// A file's stream as it belongs into the unit. See [`Reading::passed_on`] for one that goes in as it is.
    async fn convert(unit: Unit, path: String, data: Data, complete: Complete) -> Result<Reading>;
}
