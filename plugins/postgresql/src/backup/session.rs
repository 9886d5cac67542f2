//! A session of a backup.

use super::facts::Facts;
use super::inventory::Inventory;
use super::units::{LARGE_OBJECTS, SEQUENCES, Units, note};
use super::{copy, large_objects, sequences, snapshot, tallies};
use crate::catalog::census;
use crate::catalog::rows::Catalogue;
use crate::entry::Entry;
use crate::session::{Session, refuse_selection};
use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Unit};
use cofferdam_sdk::{Endpoint, Error, Reading, Result, options};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// What those who watch the source should know of us. Ours are the locks that nobody can alter a table against.
const WAITING: &str = include_str!("waiting.sql");

/// A session of a backup.
pub struct Backup {
    session: Rc<Session>,
    /// The database's encoding, in which COPY gives the rows, so that they needn't be valid in another.
    encoding: String,
    leader: Option<Leader>,
}

/// Whether those who join get the snapshot. A switch for tests, which must see that a session without it is noticed.
fn joins_snapshot(options: &BackupOptions) -> bool {
    options::get(&options.extra, "join-snapshot") != Some("off")
}

struct Leader {
    snapshot: String,
    /// What the copy is consistent with.
    consistency: &'static str,
    tables: BTreeSet<snapshot::Table>,
    planned: RefCell<Planned>,
}

#[derive(Default)]
struct Planned {
    entries: HashMap<String, Vec<Entry>>,
    sequences: Vec<(String, String)>,
}

/// What a session needs to join.
#[derive(Serialize, Deserialize)]
struct Token {
    snapshot: String,
    encoding: String,
}

impl Backup {
    fn catalogue(&self) -> Catalogue<'_> {
        Catalogue { connection: &self.session.connection, version: self.session.version }
    }

    async fn entries(&self, leader: &Leader, unit: &Unit) -> Result<Vec<Entry>> {
        if unit.name == SEQUENCES {
            let rows = leader.planned.borrow().sequences.clone();
            return sequences::entries(&self.session.connection, &rows).await;
        }
        let planned = leader.planned.borrow();
        let entries = planned.entries.get(&unit.name).cloned();
        entries.ok_or_else(|| Error::not_found(format!("the plan has no unit {}", unit.name)))
    }
}

impl BackupSession for Backup {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self> {
        refuse_selection(&options.only, &options.except)?;
        let consistency = if joins_snapshot(&options) { "snapshot" } else { "per-object" };
        let session = Session::open(&source, options.database, &options.operation_id).await?;
        session.prepare_reading().await?;
        let encoding = session.use_server_encoding().await?;
        let (snapshot, tables) = snapshot::lock_and_export(&session).await?;
        let leader = Leader { snapshot, consistency, tables, planned: RefCell::default() };
        Ok(Self { session: Rc::new(session), encoding, leader: Some(leader) })
    }

    async fn join(source: Endpoint, options: BackupOptions, token: String) -> Result<Self> {
        let token: Token =
            serde_json::from_str(&token).map_err(|error| Error::internal(format!("the token isn't ours: {error}")))?;
        let joins = joins_snapshot(&options);
        let session = Session::open(&source, options.database, &options.operation_id).await?;
        session.prepare_reading().await?;
        session.use_server_encoding().await?;
        snapshot::join(&session, joins.then_some(token.snapshot.as_str())).await?;
        Ok(Self { session: Rc::new(session), encoding: token.encoding, leader: None })
    }

    async fn plan(&self) -> Result<Plan> {
        let Some(leader) = &self.leader else {
            return Err(Error::internal("only the session that leads makes a plan"));
        };
        let facts = Facts::read(self.catalogue()).await?;
        let units = Units::build(Inventory::read(self.catalogue()).await?);
        let census = self.catalogue().rows(census::QUERY).await?;
        let token = Token { snapshot: leader.snapshot.clone(), encoding: self.encoding.clone() };
        let token = serde_json::to_string(&token).map_err(|error| Error::internal(format!("token: {error}")))?;
        let extra = facts.extra(&units)?;
        let tallies = tallies::of(&census, &units.carried(), &units.left_out);
        *leader.planned.borrow_mut() = Planned { entries: units.entries, sequences: units.sequences };
        Ok(Plan {
            join: Some(token),
            rejoinable: true,
            consistency: leader.consistency.to_owned(),
            taken_at: Some(facts.taken_at),
            position: facts.position,
            server_version: facts.server_version,
            units: units.units,
            tallies,
            notes: units.notes,
            extra,
        })
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        let waiting = self.session.connection.column(WAITING).await?;
        Ok(waiting.into_iter().map(|who| note("warning", who, "it waits for a lock that this backup holds")).collect())
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        if unit.name.starts_with("data/") {
            return copy::read(Rc::clone(&self.session), &unit, &self.encoding, self.leader.is_some()).await;
        }
        let Some(leader) = &self.leader else {
            return Err(Error::conflict(format!("only the session that leads can read unit {}", unit.name)).retryable());
        };
        if unit.name == LARGE_OBJECTS {
            return Ok(large_objects::read(Rc::clone(&self.session)));
        }
        let entries = self.entries(leader, &unit).await?;
        Ok(Reading::from_bytes(Entry::lines(&entries)?, Summary::default()))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        self.session.connection.run("COMMIT").await?;
        let Some(leader) = &self.leader else { return Ok(Vec::new()) };
        let now = snapshot::list(&self.session).await?;
        let changed = leader.tables.symmetric_difference(&now).map(|table| {
            note("changed", format!("TABLE {}", table.qualified()), "created, dropped or renamed while the backup ran")
        });
        Ok(changed.collect())
    }
}
