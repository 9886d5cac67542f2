//! Putting a new database in the place of one that is there.
//!
//! The names are swapped in one transaction, so that whoever connects finds the old one or the new one, never none. What
//! is replaced is the content: owner, privileges, limit, comment and settings of the name stay those that it had.

use super::check::finding;
use super::kept::{self, Namespace};
use super::target::{Target, with_suffix};
use super::wishes::Wishes;
use crate::backup::units::note;
use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::engine::{Finding, Note};
use cofferdam_sdk::{Endpoint, Error, Result, join_all, time};
use std::cell::Cell;
use std::pin::Pin;

const TRAITS: &str = include_str!("traits.sql");
const LEFT_BEHIND: &str = include_str!("left_behind.sql");

/// How often a swap is tried while somebody is connected. The server itself waits five seconds for them each time.
const ATTEMPTS: usize = 6;
const PAUSE_MILLISECONDS: u64 = 200;
/// Sessions of clients; the server ends its own by itself. Of others' sessions a role may not see the kind.
const CLIENTS: &str = "coalesce(backend_type, 'client backend') IN ('client backend', 'walsender')";
/// Sessions that are named before the others are only counted.
const NAMED: usize = 10;

/// What stands against replacing a database, looked at before anything is changed.
pub async fn check(maintenance: &Session, name: &str, wishes: &Wishes) -> Result<Vec<Finding>> {
    let object = format!("DATABASE {}", ident(name));
    let mut findings = Vec::new();
    let may = format!(
        "SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AND (r.rolcreatedb OR r.rolsuper)
         FROM pg_catalog.pg_database AS d, pg_catalog.pg_roles AS r
         WHERE d.datname = {} AND r.rolname = current_user",
        literal(name)
    );
    if maintenance.connection.value(may).await?.as_deref() != Some("t") {
        let remedy = maintenance
            .connection
            .value(format!(
                "SELECT pg_catalog.format('ALTER ROLE %1$I CREATEDB; ALTER DATABASE %2$I OWNER TO %1$I', current_user,
                 {}::text)",
                literal(name)
            ))
            .await?;
        findings.push(finding(
            "blocker",
            object.clone(),
            "it can be replaced only by its owner who may make databases",
            remedy,
        ));
    }
    let prepared =
        format!("SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = {} ORDER BY gid", literal(name));
    for gid in maintenance.connection.column(prepared).await? {
        let what = format!("the prepared transaction {gid:?} holds it");
        findings.push(finding("blocker", object.clone(), what, Some(format!("ROLLBACK PREPARED {}", literal(&gid)))));
    }
    let who = connected(maintenance, name).await?;
    findings.push(match (who.is_empty(), wishes.end_sessions) {
        (true, _) => finding("ok", object, "it is there and will be replaced; nobody is connected to it", None),
        (false, true) => finding("warning", object, format!("these sessions will be ended: {}", listed(&who)), None),
        (false, false) => finding(
            "blocker",
            object,
            format!("it can't be replaced while somebody is connected to it: {}", listed(&who)),
            Some("--end-sessions".to_owned()),
        ),
    });
    Ok(findings)
}

/// Gives the new database the name, and what belongs to the name. Says under which name the old one is kept.
pub async fn swap(
    endpoint: &Endpoint,
    maintenance: &Session,
    target: &Target,
    wishes: &Wishes,
    operation_id: &str,
) -> Result<Vec<Note>> {
    let mut notes = left_behind(endpoint, target, operation_id).await?;
    carry_traits(maintenance, target).await?;
    let suffix = kept::suffix(maintenance, Namespace::Databases, [target.name.as_str()]).await?;
    let old = with_suffix(&target.name, &suffix);
    let swap = format!(
        "BEGIN; ALTER DATABASE {name} RENAME TO {}; ALTER DATABASE {} RENAME TO {name}; COMMIT",
        ident(&old),
        ident(&target.working),
        name = ident(&target.name)
    );
    let helper = Session::open(endpoint, maintenance_database(maintenance).await?, operation_id).await?;
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let tried = exchange(maintenance, &helper, target, &swap, wishes.end_sessions).await;
        match tried {
            Ok(()) => {
                last = None;
                break;
            }
            // Object in use.
            Err(error) if error.has_engine_code("55006") => last = Some(error),
            Err(error) => return Err(error.while_doing(format!("replacing database {}", ident(&target.name)))),
        }
    }
    if let Some(error) = last {
        let who = connected(&helper, &target.name).await?;
        return Err(Error::conflict(format!(
            "database {} wasn't replaced, for somebody is connected to it: {} ({})",
            ident(&target.name),
            listed(&who),
            error.message
        ))
        .with_hint("the old database is as it was; end their sessions, or restore with --end-sessions"));
    }
    notes.push(end_of_old(maintenance, &target.name, &old, wishes.drop_old).await);
    Ok(notes)
}

/// Says where the old database is, or drops it. It is replaced in either case, so a failure is a note.
async fn end_of_old(maintenance: &Session, name: &str, old: &str, drop: bool) -> Note {
    let object = format!("DATABASE {}", ident(name));
    let statement = format!("DROP DATABASE {}", ident(old));
    if !drop {
        return note("changed", object, format!("replaced; the old one is kept as {}: {statement}", ident(old)));
    }
    match maintenance.connection.run(statement.clone()).await {
        Ok(_) => note("changed", object, "replaced; the old one was dropped"),
        Err(error) => note(
            "warning",
            object,
            format!("replaced; the old one couldn't be dropped ({}): {statement}", error.message),
        ),
    }
}

/// Tries once. The rename holds a lock that lets nobody else in while it waits for those who are connected; a second
/// session ends them meanwhile, so that somebody who comes again at once isn't in the way for ever.
async fn exchange(maintenance: &Session, helper: &Session, target: &Target, swap: &str, end: bool) -> Result<()> {
    let done = Cell::new(false);
    let swapping: Pin<Box<dyn Future<Output = Result<()>>>> = Box::pin(async {
        let swapped = maintenance.connection.run(swap).await.map(drop);
        done.set(true);
        if swapped.is_err() {
            maintenance.connection.run("ROLLBACK").await?;
        }
        swapped
    });
    let ending: Pin<Box<dyn Future<Output = Result<()>>>> = Box::pin(async {
        while !done.get() {
            let mut names = vec![literal(&target.working)];
            names.extend(Some(literal(&target.name)).filter(|_| end));
            let query = format!(
                "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
                 WHERE datname IN ({}) AND {CLIENTS} AND pid <> pg_catalog.pg_backend_pid()",
                names.join(", ")
            );
            helper.connection.rows(query).await?;
            time::sleep(PAUSE_MILLISECONDS).await;
        }
        Ok(())
    });
    let mut results = join_all([swapping, ending]).await.into_iter();
    let (swapped, ended) = (results.next(), results.next());
    // Once the names are swapped, it doesn't matter what became of those who were in the way.
    match (swapped, ended) {
        (Some(Err(error)), Some(Err(why))) => {
            Err(error.with_hint(format!("sessions couldn't be ended: {}", why.message)))
        }
        (Some(swapped), _) => swapped,
        (None, _) => Err(Error::internal("the swap didn't end")),
    }
}

/// Owner, privileges, limit, comment and settings of the database that is there, given to the new one.
async fn carry_traits(maintenance: &Session, target: &Target) -> Result<()> {
    let query = maintenance.version.assemble(TRAITS);
    // One name may hold the other's placeholder.
    let parts: Vec<String> = query.split(":old").map(|part| part.replace(":new", &literal(&target.working))).collect();
    let statements = maintenance.connection.column(parts.join(&literal(&target.name))).await?;
    let text = format!("BEGIN; {}; COMMIT", statements.join("; "));
    if let Err(error) = maintenance.connection.run(text).await {
        maintenance.connection.run("ROLLBACK").await?;
        return Err(error.while_doing(format!("giving the new database what belongs to {}", ident(&target.name))));
    }
    Ok(())
}

/// What stays with the old database, since it is no content of a backup.
async fn left_behind(endpoint: &Endpoint, target: &Target, operation_id: &str) -> Result<Vec<Note>> {
    let session = Session::open(endpoint, Some(target.name.clone()), operation_id).await?;
    let mut found = session.connection.column(LEFT_BEHIND).await?;
    let jobs = "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'cron' AND c.relname = 'job'";
    if session.connection.value(jobs).await?.is_some() {
        found.extend(session.connection.column("SELECT 'scheduled job ' || jobid FROM cron.job ORDER BY jobid").await?);
    }
    let reason = "it stays with the old database; make it anew where it is wanted";
    Ok(found.into_iter().map(|what| note("left-out", what, reason)).collect())
}

/// The sessions that are connected to a database, as people know them.
async fn connected(session: &Session, name: &str) -> Result<Vec<String>> {
    let query = format!(
        "SELECT pg_catalog.format('process %s of %s%s%s', pid, coalesce(usename, 'the server'),
            coalesce(' from ' || pg_catalog.host(client_addr), ''), coalesce(' (' || nullif(application_name, '') || ')', ''))
         FROM pg_catalog.pg_stat_activity
         WHERE datname = {} AND {CLIENTS} AND pid <> pg_catalog.pg_backend_pid()
         ORDER BY backend_start",
        literal(name)
    );
    session.connection.column(query).await
}

async fn maintenance_database(session: &Session) -> Result<Option<String>> {
    session.connection.value("SELECT pg_catalog.current_database()").await
}

fn listed(names: &[String]) -> String {
    let first = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
