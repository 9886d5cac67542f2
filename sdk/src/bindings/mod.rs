//! What `wit-bindgen` makes of the contract in `wit/`.
//!
//! One module a capability, each with a world that exports that capability's interface and nothing else, so that a
//! component exports only what its author implements. They share the services' types.
#![allow(missing_docs, reason = "generated; the documentation is in the WIT files")]

pub mod backup;
pub mod clone;
pub mod from_files;
pub mod instance;
pub mod mongodb;
pub mod restore;
pub mod services;
pub mod to_files;
