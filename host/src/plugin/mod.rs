//! Plugins: from a file's bytes to calls into a sandbox.

pub mod about;
mod admit;
mod backup;
pub mod build;
mod capability;
mod clone;
mod convert;
mod from_files;
mod handing;
mod instance;
mod limits;
pub mod new;
pub mod package;
pub mod permission;
mod python;
mod restore;
mod runtime;
mod sandbox;
mod to_files;
pub mod wasi;

pub use admit::{Candidate, Inspection, LARGEST, Plugin};
pub use backup::{BackupOptions, BackupSession, Plan, Reading};
pub use capability::Capability;
pub use clone::{CloneOptions, Cloned};
pub use convert::{Counts, Finding, Note, Options, Summary, Tally, Unit};
pub use from_files::{Found, Made, Recognised};
pub use instance::{DatabaseInfo, InstanceInfo};
pub use limits::Limits;
pub use restore::{Prepared, RestoreOptions, RestoreSession, Source};
pub use runtime::Runtime;
pub use sandbox::Sandbox;
pub use to_files::{FilesOptions, LaidOut, Layout, Part};
