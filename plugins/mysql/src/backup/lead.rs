//! How the leader comes to a state that nobody changes: tables are pinned before commits stop, so that those stop only for
//! a moment, and listed again once they have.

use cofferdam_sdk::{Endpoint, Error, Result};

use super::definitions;
use super::lock::{self, Lock, TIMED_OUT, pin};
use super::state::State;
use crate::catalog::grants::Grants;
use crate::catalog::{self, Relation, census};
use crate::session::Session;
use crate::sql;

/// So often tables are listed and pinned anew, if some came or went meanwhile.
const ATTEMPTS: u32 = 5;

/// What the leader holds beside its snapshot.
pub struct Held {
    /// What was found.
    pub state: State,
    /// Until everybody is in; then its session is asked who waits.
    pub lock: Lock,
    /// Until the end, if there are tables without transactions.
    pub tables: Option<Session>,
}

/// Pins, locks, takes the snapshot and looks at what is there.
///
/// # Errors
/// "permission-denied" with the statements that grant what is missing; "conflict" if tables come and go too fast; and
/// what the server says.
pub async fn lead(
    source: &Endpoint,
    server: &mut Session,
    operation: &str,
    database: &str,
    locked: bool,
) -> Result<Held> {
    catalog::database(server, database).await?;
    may_see_everything(server, database, locked).await?;
    let mut lock = Lock::open(source, operation).await?;
    for session in [&mut *server, lock.session()] {
        session.run(format!("USE {}", sql::name(database))).await?;
    }
    server.run("SET SESSION lock_wait_timeout = 5").await?;
    server.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    for attempt in 1..=ATTEMPTS {
        // Whatever is asked before commits stop is asked of the other session: the first row that this one reads takes its
        // snapshot.
        server.run("START TRANSACTION READ ONLY").await?;
        let relations = catalog::relations(lock.session(), database).await?;
        let pinned: Vec<_> = relations.iter().filter(|r| r.has_rows()).map(|r| r.name.as_str()).collect();
        match pin(server, &pinned).await {
            Ok(()) => {}
            // It was dropped since it was listed, or is being altered.
            Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                server.run("ROLLBACK").await?;
                continue;
            }
            Err(error) => return Err(error.with_hint("a table is being altered: make the backup when that is over")),
        }
        let mut state = look(lock.session(), database, relations).await?;
        match if locked { lock.take().await } else { Ok(()) } {
            Ok(()) => {}
            Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                // It may not have come as far as to hold anything.
                let _ = lock.release().await;
                server.run("ROLLBACK").await?;
                continue;
            }
            Err(error) => return Err(error),
        }
        let again = catalog::relations(lock.session(), database).await?;
        if again.len() == state.relations.len() && again.iter().zip(&state.relations).all(|(a, b)| a.is(b)) {
            take_snapshot(server, &state.relations).await?;
            let tables = programs(source, server, operation, database, &mut state).await?;
            return Ok(Held { state, lock, tables });
        }
        if locked {
            lock.release().await?;
        }
        server.run("ROLLBACK").await?;
    }
    Err(Error::conflict(format!("tables of the database {database} come and go all the time"))
        .with_hint("make the backup when none are made and dropped"))
}

fn is_passing(error: &Error) -> bool {
    error.code == "not-found" || error.has_engine_code(TIMED_OUT)
}

/// Reads a row, which takes the transaction's snapshot ("Consistent Nonlocking Reads"): one that begins WITH CONSISTENT
/// SNAPSHOT would let go of what is pinned.
async fn take_snapshot(server: &mut Session, relations: &[Relation]) -> Result<()> {
    if let Some(table) = relations.iter().find(|relation| relation.has_rows() && relation.is_transactional()) {
        server.rows(format!("SELECT 1 FROM {} LIMIT 1", sql::name(&table.name))).await?;
    }
    Ok(())
}

/// What a user may not see is just missing from the catalogue, so who may not see everything makes no backup.
async fn may_see_everything(server: &mut Session, database: &str, locked: bool) -> Result<()> {
    let grants = Grants::read(server).await?;
    let missing = crate::instance::missing_for_backup(server, &grants, Some(database), locked);
    if missing.is_empty() {
        return Ok(());
    }
    let what: Vec<_> = missing.iter().map(|missing| missing.what.as_str()).collect();
    let remedies: Vec<_> = missing.iter().map(|missing| missing.remedy.as_str()).collect();
    Err(Error::permission_denied(what.join("; ")).with_hint(remedies.join("; ")))
}

/// What pinned tables are like: nobody can change that any more.
async fn look(server: &mut Session, database: &str, relations: Vec<Relation>) -> Result<State> {
    let mut state = State { census: census::keys(server, database).await?, ..State::default() };
    let (mut elsewhere, mut late) = (Vec::new(), Vec::new());
    for relation in relations.iter().filter(|relation| relation.is_table()) {
        if !relation.has_rows() {
            let definition = definitions::elsewhere(server, relation).await;
            elsewhere.push(definition.map_err(|error| error.while_doing(format!("table {}", relation.name)))?);
            let reason =
                format!("the engine {} keeps rows elsewhere: the definition alone is carried", relation.engine);
            state.leaves_out("rows", relation.name.clone(), reason);
            continue;
        }
        let parts = definitions::parts(server, relation).await?;
        late.extend(definitions::late(&relation.name, &parts, database));
        state.carries("table", 1);
        state.carries("rows", 1);
        state.carries("key", parts.kept_keys + parts.keys.len() as u64);
        if !parts.keys.is_empty() {
            state.keys.insert(relation.name.clone(), parts.keys.len() as u64);
        }
        if relation.kind == "SYSTEM VERSIONED" {
            // Transaction numbers mean nothing on another server.
            let by_time = !parts.create.contains("bigint(20) unsigned GENERATED ALWAYS AS ROW START");
            if by_time && server.is_mariadb_since(10, 11) {
                state.histories.push(relation.name.clone());
            } else {
                state.notes.push(super::units::note(
                    "left-out",
                    &relation.name,
                    "the history of a system-versioned table can't be written to another one; current rows are carried",
                ));
            }
        }
    }
    state.carries("sequence", relations.iter().filter(|relation| relation.kind == "SEQUENCE").count() as u64);
    state.late = elsewhere.into_iter().chain(late).collect();
    state.relations = relations;
    Ok(state)
}

/// What can't be pinned, so it is read now. Gives the session that keeps tables without transactions from being written.
async fn programs(
    source: &Endpoint,
    server: &mut Session,
    operation: &str,
    database: &str,
    state: &mut State,
) -> Result<Option<Session>> {
    state.census.extend(census::objects(server, database).await?);
    let programs = catalog::programs(server, database).await?;
    let (views, broken) = catalog::views(server, &state.relations).await?;
    let is_late = |kind: &str| matches!(kind, "TRIGGER" | "EVENT");
    let (after, before): (Vec<_>, Vec<_>) = programs.into_iter().partition(|program| is_late(program.kind));
    for programs in [before, views, after] {
        state.adds(programs, database);
    }
    for (view, reason) in broken {
        state.leaves_out("view", view, format!("the server itself can't read the view: {reason}"));
    }
    state.fits()?;
    let unprotected: Vec<_> = state.relations.iter().filter(|r| r.has_rows() && !r.is_transactional()).collect();
    if unprotected.is_empty() {
        return Ok(None);
    }
    for table in &unprotected {
        let reason = format!("{} has no snapshots: who writes to it waits until the backup is over", table.engine);
        state.notes.push(super::units::note("warning", &table.name, &reason));
    }
    let names: Vec<_> = unprotected.iter().map(|table| table.name.as_str()).collect();
    Ok(Some(lock::against_writes(source, operation, database, &names).await?))
}
