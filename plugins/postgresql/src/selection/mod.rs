//! Choosing objects by `--only` and `--except`, with what they need.
//!
//! What was excepted stays out, and with it whatever can't be made without it; that is told. What chosen objects need
//! comes along, whole, and is told too.

mod chosen;
mod contents;
mod survey;

pub use chosen::Chosen;
pub use contents::{Contents, LARGE_OBJECTS};
pub use survey::Survey;
