//! Restores: one session makes the target ready and shows it at the end, all of them write units.

mod check;
mod definitions;
mod finish;
mod marker;
mod prepare;
mod roles;
mod session;
mod source;
mod target;

pub use session::Restore;
pub use target::{WORKING_INFIX, restoring_comment};
