//! The conformance kit, `plugin test`: engines that do as they should hold every check, on real servers, and a lie is found by
//! the check that is there for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod kit;
mod lies;
mod servers;
