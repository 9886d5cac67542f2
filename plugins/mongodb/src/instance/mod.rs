//! Looking at a server.

mod check;
mod cleanup;
mod inspect;

pub use check::check;
pub use cleanup::cleanup;
pub use inspect::inspect;
