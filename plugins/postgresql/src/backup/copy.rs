//! A table's rows.

use super::{recovery, snapshot};
use crate::quote::{ident, idents, literal, qualified};
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
    let rows = match &table.condition {
        Some(condition) => format!("(SELECT {} FROM ONLY {name} {condition})", idents(&table.columns)),
        None => format!("{name}{columns}"),
    };
    // The leader holds its locks already.
    let lock = (!leader).then(|| name.clone());
    let copy = format!("COPY {rows} TO STDOUT (ENCODING '{}')", session.encoding);
    stream(session, format!("table {name}"), lock, copy, largest(&table)).await
}

/// The query for the largest value of what a unit reads, and where it is; none without columns.
fn largest(table: &Table) -> Option<String> {
    let size = |name: &String| format!("({}, pg_catalog.pg_column_size({}))", literal(name), ident(name));
    let sizes = table.columns.iter().map(size).collect::<Vec<_>>().join(", ");
    let (name, condition) = (qualified(&table.schema, &table.name), table.condition.as_deref().unwrap_or_default());
    let columns = idents(&table.columns);
    (!table.columns.is_empty()).then(|| {
        format!(
            "SELECT pg_catalog.format('column %I of the row at ctid %s', v.cofferdam_name, r.cofferdam_place)
             FROM (SELECT ctid AS cofferdam_place, {columns} FROM ONLY {name} {condition}) AS r
             CROSS JOIN LATERAL (VALUES {sizes}) AS v (cofferdam_name, cofferdam_size)
             ORDER BY v.cofferdam_size DESC NULLS LAST LIMIT 1"
        )
    })
}

/// Opens the stream of a COPY. `what` it reads is told in errors, `lock` is the table to lock before, and `largest` the query
/// for the value that is told where the server can't make a row's text.
pub async fn stream(
    session: Rc<Session>,
    what: String,
    lock: Option<String>,
    sql: String,
    largest: Option<String>,
) -> Result<Reading> {
    let sql = format!("{}{sql}", snapshot::before_read(lock.as_deref()));
    let copying = session.copying();
    match session.connection.copy_out(statement(sql)).await {
        Ok((data, done)) => Ok(Reading::new(data, async move {
            let done = done.await;
            drop(copying);
            match done {
                Ok(rows) => Ok(Summary { rows: Some(rows), ..Summary::default() }),
                Err(error) => {
                    let refused = is_too_long(&error);
                    let error = after(&session, &what, error).await;
                    Err(if refused { with_largest(&session, too_long(error), largest).await } else { error })
                }
            }
        })),
        Err(error) => Err(after(&session, &what, error).await),
    }
}

/// Whether the server can't make a text since it would have more than 1 GB: "program limit exceeded" of a buffer that would
/// grow beyond that, and an internal error where the memory for it is asked for at once.
fn is_too_long(error: &Error) -> bool {
    let asked = error.has_engine_code("XX000") && error.message.contains("invalid memory alloc request size");
    asked || error.has_engine_code("54000")
}

/// The error, with its cause if it is that a text would be too long.
pub fn too_long(error: Error) -> Error {
    if !is_too_long(&error) || error.hint.is_some() {
        return error;
    }
    error.while_doing("a text of more than 1 GB, which no server makes").with_hint(
        "rows are read in pieces from --set long-row=SIZE on, a value that is neither bytea nor text only whole: choose less \
         than is set, or leave the table out with --except",
    )
}

/// The error, with the value that is probably the one.
async fn with_largest(session: &Session, error: Error, largest: Option<String>) -> Error {
    let Some(query) = largest else { return error };
    match session.connection.value(query).await {
        Ok(Some(value)) => error.while_doing(format!("the largest value is in {value}")),
        _ => error,
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
