//! The service that speaks PostgreSQL's protocol, with SQL as text. What isn't UTF-8 in the answers is text too, see
//! [`lossless`](crate::lossless), and is the same bytes again in a statement.

use crate::{Error, Result, lossless};
use std::borrow::Cow;

#[cfg(target_family = "wasm")]
pub use crate::bindings::services::cofferdam::postgres::postgres::Connection;
pub use crate::bindings::services::cofferdam::postgres::postgres::{Cell, Outcome};
#[cfg(not(target_family = "wasm"))]
pub use crate::native::postgres::Connection;

/// Rows as the server sent them.
pub type Rows = Vec<Vec<Cell>>;

impl Connection {
    /// Runs statements that return nothing.
    ///
    /// # Errors
    /// What the server said, with its SQLSTATE as the engine code.
    pub async fn run(&self, sql: impl Into<String>) -> Result<Outcome> {
        self.execute(statement(sql.into())).await
    }

    /// The rows of the last statement that returns any.
    ///
    /// # Errors
    /// What the server said.
    pub async fn rows(&self, sql: impl Into<String>) -> Result<Rows> {
        self.query(statement(sql.into())).await
    }

    /// The first column of every row, as text.
    ///
    /// # Errors
    /// What the server said; "corrupt" if a cell is NULL.
    pub async fn column(&self, sql: impl Into<String>) -> Result<Vec<String>> {
        self.rows(sql).await?.into_iter().map(|row| text(row.into_iter().next().flatten())).collect()
    }

    /// The first column of the first row, none if there is no row or it is NULL.
    ///
    /// # Errors
    /// What the server said.
    pub async fn value(&self, sql: impl Into<String>) -> Result<Option<String>> {
        let cell = self.rows(sql).await?.into_iter().next().and_then(|row| row.into_iter().next().flatten());
        Ok(cell.map(lossless::text))
    }
}

fn text(cell: Cell) -> Result<String> {
    let bytes = cell.ok_or_else(|| Error::corrupt("the server sent NULL where a value must be"))?;
    Ok(lossless::text(bytes))
}

/// A statement's text as the server gets it.
#[must_use]
pub fn statement(sql: String) -> Vec<u8> {
    match lossless::bytes(&sql) {
        Cow::Owned(bytes) => bytes,
        Cow::Borrowed(_) => sql.into_bytes(),
    }
}
