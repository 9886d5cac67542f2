//! The service that speaks PostgreSQL's protocol, with SQL as text.

use crate::{Error, Result};

pub use crate::bindings::services::cofferdam::postgres::postgres::{Cell, Connection, Outcome};

/// Rows as the server sent them.
pub type Rows = Vec<Vec<Cell>>;

impl Connection {
    /// Runs statements that return nothing.
    ///
    /// # Errors
    /// What the server said, with its SQLSTATE as the engine code.
    pub async fn run(&self, sql: impl Into<String>) -> Result<Outcome> {
        self.execute(sql.into().into_bytes()).await
    }

    /// The rows of the last statement that returns any.
    ///
    /// # Errors
    /// What the server said.
    pub async fn rows(&self, sql: impl Into<String>) -> Result<Rows> {
        self.query(sql.into().into_bytes()).await
    }

    /// The first column of every row, as text.
    ///
    /// # Errors
    /// What the server said; "corrupt" if a cell is NULL or isn't UTF-8.
    pub async fn column(&self, sql: impl Into<String>) -> Result<Vec<String>> {
        self.rows(sql).await?.into_iter().map(|row| text(row.into_iter().next().flatten())).collect()
    }

    /// The first column of the first row, none if there is no row or it is NULL.
    ///
    /// # Errors
    /// What the server said; "corrupt" if it isn't UTF-8.
    pub async fn value(&self, sql: impl Into<String>) -> Result<Option<String>> {
        let cell = self.rows(sql).await?.into_iter().next().and_then(|row| row.into_iter().next().flatten());
        cell.map(String::from_utf8).transpose().map_err(Error::from)
    }
}

fn text(cell: Cell) -> Result<String> {
    let bytes = cell.ok_or_else(|| Error::corrupt("the server sent NULL where a value must be"))?;
    Ok(String::from_utf8(bytes)?)
}
