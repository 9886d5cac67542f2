//! Whole-system tests: servers that start and stop by themselves, the `cofferdam` program as a user runs it, and
//! comparisons made with tools that aren't ours.
//!
//! ```no_run
//! use cofferdam_tests::servers::{Major, Postgresql};
//!
//! # fn main() -> cofferdam_tests::error::Result<()> {
//! let server = Postgresql::start(Major::V15)?;
//! assert_eq!(server.sql("postgres", "SELECT 1 + 1")?, "2\n");
//! # Ok(()) // the server is gone when it goes out of scope
//! # }
//! ```
#![deny(missing_docs)]

pub mod cofferdam;
pub mod command;
pub mod compare;
pub mod doubles;
pub mod error;
pub mod failure;
pub mod files;
pub mod memory_limit;
pub mod mongodb;
pub mod mount;
pub mod pymongo;
pub mod servers;
pub mod signed;
