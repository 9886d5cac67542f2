//! A table's rows.

use super::snapshot;
use crate::quote::{idents, qualified};
use crate::session::Session;
use crate::table::Table;
use cofferdam_sdk::engine::{Summary, Unit};
use cofferdam_sdk::{Error, Reading, Result};
use std::rc::Rc;

/// Opens the stream of a table's rows, in the database's own encoding.
pub async fn read(session: Rc<Session>, unit: &Unit, encoding: &str, leader: bool) -> Result<Reading> {
    let table = Table::of(unit)?;
    let name = qualified(&table.schema, &table.name);
    let columns = if table.columns.is_empty() { String::new() } else { format!(" ({})", idents(&table.columns)) };
    let rows = match &table.condition {
        Some(condition) => format!("(SELECT {} FROM ONLY {name} {condition})", idents(&table.columns)),
        None => format!("{name}{columns}"),
    };
    let sql = format!("{}COPY {rows} TO STDOUT (ENCODING '{encoding}')", snapshot::before_read(&name, leader));
    match session.connection.copy_out(sql.into_bytes()).await {
        Ok((data, done)) => Ok(Reading::new(data, async move {
            match done.await {
                Ok(rows) => Ok(Summary { rows: Some(rows), ..Summary::default() }),
                Err(error) => Err(after(&session, &name, error).await),
            }
        })),
        Err(error) => Err(after(&session, &name, error).await),
    }
}

/// The error of a read, once the session is usable again.
async fn after(session: &Session, table: &str, error: Error) -> Error {
    if let Err(lost) = snapshot::recover(session).await {
        return lost.while_doing(format!("after a failed read of table {table} ({})", error.message));
    }
    let error = error.while_doing(format!("reading table {table}"));
    match error.engine_code.as_deref() {
        // Lock not available: the leader has its lock already.
        Some("55P03") => Error { code: "conflict".to_owned(), retryable: true, ..error },
        // In a failed transaction: another read failed just before this one began.
        Some("25P02") => error.retryable(),
        _ => error,
    }
}
