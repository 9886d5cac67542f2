//! Restores: collections are filled under names of their own, and get theirs at the end.

mod access;
mod catch_up;
mod check;
mod collections;
mod finish;
mod journal;
mod place;
mod rename;
mod session;

pub use journal::Journal;
pub use session::Restore;
