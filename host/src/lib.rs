//! Cofferdam.

pub mod error;
pub mod secrets;
