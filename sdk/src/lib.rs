//! Write a Cofferdam engine plugin.
//!
//! A plugin says what an engine's objects are, in which order they go back, and what a consistent copy of them means. The
//! host moves the bytes and keeps the secrets: a plugin gets an [`Endpoint`] and asks a service to connect to it.
//!
//! Implement [`engine::Engine`], and of [`engine::Backup`], [`engine::Restore`] and [`engine::Clone`] what the engine can
//! do, and name them in [`export!`]:
//!
//! ```ignore
//! struct Postgresql;
//!
//! impl Engine for Postgresql { /* inspect, check, cleanup */ }
//! impl Backup for Postgresql { type Session = backup::Session; }
//!
//! cofferdam_sdk::export!(Postgresql: backup);
//! ```
//!
//! The target is `wasm32-unknown-unknown`, so that a component imports the services that it uses and nothing else. On every
//! other target the services are fakes, for unit tests: see `testing`.
#![deny(missing_docs)]
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

pub mod bindings;
pub mod engine;
mod error;
mod export;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod lines;
mod lock;
pub mod lossless;
pub mod mongodb;
#[cfg(not(target_family = "wasm"))]
mod native;
pub mod options;
#[cfg(target_family = "wasm")]
mod panic;
pub mod pattern;
#[cfg(target_family = "wasm")]
mod plugin;
pub mod postgres;
mod reading;
pub mod report;
mod streams;
pub mod tcp;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use bindings::services::cofferdam::host::endpoint::ConnectionInfo;
#[cfg(target_family = "wasm")]
pub use bindings::services::cofferdam::host::{endpoint::Endpoint, random, time};
pub use error::{Error, Result};
pub use futures::future::{join_all, try_join};
pub use lines::Lines;
pub use lock::Mutex;
#[cfg(not(target_family = "wasm"))]
pub use native::instance::Endpoint;
pub use options::Options;
#[cfg(target_family = "wasm")]
pub use plugin::{BackupAdapter, Plugin, RestoreAdapter};
pub use reading::{Reading, Writer};
pub use streams::{FutureReader, StreamReader, StreamResult, spawn_local};

/// The fake of the host's clock; see [`testing::run`].
#[cfg(not(target_family = "wasm"))]
pub mod time {
    pub use crate::native::run::{now, sleep};
}

/// The fake of the host's random bytes.
#[cfg(not(target_family = "wasm"))]
pub mod random {
    pub use crate::native::run::bytes;
}
