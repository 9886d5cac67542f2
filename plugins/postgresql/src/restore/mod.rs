//! Restores: one session makes the target ready and shows it at the end, all of them write units.

mod append;
mod check;
mod definitions;
mod exchange;
mod failure;
mod finish;
mod kept;
mod labels;
pub mod large_objects;
mod locale;
mod long_rows;
mod marker;
mod means;
mod neutral;
mod one_by_one;
mod prepare;
mod rename;
mod replace;
mod rights;
mod roles;
mod scope;
mod session;
mod source;
mod strangers;
mod tablespaces;
mod target;
mod way;
mod wishes;

pub use finish::rename;
pub use labels::MissingProviders;
pub use neutral::neutralize;
pub use roles::{Made, Roles};
pub use session::Restore;
pub use source::Facts;
pub use target::{Target, WORKING_INFIX, exists, restoring_comment};
