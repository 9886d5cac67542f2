//! Whatever an operation left behind, taken away.

use crate::backup::units::note;
use crate::quote::{ident, literal};
use crate::restore::{WORKING_INFIX, restoring_comment};
use crate::session::{Session, application_name};
use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Endpoint, Error, Result, time};

/// How often is looked whether the operation's sessions have ended, and how long is waited in between.
const LOOKS: usize = 100;
const PAUSE_MILLISECONDS: u64 = 100;

/// Ends the operation's sessions, drops the database that it was building, and empties the one that it was filling.
pub async fn cleanup(endpoint: &Endpoint, operation_id: &str) -> Result<Vec<Note>> {
    let plain = operation_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    // A part of an id would match other operations, an empty one all of them.
    if operation_id.len() < 8 || !plain {
        return Err(Error::invalid_options(format!("{operation_id:?} isn't an operation's id")));
    }
    let session = Session::open(endpoint, None, "cleanup").await?;
    let mut notes = end_sessions(&session, operation_id).await?;
    let ending = literal(&format!("{WORKING_INFIX}{operation_id}"));
    let built = format!("SELECT datname FROM pg_catalog.pg_database WHERE right(datname, length({ending})) = {ending}");
    for database in session.connection.column(built).await? {
        drop_subscriptions(endpoint, &session, &database).await?;
        // A template can't be dropped.
        session.connection.run(format!("ALTER DATABASE {} IS_TEMPLATE false", ident(&database))).await?;
        session.connection.run(format!("DROP DATABASE {} WITH (FORCE)", ident(&database))).await?;
        notes.push(note(
            "changed",
            format!("DATABASE {}", ident(&database)),
            "dropped: the operation made it for itself, or didn't come to its end",
        ));
    }
    let filled = format!(
        "SELECT d.datname FROM pg_catalog.pg_database AS d
         WHERE pg_catalog.shobj_description(d.oid, 'pg_database') = {}",
        literal(&restoring_comment(operation_id))
    );
    for database in session.connection.column(filled).await? {
        empty(endpoint, &database).await?;
        notes.push(note(
            "changed",
            format!("DATABASE {}", ident(&database)),
            "emptied: the restore didn't come to its end",
        ));
    }
    Ok(notes)
}

/// A database with subscriptions can't be dropped. Those of a copy never had a slot of their own, so the publisher's is
/// left alone.
async fn drop_subscriptions(endpoint: &Endpoint, session: &Session, database: &str) -> Result<()> {
    let query = format!(
        "SELECT s.subname FROM pg_catalog.pg_subscription AS s
         JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = {}",
        literal(database)
    );
    let names = session.connection.column(query).await?;
    if names.is_empty() {
        return Ok(());
    }
    let inside = Session::open(endpoint, Some(database.to_owned()), "cleanup").await?;
    for name in names.iter().map(|name| ident(name)) {
        let alter = format!("ALTER SUBSCRIPTION {name}");
        inside.connection.run(format!("{alter} DISABLE; {alter} SET (slot_name = NONE)")).await?;
        inside.connection.run(format!("DROP SUBSCRIPTION {name}")).await?;
    }
    Ok(())
}

async fn end_sessions(session: &Session, operation_id: &str) -> Result<Vec<Note>> {
    // What ends a session stands in the list of results: among the conditions the planner may put it first, and then it
    // ends every session of the server.
    let query = format!(
        "SELECT pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
         WHERE application_name = {} AND pid <> pg_catalog.pg_backend_pid()",
        literal(&application_name(operation_id))
    );
    let ended = session.connection.column(query).await?;
    // One that is making a database right now may come to its end before it notices.
    let gone = format!(
        "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE application_name = {} LIMIT 1",
        literal(&application_name(operation_id))
    );
    for _ in 0..LOOKS {
        if session.connection.value(gone.clone()).await?.is_none() {
            break;
        }
        time::sleep(PAUSE_MILLISECONDS).await;
    }
    Ok(ended.into_iter().map(|process| note("changed", format!("process {process}"), "ended")).collect())
}

/// The schema `public` as new databases have it.
const PUBLIC: &str = "
CREATE SCHEMA public;
COMMENT ON SCHEMA public IS 'standard public schema';
ALTER SCHEMA public OWNER TO pg_database_owner; -- from 15
GRANT USAGE ON SCHEMA public TO PUBLIC; -- from 15
GRANT ALL ON SCHEMA public TO PUBLIC; -- until 14
";

/// Takes everything out of a database that was empty before the restore began.
async fn empty(endpoint: &Endpoint, database: &str) -> Result<()> {
    let session = Session::open(endpoint, Some(database.to_owned()), "cleanup").await?;
    let statements = session.connection.column(session.version.assemble(include_str!("empty.sql"))).await?;
    let name = ident(database);
    let text = format!(
        "BEGIN;\n{};\n{};\nALTER DATABASE {name} RESET ALL;\nCOMMENT ON DATABASE {name} IS NULL;\nCOMMIT",
        statements.join(";\n"),
        session.version.assemble(PUBLIC).trim_end().trim_end_matches(';')
    );
    session
        .connection
        .run(text)
        .await
        .map(drop)
        .map_err(|e| e.while_doing(format!("emptying database {}", ident(database))))
}
