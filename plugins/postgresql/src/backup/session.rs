//! A session of a backup.

use super::facts::Facts;
use super::inventory::Inventory;
use super::units::{LARGE_OBJECT_PAGES, LARGE_OBJECTS, SEQUENCES, Units};
use super::watch::{self, Watch};
use super::{copy, drift, large_objects, long_rows, recovery, sequences, snapshot, split, tallies};
use crate::catalog::rows::Catalogue;
use crate::catalog::{self, census};
use crate::entry::Entry;
use crate::globals::{self, Globals};
use crate::long_rows::{FORMAT as LONG_ROWS, LongRows};
use crate::pooler;
use crate::selection::Chosen;
use crate::session::Session;
use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Unit};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Endpoint, Error, Mutex, Options, Reading, Result, options};
use futures::try_join;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A session of a backup.
pub struct Backup {
    session: Rc<Session>,
    leader: Option<Leader>,
    patterns: Patterns,
    /// Held by a read that needs the connection for more than one statement.
    turn: Arc<Mutex<()>>,
}

/// Whether those who join get the snapshot. A switch for tests, which must see that a session without it is noticed.
fn joins_snapshot(options: &BackupOptions) -> bool {
    options::get(&options.extra, "join-snapshot") != Some("off")
}

struct Leader {
    watch: Watch,
    snapshot: String,
    /// What the copy is consistent with.
    consistency: &'static str,
    /// Bytes of a table from which on it is read in parts.
    split: Option<u64>,
    /// Bytes of text from which on a row is read in pieces.
    long_row: Option<u64>,
    settings: Options,
    planned: RefCell<Planned>,
}

#[derive(Default)]
struct Planned {
    entries: HashMap<String, Vec<Entry>>,
    sequences: Vec<(String, String)>,
}

impl Leader {
    /// Everything that the catalogue says, and an independent count of it. The other connection takes its share, under the same
    /// snapshot; it locks nothing, so it waits for nobody.
    async fn survey(&self, session: &Session) -> Result<(Facts, Inventory, Vec<census::Row>, HashMap<u32, LongRows>)> {
        let other = self.watch.session();
        snapshot::join(&other, Some(&self.snapshot)).await?;
        let (catalogue, free) = (Catalogue::of(session), Catalogue::of(&other));
        let surveyed = try_join!(
            Facts::read(catalogue),
            Inventory::read(catalogue, free),
            free.rows(census::QUERY),
            catalog::long_rows::read(catalogue, self.long_row, &session.encoding),
        )?;
        other.connection.run("COMMIT").await?;
        Ok(surveyed)
    }
}

/// What a session needs to join.
#[derive(Serialize, Deserialize)]
struct Token {
    snapshot: String,
}

impl Backup {
    fn catalogue(&self) -> Catalogue<'_> {
        Catalogue::of(&self.session)
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
        let patterns = Patterns::new(&options.only, &options.except);
        let consistency = if joins_snapshot(&options) { "snapshot" } else { "per-object" };
        let leading = async {
            let session = Session::open(&source, options.database.clone(), &options.operation_id).await?;
            session.prepare_reading().await?;
            Ok(session)
        };
        let (session, other) = try_join!(leading, watch::connect(&source, &options))?;
        pooler::refuse(&session, &other).await?;
        let split = split::size(&session, &options.extra).await?;
        let long_row = split::long_row(&session, &options.extra).await?;
        let settings = options.extra.clone();
        let watch = Watch::new(source, options, other);
        let locked = snapshot::lock_and_export(&session, &watch.session()).await;
        let snapshot = locked.map_err(recovery::explained)?;
        let leader = Leader { watch, snapshot, consistency, split, long_row, settings, planned: RefCell::default() };
        Ok(Self { session: Rc::new(session), leader: Some(leader), patterns, turn: Arc::default() })
    }

    async fn join(source: Endpoint, options: BackupOptions, token: String) -> Result<Self> {
        let token: Token =
            serde_json::from_str(&token).map_err(|error| Error::internal(format!("the token isn't ours: {error}")))?;
        let joins = joins_snapshot(&options);
        let session = Session::open(&source, options.database, &options.operation_id).await?;
        session.prepare_reading().await?;
        if let Err(error) = snapshot::join(&session, joins.then_some(token.snapshot.as_str())).await {
            return Err(recovery::lost(&session, error).await);
        }
        Ok(Self { session: Rc::new(session), leader: None, patterns: Patterns::default(), turn: Arc::default() })
    }

    async fn plan(&self) -> Result<Plan> {
        let Some(leader) = &self.leader else {
            return Err(Error::internal("only the session that leads makes a plan"));
        };
        let surveyed = leader.survey(&self.session).await.map_err(recovery::explained)?;
        let (facts, inventory, mut census, long) = surveyed;
        let mut units = Units::build(inventory, leader.split, long, facts.standby);
        if !self.patterns.choose_all() {
            let (chosen, notes) = Chosen::of(&units.contents, &self.patterns)?;
            units.notes.extend(notes);
            units.choose(&chosen)?;
        }
        if globals::wanted(&leader.settings)? {
            let globals = Globals::read(self.catalogue(), &leader.settings).await.map_err(recovery::explained)?;
            census.extend(globals.census.iter().cloned());
            units.add_globals(globals);
        }
        let token = Token { snapshot: leader.snapshot.clone() };
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
        match &self.leader {
            Some(leader) => leader.watch.look(&self.session).await.map_err(recovery::explained),
            None => Ok(Vec::new()),
        }
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if unit.format == LONG_ROWS {
            return long_rows::read(Rc::clone(&self.session), &unit, self.leader.is_some(), turn).await;
        }
        drop(turn);
        if unit.name.starts_with("data/") {
            return copy::read(Rc::clone(&self.session), &unit, self.leader.is_some()).await;
        }
        if unit.name.starts_with(LARGE_OBJECTS) {
            let session = Rc::clone(&self.session);
            return match unit.format.as_str() {
                LARGE_OBJECT_PAGES => large_objects::pages(session, &unit).await,
                _ => large_objects::definitions(session, &unit).await,
            };
        }
        let Some(leader) = &self.leader else {
            return Err(Error::conflict(format!("only the session that leads can read unit {}", unit.name)).retryable());
        };
        let entries = self.entries(leader, &unit).await.map_err(recovery::explained)?;
        Ok(Reading::from_bytes(Entry::lines(&entries)?, Summary::default()))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        let notes = match &self.leader {
            Some(leader) => drift::notes(&self.session, &leader.watch.session()).await,
            None => Ok(Vec::new()),
        };
        let notes = notes.map_err(recovery::explained)?;
        self.session.connection.run("COMMIT").await?;
        Ok(notes)
    }
}
