//! Rows of a catalogue query as Rust values.
//!
//! The server makes a JSON object of each row, so that columns go by their names, and NULLs, booleans and arrays need no
//! parser of ours. A cursor keeps a large catalogue below the host's limit for one result. Queries may be asked side by side:
//! the server answers one after the other, and none waits for what we make of the one before it.

use crate::session::Session;
use crate::version::Version;
use cofferdam_sdk::postgres::{Connection, Rows};
use cofferdam_sdk::{Error, Result, lossless};
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that are fetched at once.
const BATCH: usize = 2000;
/// Cursors so far: a transaction may have several.
static CURSORS: AtomicU64 = AtomicU64::new(0);

/// The catalogue of one database, read in the transaction that the connection is in.
#[derive(Clone, Copy)]
pub struct Catalogue<'a> {
    /// The connection; it must be inside of a transaction.
    pub connection: &'a Connection,
    /// The server's version, by which the queries are assembled.
    pub version: Version,
}

impl<'a> Catalogue<'a> {
    /// The catalogue of the session's database.
    pub fn of(session: &'a Session) -> Self {
        Self { connection: &session.connection, version: session.version }
    }

    /// All rows of a query from a `.sql` file.
    pub async fn rows<T: DeserializeOwned>(self, sql: &str) -> Result<Vec<T>> {
        let query = self.version.assemble(sql);
        let name = query.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect::<String>();
        let cursor = format!("cofferdam_{}", CURSORS.fetch_add(1, Ordering::Relaxed));
        let fetch = format!("FETCH {BATCH} FROM {cursor}");
        let open = format!(
            "DECLARE {cursor} NO SCROLL CURSOR FOR SELECT pg_catalog.row_to_json(q)::text FROM (\n{query}) AS q;\n{fetch}"
        );
        let mut values = Vec::new();
        let mut batch =
            self.connection.rows(open).await.map_err(|e| e.while_doing(format!("catalogue query {name}")))?;
        loop {
            let full = batch.len() == BATCH;
            parse(batch, &mut values)?;
            if !full {
                break;
            }
            batch = self.connection.rows(fetch.as_str()).await?;
        }
        self.connection.run(format!("CLOSE {cursor}")).await?;
        Ok(values)
    }
}

/// All rows of a query from a `.sql` file, in one answer and without a cursor: for few rows, on a session that needn't be in
/// a transaction or has other statements under way.
pub async fn at_once<T: DeserializeOwned>(session: &Session, sql: &str) -> Result<Vec<T>> {
    let query = session.version.assemble(sql);
    let rows = session.connection.rows(format!("SELECT pg_catalog.row_to_json(q)::text FROM (\n{query}) AS q")).await?;
    let mut values = Vec::with_capacity(rows.len());
    parse(rows, &mut values)?;
    Ok(values)
}

fn parse<T: DeserializeOwned>(rows: Rows, values: &mut Vec<T>) -> Result<()> {
    for row in rows {
        let cell = row.into_iter().next().flatten().unwrap_or_default();
        values.push(serde_json::from_str(&lossless::text(cell)).map_err(|error| {
            // serde's message may quote a value of the row; names and definitions are all there is in a catalogue.
            Error::corrupt(format!("a row of the catalogue isn't what it must be: {error}"))
        })?);
    }
    Ok(())
}
