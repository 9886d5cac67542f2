//! The end: what was built gets its name.

use super::marker::Marker;
use super::neutral;
use super::roles::Roles;
use super::target::Target;
use crate::entry::Entry;
use crate::quote::{ident, literal};
use crate::session::{Session, application_name};
use cofferdam_sdk::engine::{Note, RestoreOptions};
use cofferdam_sdk::{Error, Result, time};

/// How often a rename is tried while sessions of ours are still closing, and how long it waits in between.
const ATTEMPTS: usize = 50;
const PAUSE_MILLISECONDS: u64 = 100;

/// Takes our marks away, if all units are in, and runs what was kept for the end. The database's comment goes in the same
/// transaction.
///
/// Units don't wait for the server's disk, so a crash of the server can take the last ones away after they were told to be
/// in. This transaction waits, and with it everything before it is on the disk (PostgreSQL documentation 28.4).
/// A copy that is to be neutral becomes so in the same transaction, when all that could act is there.
pub async fn unmark(
    session: &Session,
    target: &Target,
    marker: &Marker,
    options: &RestoreOptions,
) -> Result<Vec<Note>> {
    let done = marker.units_done(session).await?;
    if done != target.units {
        return Err(Error::corrupt(format!(
            "{done} of {} units are in: the server lost some, as after a crash",
            target.units
        ))
        .with_hint("restore again"));
    }
    session.connection.run("SET synchronous_commit = on").await?;
    let kept = marker.kept(session).await?;
    let failed = marker.failures_in_all(session).await?;
    let comment = format!("COMMENT ON DATABASE {} IS NULL", ident(&target.working));
    session.connection.run(format!("BEGIN; {}; {comment}", marker.drop_statement())).await?;
    for (object, statement) in kept {
        session.connection.run(statement).await.map_err(|error| error.while_doing(format!("making {object}")))?;
    }
    if failed > 0 {
        say_that_it_is_partial(session, target, &options.operation_id, failed).await?;
    }
    let notes = if options.neutral { neutral::within_transaction(session).await? } else { Vec::new() };
    session.connection.run("COMMIT").await?;
    Ok(notes)
}

/// Says in the database's own comment that it is partial: whoever finds it later saw no exit code.
async fn say_that_it_is_partial(session: &Session, target: &Target, operation_id: &str, failed: u64) -> Result<()> {
    let own = "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database()";
    let own = session.connection.value(own).await?.map(|own| format!("; {own}")).unwrap_or_default();
    let comment = format!("partial: cofferdam {operation_id} restored it without {failed} objects that failed{own}");
    session
        .connection
        .run(format!("COMMENT ON DATABASE {} IS {}", ident(&target.working), literal(&comment)))
        .await
        .map(drop)
}

/// Gives the database its name. Nobody may be connected to it, so this waits for our own sessions to end.
///
/// Its owner gets it in the same transaction: earlier, it might be no longer ours to rename.
pub async fn rename(maintenance: &Session, target: &Target, operation_id: &str) -> Result<Option<Note>> {
    let name = ident(&target.name);
    let (owner, note) = owner(maintenance, target).await?;
    let owner = owner.map(|owner| format!("; ALTER DATABASE {name} OWNER TO {}", ident(owner))).unwrap_or_default();
    let rename = format!("BEGIN; ALTER DATABASE {} RENAME TO {name}{owner}; COMMIT", ident(&target.working));
    let mut last = Error::internal("the database wasn't renamed");
    for attempt in 0..ATTEMPTS {
        match maintenance.connection.run(rename.clone()).await {
            Ok(_) => return Ok(note),
            // Object in use.
            Err(error) if error.has_engine_code("55006") => last = error,
            Err(error) => return Err(error.while_doing(format!("naming database {name}"))),
        }
        maintenance.connection.run("ROLLBACK").await?;
        if attempt == ATTEMPTS / 2 {
            end_sessions(maintenance, target, operation_id).await?;
        }
        time::sleep(PAUSE_MILLISECONDS).await;
    }
    Err(last.while_doing(format!("naming database {}", ident(&target.name))).with_hint(format!(
        "somebody is connected to {0}; end their session, then: ALTER DATABASE {0} RENAME TO {1}",
        ident(&target.working),
        ident(&target.name)
    )))
}

/// Who gets the database, and what to tell if that isn't whom it belonged to.
async fn owner<'a>(maintenance: &Session, target: &'a Target) -> Result<(Option<&'a str>, Option<Note>)> {
    let Some(owner) = target.owner.as_deref() else { return Ok((None, None)) };
    let roles = Roles::read(maintenance).await?;
    let mut entry = Entry::new(format!("DATABASE {}", ident(&target.name)), Vec::new());
    entry.owned_by(owner);
    let note = roles.notes(&entry).into_iter().next();
    Ok((Some(owner).filter(|_| note.is_none()), note))
}

/// Ends sessions of this operation that are still in the database.
async fn end_sessions(maintenance: &Session, target: &Target, operation_id: &str) -> Result<()> {
    let query = format!(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
         WHERE datname = {} AND application_name = {}",
        literal(&target.working),
        literal(&application_name(operation_id))
    );
    maintenance.connection.rows(query).await.map(drop)
}
