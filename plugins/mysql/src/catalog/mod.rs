//! What is in a database, from its own `SHOW` statements and `information_schema`.

pub mod census;
mod columns;
pub mod grants;
mod programs;
mod relations;

pub use columns::{Columns, columns};
pub use programs::{Program, programs, views};
pub use relations::{Database, Relation, database, definition, is_empty, relations};

use cofferdam_sdk::Result;

use crate::session::Rows;

/// Rows as text; NULL is empty.
fn texts(rows: Rows) -> Result<Vec<Vec<String>>> {
    let text = |value: Option<Vec<u8>>| Ok(String::from_utf8(value.unwrap_or_default())?);
    rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}
