//! Restores: a database filled unit by unit, each with a mark that says that it is there.

mod marker;
mod rows;
mod session;

pub use marker::cleanup;
pub use session::Session;
