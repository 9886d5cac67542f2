//! Restores: a database filled beside its name, unit by unit, each with a mark that says that it is there. At the end its
//! tables get their place in one statement, and what hangs on the database's name is made there.

mod check;
mod finish;
mod make;
mod marker;
mod rows;
mod session;

pub use marker::cleanup;
pub use session::Session;
