//! Restores: one session makes the target ready and shows it at the end, all of them write units.

mod check;
mod definitions;
mod finish;
mod labels;
mod large_objects;
mod locale;
mod marker;
mod neutral;
mod prepare;
mod roles;
mod session;
mod source;
mod tablespaces;
mod target;

pub use finish::rename;
pub use neutral::neutralize;
pub use roles::Roles;
pub use session::Restore;
pub use source::Facts;
pub use target::{Target, WORKING_INFIX, exists, restoring_comment};
