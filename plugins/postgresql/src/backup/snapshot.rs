//! The locks and the snapshot, in this order.
//!
//! A snapshot that is taken before its tables are locked sees a table that was truncated or rewritten in between as empty,
//! without any error. So the locks come first: LOCK TABLE takes no snapshot, and in REPEATABLE READ the first statement
//! that needs one does (PostgreSQL documentation 13.2.2). Afterwards the tables are listed again under the snapshot. If
//! one came, went or got another name in the meantime, all of it is done anew.

use super::lock_room::Room;
use crate::catalog::rows::Catalogue;
use crate::quote::qualified;
use crate::session::{LOCK_TIMEOUT, Session};
use cofferdam_sdk::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeSet;

const TABLES: &str = include_str!("locks.sql");
/// How often it is tried before the database counts as too restless.
const ATTEMPTS: usize = 10;
/// Tables that one statement locks.
const BATCH: usize = 500;

/// A table that is locked.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Table {
    oid: u32,
    schema: String,
    name: String,
}

impl Table {
    /// `"schema"."name"`.
    fn qualified(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

/// Begins the transaction that leads, with every table locked, and exports its snapshot. Tables are listed on `other`, so
/// that the transaction has no snapshot before it has its locks.
pub async fn lock_and_export(session: &Session, other: &Session) -> Result<String> {
    for _ in 0..ATTEMPTS {
        let before = list(other).await?;
        Room::read(other).await?.must_hold(before.len())?;
        session.connection.run(format!("{BEGIN}; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")).await?;
        if !lock(session, &before).await? {
            continue;
        }
        let snapshot = session.connection.value("SELECT pg_catalog.pg_export_snapshot()").await?;
        let snapshot = snapshot.ok_or_else(|| Error::corrupt("the server exported no snapshot"))?;
        if read_list(session).await? == before {
            session.connection.run(format!("SET LOCAL lock_timeout = 0; {SAVEPOINT}")).await?;
            return Ok(snapshot);
        }
        session.connection.run("ROLLBACK").await?;
    }
    Err(Error::conflict(format!(
        "tables were created, dropped or renamed during each of {ATTEMPTS} attempts to lock them"
    ))
    .with_hint("back up at a time when nobody changes the schema")
    .retryable())
}

/// How every transaction of a backup begins.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Where a session goes back to after a read that failed, so that its snapshot outlives it.
const SAVEPOINT: &str = "SAVEPOINT cofferdam_read";

/// Begins a transaction on an exported snapshot.
pub async fn join(session: &Session, snapshot: Option<&str>) -> Result<()> {
    let import =
        snapshot.map(|id| format!("SET TRANSACTION SNAPSHOT {};", crate::quote::literal(id))).unwrap_or_default();
    session.connection.run(format!("{BEGIN}; {import} SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; {SAVEPOINT}")).await?;
    Ok(())
}

/// The tables that there are now, by a transaction of its own.
async fn list(session: &Session) -> Result<BTreeSet<Table>> {
    session.connection.run("BEGIN READ ONLY").await?;
    let tables = read_list(session).await;
    session.connection.run("COMMIT").await?;
    tables
}

async fn read_list(session: &Session) -> Result<BTreeSet<Table>> {
    let catalogue = Catalogue::of(session);
    Ok(catalogue.rows::<Table>(TABLES).await?.into_iter().collect())
}

/// Locks the tables; false, and no transaction any more, if one of them has gone.
async fn lock(session: &Session, tables: &BTreeSet<Table>) -> Result<bool> {
    let names: Vec<String> = tables.iter().map(Table::qualified).collect();
    for batch in names.chunks(BATCH) {
        let lock = format!("LOCK TABLE ONLY {} IN ACCESS SHARE MODE", batch.join(", ONLY "));
        let Err(error) = session.connection.run(lock).await else { continue };
        session.connection.run("ROLLBACK").await?;
        return match error.engine_code.as_deref() {
            // Undefined table or schema: dropped or renamed since it was listed.
            Some("42P01" | "3F000") => Ok(false),
            // Out of shared memory.
            Some("53200") => {
                let room = Room::read(session).await?;
                Err(error.while_doing(format!("locking {} tables", names.len())).with_hint(room.hint(names.len())))
            }
            // Lock not available.
            Some("55P03") => Err(error.while_doing(format!("waiting {LOCK_TIMEOUT} for a lock on tables")).with_hint(
                "somebody changes a table or is waiting to; see pg_stat_activity, and try again after that",
            )),
            _ => Err(error.while_doing("locking tables")),
        };
    }
    Ok(true)
}

/// What a read's text has before its COPY: a new place to go back to, and a lock that isn't waited for. A queued
/// ACCESS EXCLUSIVE lock would let us wait for someone who waits for the leader.
pub fn before_read(table: Option<&str>) -> String {
    let lock = table.map(|table| format!("LOCK TABLE ONLY {table} IN ACCESS SHARE MODE NOWAIT;\n")).unwrap_or_default();
    format!("RELEASE {SAVEPOINT};\n{SAVEPOINT};\n{lock}")
}

/// Makes the session usable again after a read that failed.
pub async fn recover(session: &Session) -> Result<()> {
    session.connection.run(format!("ROLLBACK TO {SAVEPOINT}")).await?;
    Ok(())
}
