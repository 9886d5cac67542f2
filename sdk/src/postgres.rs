//! The service that speaks PostgreSQL's protocol, with SQL as text. What isn't UTF-8 in the answers is text too, see
//! [`lossless`](crate::lossless), and is the same bytes again in a statement.

use crate::reading::Writer;
use crate::{Error, Result, lossless, streams};
use futures::future::join;
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

    /// COPY ... FROM STDIN of bytes that the plugin makes itself: `produce` writes them. Gives the rows that the server took,
    /// and what `produce` said.
    ///
    /// # Errors
    /// The failure of `produce`, and then nothing is copied; else what the server said.
    pub async fn copy_in_produced<T, P>(
        &self,
        sql: impl Into<String>,
        produce: impl FnOnce(Writer) -> P,
    ) -> Result<(u64, T)>
    where
        P: Future<Output = Result<T>>,
    {
        let (writer, data) = streams::stream();
        let (complete, completed) = streams::completion();
        let producing = produce(Writer::new(writer));
        let producing = async {
            let produced = producing.await;
            // An error here means that the server has failed, and says so itself.
            let _ = complete.write(produced.as_ref().map(drop).map_err(Error::clone)).await;
            produced
        };
        match join(self.copy_in(statement(sql.into()), data, completed), producing).await {
            // Nobody takes the bytes any more: the server's failure is the cause.
            (Err(error), Err(produced)) if produced.code == "cancelled" => Err(error),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(rows), Ok(produced)) => Ok((rows, produced)),
        }
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
