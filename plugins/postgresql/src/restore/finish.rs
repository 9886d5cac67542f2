//! The end: what was built gets its name.

use super::marker::Marker;
use super::target::Target;
use crate::quote::{ident, literal};
use crate::session::{Session, application_name};
use cofferdam_sdk::{Error, Result, time};

/// How often a rename is tried while sessions of ours are still closing, and how long it waits in between.
const ATTEMPTS: usize = 50;
const PAUSE_MILLISECONDS: u64 = 100;

/// Statements that disable event triggers, and that enable them again as they were.
const DISABLE: &str = "pg_catalog.format('ALTER EVENT TRIGGER %I DISABLE', evtname)";
const ENABLE: &str = "pg_catalog.format('ALTER EVENT TRIGGER %I ENABLE%s', evtname,
    CASE evtenabled WHEN 'R' THEN ' REPLICA' WHEN 'A' THEN ' ALWAYS' ELSE '' END)";
const ENABLED_TRIGGERS: &str = "FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' ORDER BY evtname";

/// Takes our marks away, if all units are in. The database's comment goes in the same transaction.
///
/// Units don't wait for the server's disk, so a crash of the server can take the last ones away after they were told to be
/// in. This transaction waits, and with it everything before it is on the disk (PostgreSQL documentation 28.4).
pub async fn unmark(session: &Session, target: &Target, marker: &Marker) -> Result<()> {
    let done = marker.units_done(session).await?;
    if done != target.units {
        return Err(Error::corrupt(format!(
            "{done} of {} units are in: the server lost some, as after a crash",
            target.units
        ))
        .with_hint("restore again"));
    }
    session.connection.run("SET synchronous_commit = on").await?;
    // The source's event triggers are there by now, and it isn't their business how our marks go.
    let disable = session.connection.column(format!("SELECT {DISABLE} {ENABLED_TRIGGERS}")).await?;
    let enable = session.connection.column(format!("SELECT {ENABLE} {ENABLED_TRIGGERS}")).await?;
    let drop_marks = marker.drop_statement();
    let comment = format!("COMMENT ON DATABASE {} IS NULL", ident(&target.working));
    let statements = disable.into_iter().chain([drop_marks, comment]).chain(enable).collect::<Vec<_>>().join("; ");
    session.connection.run(format!("BEGIN; {statements}; COMMIT")).await.map(drop)
}

/// Gives the database its name. Nobody may be connected to it, so this waits for our own sessions to end.
pub async fn rename(maintenance: &Session, target: &Target, operation_id: &str) -> Result<()> {
    if target.is_in_place() {
        return Ok(());
    }
    let rename = format!("ALTER DATABASE {} RENAME TO {}", ident(&target.working), ident(&target.name));
    let mut last = Error::internal("the database wasn't renamed");
    for attempt in 0..ATTEMPTS {
        match maintenance.connection.run(rename.clone()).await {
            Ok(_) => return Ok(()),
            // Object in use.
            Err(error) if error.has_engine_code("55006") => last = error,
            Err(error) => return Err(error.while_doing(format!("naming database {}", ident(&target.name)))),
        }
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
