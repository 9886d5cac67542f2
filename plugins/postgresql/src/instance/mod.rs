//! The instance as a whole.

mod check;
mod check_backup;
mod cleanup;
mod inspect;

pub use check::check;
pub use cleanup::cleanup;
pub use inspect::inspect;
