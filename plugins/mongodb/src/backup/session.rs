//! A session of a backup.

use super::access::Accesses;
use super::census::{self, Census};
use super::consistency::{self, Consistency};
use super::ranges::{self, Range};
use super::sharding;
use super::units::Units;
use crate::bson::Builder;
use crate::catalog::{self, Collection, Kind, Size};
use crate::change_stream::{self, CatchingUp, Watched};
use crate::copies;
use crate::namespace::Scope;
use crate::note::note;
use crate::oplog::{self, Tracked};
use crate::selection;
use crate::server::{COMPATIBILITY, Server};
use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Unit};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Endpoint, Error, Reading, Result, options};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// How often the catalogue is read until it stands still.
const ATTEMPTS: usize = 5;

/// What stands in a token before the member that leads.
const LED_BY: &str = " by ";

/// Bytes that a batch of documents has, about.
const BATCH: u64 = 4 << 20;

/// A session of a backup.
pub struct Backup {
    server: Rc<Server>,
    consistency: Consistency,
    leader: Option<Leader>,
}

struct Leader {
    patterns: Patterns,
    scope: Scope,
    census: Census,
    accesses: Accesses,
    databases: Vec<String>,
    collections: Vec<Collection>,
    sizes: Vec<Size>,
    notes: Vec<Note>,
    definitions: RefCell<HashMap<String, String>>,
}

impl BackupSession for Backup {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self> {
        let server = connect(&source, &options).await?;
        let (databases, scope) = match options.database.or_else(|| source.info().database) {
            Some(database) => one(&server, database, &options.operation_id).await?,
            None => (server.databases().await?, Scope::Server),
        };
        let patterns = Patterns::new(&options.only, &options.except);
        let mut before = all(&server, &databases).await?;
        // What is listed after the moment is what there is at it, if it is what was listed before it.
        for attempt in 1..=ATTEMPTS {
            choose(&mut before, &patterns, &scope)?;
            let sizes = catalog::sizes(&server, &before).await;
            let bytes = sizes.iter().filter_map(|size| size.bytes).sum();
            let (consistency, notes) = consistency::choose(&server, &before, bytes, &options.extra, &scope).await?;
            let census = census::take(&server, &databases).await?;
            let listed = all(&server, &databases).await?;
            let mut collections = listed.clone();
            let told = choose(&mut collections, &patterns, &scope)?;
            // A count that never agrees is told as what it is, by the host.
            if collections == before && (census.is_of(&listed) || attempt == ATTEMPTS) {
                let accesses = Accesses::read(&server, &scope, &databases, consistency).await?;
                let mut notes = notes;
                notes.extend(told);
                notes.extend(census.notes());
                notes.extend(accesses.notes.iter().cloned());
                notes.extend(sharding::report(&server, &collections, &scope).await);
                let definitions = RefCell::default();
                let leader =
                    Leader { patterns, scope, census, accesses, databases, collections, sizes, notes, definitions };
                return Ok(Self { server: Rc::new(server), consistency, leader: Some(leader) });
            }
            before = listed;
        }
        Err(Error::conflict("collections or indexes were made or dropped each time they were listed")
            .with_hint("back up when nobody changes them, or leave those that come and go out with --except"))
    }

    async fn join(source: Endpoint, options: BackupOptions, token: String) -> Result<Self> {
        let (token, member) = token.split_once(LED_BY).unwrap_or((&token, ""));
        let consistency = Consistency::of_token(token)?;
        let server = connect(&source, &options).await?;
        // Who catches up has to know whatever another session may have read.
        let alone = matches!(consistency, Consistency::CatchUp(_) | Consistency::Watch(_));
        if alone && server.member != member {
            return Err(Error::unreachable("this session came to another member than the one that leads").retryable());
        }
        consistency::wait_for(&server, consistency).await?;
        Ok(Self { server: Rc::new(server), consistency, leader: None })
    }

    async fn plan(&self) -> Result<Plan> {
        let leader = self.leader()?;
        let by_id = ranges::by_id(&self.server, &leader.collections, self.consistency).await;
        let mut ranges = Vec::with_capacity(leader.sizes.len());
        for (collection, size) in leader.collections.iter().zip(&leader.sizes) {
            ranges.push(ranges::of(&self.server, collection, *size, self.consistency, by_id).await);
        }
        let mut units = Units::build(&leader.collections, &leader.sizes, &ranges, &leader.scope)?;
        if matches!(self.consistency, Consistency::CatchUp(_) | Consistency::Watch(_)) {
            units.add_changes(&leader.collections);
        }
        let everything = leader.patterns.choose_all();
        if everything {
            units.add_access(&leader.accesses.found)?;
        }
        let mut tallies = leader.census.tallies(&leader.collections, units.with_documents);
        tallies.extend(leader.accesses.tallies(everything));
        *leader.definitions.borrow_mut() = units.definitions;
        Ok(Plan {
            join: Some(format!("{}{LED_BY}{}", self.consistency.token(), self.server.member)),
            rejoinable: true,
            consistency: self.consistency.name().to_owned(),
            taken_at: None,
            position: self.consistency.position(),
            server_version: self.server.version.clone(),
            units: units.units,
            tallies,
            notes: leader.notes.clone(),
            extra: match self.server.compatibility().await {
                Some(version) => options::from_pairs([(COMPATIBILITY, version.as_str())]),
                None => Vec::new(),
            },
        })
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        self.server.run("admin", Builder::new().int("ping", 1)).await.map(|_| Vec::new())
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        if let (oplog::UNIT, Consistency::CatchUp(window)) = (unit.name.as_str(), self.consistency) {
            let tracked = Tracked::new(&self.leader()?.collections);
            return Ok(oplog::read(Rc::clone(&self.server), window, tracked));
        }
        if let (oplog::UNIT, Consistency::Watch(begin)) = (unit.name.as_str(), self.consistency) {
            let Leader { scope, databases, collections, .. } = self.leader()?;
            let watched = Watched::new(&self.server, scope, databases);
            let (databases, collections) = (databases.clone(), collections.clone());
            let of = CatchingUp { watched, begin, databases, collections };
            return Ok(change_stream::read(Rc::clone(&self.server), of));
        }
        if unit.leader {
            let lines = self.leader()?.definitions.borrow().get(&unit.name).cloned();
            let lines = lines.ok_or_else(|| Error::not_found(format!("the plan has no unit {}", unit.name)))?;
            return Ok(Reading::from_bytes(lines.into_bytes(), Summary::default()));
        }
        let noted = |name: &str| {
            options::get(&unit.extra, name).ok_or_else(|| Error::internal(format!("unit {} has no {name}", unit.name)))
        };
        let (database, collection) = (noted("database")?, noted("collection")?);
        let kind = if noted("kind")? == "capped" { Kind::Capped } else { Kind::Plain };
        let mut command = Range::of(&unit.extra)?.apply(Builder::new().text("find", collection), kind);
        if let Some(bytes) = options::get(&unit.extra, "document-bytes").and_then(|bytes| bytes.parse::<u64>().ok()) {
            command = command.int("batchSize", batch(bytes));
        }
        let command = self.consistency.apply(command, kind).finish();
        let object = crate::namespace::object(database, collection);
        let reading = self.server.client().read(database.to_owned(), command).await;
        let (data, done) = reading.map_err(|error| error.while_doing(format!("reading {object}")))?;
        Ok(Reading::new(data, async move {
            let rows = done.await.map_err(|error| error.while_doing(format!("reading {object}")))?;
            Ok(Summary { rows: Some(rows), ..Summary::default() })
        }))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        let Some(leader) = &self.leader else { return Ok(Vec::new()) };
        let mut now = Vec::new();
        for database in &leader.databases {
            now.extend(catalog::list(&self.server, database).await?);
        }
        gone(&leader.collections, &now)?;
        let known = |is: &Collection| leader.collections.iter().any(|was| same(was, is));
        let object = |collection: &Collection| leader.scope.object(&collection.database, &collection.name);
        let new = now.iter().filter(|is| is.kind != Kind::Buckets && !known(is));
        let new = new.map(object).filter(|object| leader.patterns.choose(object));
        Ok(new.map(|object| note("left-out", object, "made while the backup ran")).collect())
    }
}

impl Backup {
    fn leader(&self) -> Result<&Leader> {
        self.leader.as_ref().ok_or_else(|| Error::conflict("only the session that leads can do that").retryable())
    }
}

/// Connects to the member to read from. What was made to be looked at is read where it was written: another member may not
/// have all of it yet.
async fn connect(source: &Endpoint, options: &BackupOptions) -> Result<Server> {
    let made = options.database.as_ref().is_some_and(|name| copies::is_made_by(&options.operation_id, name));
    Server::connect(source, made).await
}

/// The database that was named, or the copies that its name stands for.
async fn one(server: &Server, database: String, operation_id: &str) -> Result<(Vec<String>, Scope)> {
    if copies::is_made_by(operation_id, &database)
        && let Some(names) = copies::listed(server, &database).await?
    {
        return Ok((names.keys().cloned().collect(), Scope::Copies(Rc::new(names))));
    }
    Ok((vec![database], Scope::Database))
}

/// All that there is in databases.
async fn all(server: &Server, databases: &[String]) -> Result<Vec<Collection>> {
    let collections = catalog::read(server, databases).await?;
    if collections.is_empty() {
        return Err(Error::not_found(format!("there is no collection in {}", databases.join(", ")))
            .with_hint("check the database's name; `cofferdam instance show` lists the databases"));
    }
    Ok(collections)
}

/// Keeps what the operator chose, and tells what came along. A time series' buckets go with it.
fn choose(collections: &mut Vec<Collection>, patterns: &Patterns, scope: &Scope) -> Result<Vec<Note>> {
    let object = |collection: &Collection| scope.object(&collection.database, &collection.name);
    let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for collection in collections.iter() {
        let needs = selection::needs(collection).into_iter().map(|name| scope.object(&collection.database, &name));
        objects.entry(object(collection)).or_default().extend(needs);
    }
    let selection = selection::choose(&objects, patterns)?;
    collections.retain(|collection| selection.chosen.contains(&object(collection)));
    Ok(selection.notes)
}

/// Documents of a batch, by the size of one.
fn batch(bytes: u64) -> i32 {
    i32::try_from((BATCH / bytes.max(1)).clamp(1, 50_000)).unwrap_or(1)
}

fn same(a: &Collection, b: &Collection) -> bool {
    a.database == b.database && a.name == b.name && a.uuid == b.uuid
}

/// Fails if a collection that was read isn't there any more: a server may answer a read of one that was just dropped as
/// if it were empty.
fn gone(were: &[Collection], are: &[Collection]) -> Result<()> {
    match were.iter().find(|was| was.kind != Kind::View && !are.iter().any(|is| same(was, is))) {
        None => Ok(()),
        Some(lost) => Err(Error::conflict(format!(
            "{} was dropped, renamed or replaced while the backup ran: what was read of it may not be all",
            lost.object()
        ))
        .with_hint("back up again; collections that come and go can be left out with --except")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn collection(name: &str, uuid: u8) -> Collection {
        Collection {
            database: "d".to_owned(),
            name: name.to_owned(),
            kind: Kind::Plain,
            options: Builder::new().finish(),
            uuid: Some(vec![uuid]),
            indexes: Vec::new(),
        }
    }

    #[test]
    fn a_collection_that_was_made_anew_meanwhile_is_not_the_one_that_was_read() {
        assert!(gone(&[collection("a", 1)], &[collection("a", 1), collection("b", 2)]).is_ok());
        assert!(gone(&[collection("a", 1)], &[collection("a", 2)]).is_err());
        assert!(gone(&[collection("a", 1)], &[]).is_err());
    }

    #[test]
    fn batches_are_about_equally_large_whatever_the_documents() {
        assert_eq!(batch(100), 41_943);
        assert_eq!(batch(16 << 20), 1);
        assert_eq!(batch(0), 50_000);
    }
}
