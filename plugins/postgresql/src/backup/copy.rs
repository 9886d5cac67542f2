//! A table's rows.

use super::{recovery, snapshot};
use crate::quote::{idents, qualified};
use crate::session::Session;
use crate::table::Table;
use cofferdam_sdk::engine::{Summary, Unit};
use cofferdam_sdk::postgres::statement;
use cofferdam_sdk::{Error, Reading, Result};
use std::rc::Rc;

/// Opens the stream of a table's rows, in the database's own encoding.
pub async fn read(session: Rc<Session>, unit: &Unit, leader: bool) -> Result<Reading> {
    let table = Table::of(unit)?;
    let name = qualified(&table.schema, &table.name);
    let columns = if table.columns.is_empty() { String::new() } else { format!(" ({})", idents(&table.columns)) };
    let rows = match table.condition.clone().or_else(|| table.pages.condition()) {
        Some(condition) => format!("(SELECT {} FROM ONLY {name} {condition})", idents(&table.columns)),
        None => format!("{name}{columns}"),
    };
    // The leader holds its locks already.
    let lock = (!leader).then(|| name.clone());
    let copy = format!("COPY {rows} TO STDOUT (ENCODING '{}')", session.encoding);
    stream(session, format!("table {name}"), lock, copy).await
}

/// Opens the stream of a COPY. `what` it reads is told in errors, and `lock` is the table to lock before.
pub async fn stream(session: Rc<Session>, what: String, lock: Option<String>, sql: String) -> Result<Reading> {
    let sql = format!("{}{sql}", snapshot::before_read(lock.as_deref()));
    let copying = session.copying();
    match session.connection.copy_out(statement(sql)).await {
        Ok((data, done)) => Ok(Reading::new(data, async move {
            let done = done.await;
            drop(copying);
            match done {
                Ok(rows) => Ok(Summary { rows: Some(rows), ..Summary::default() }),
                Err(error) => Err(after(&session, &what, error).await),
            }
        })),
        Err(error) => Err(after(&session, &what, error).await),
    }
}

/// The error of a read, once the session is usable again.
pub async fn after(session: &Session, what: &str, error: Error) -> Error {
    let error = recovery::explained(error);
    if error.code == "unreachable" {
        return error.while_doing(format!("reading {what}"));
    }
    if let Err(lost) = snapshot::recover(session).await {
        return lost.while_doing(format!("after a failed read of {what} ({})", error.message));
    }
    let error = error.while_doing(format!("reading {what}"));
    match error.engine_code.as_deref() {
        // Lock not available: the leader has its lock already.
        Some("55P03") => Error { code: "conflict".to_owned(), retryable: true, ..error },
        // In a failed transaction: another read failed just before this one began.
        Some("25P02") => error.retryable(),
        _ => error,
    }
}
