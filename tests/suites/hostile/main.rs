//! Plugins that attack: each fails with an error that says why, within its limits, and the process goes on.
//!
//! `docs/security.md` says which promise is held by which test. Fixtures are small modules in WebAssembly's text format
//! (`tests/components/`); what they leave out of the contract is added by [`component`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod addresses;
mod component;
mod denial;
mod files;
mod host;
mod lies;
mod logins;
mod memory;
mod mongodb;
mod names;
mod neighbours;
mod panics;
mod redirects;
mod secrets;
mod streams;
mod system;
mod text;
mod time;
