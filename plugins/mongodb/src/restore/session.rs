//! A session of a restore.

use super::journal::Journal;
use super::place::{IfExists, Place, of};
use super::{access, catch_up, check, collections, finish};
use crate::access::Access;
use crate::backup::{COLLECTIONS, INDEXES, NEEDS};
use crate::bson::Document;
use crate::catalog::{self, Kind};
use crate::copies;
use crate::definition::{self, Definition, INDEX, LONGEST};
use crate::namespace::BUCKETS;
use crate::note::{finding, note};
use crate::oplog;
use crate::selection;
use crate::server::Server;
use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Endpoint, Error, Lines, Result, options};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What the session that leads tells the others where each database is copied under a name of its own: then none is added
/// to. No collection is called so in full.
const COPIES: &str = "copies";

/// A session of a restore.
pub struct Restore {
    server: Server,
    place: Place,
    patterns: Patterns,
    /// Those that are restored into; the leader's.
    databases: RefCell<Vec<String>>,
    /// Collections of the target that are added to, by their full names.
    added_to: RefCell<BTreeSet<String>>,
    /// What came along with what was chosen; the leader's.
    told: RefCell<Vec<Note>>,
}

impl Restore {
    async fn open(target: &Endpoint, options: &RestoreOptions) -> Result<Self> {
        if options.keep_going {
            return Err(Error::unsupported("this engine's restores end at the first failure")
                .with_hint("leave --keep-going away"));
        }
        if options.if_exists == "replace" && !options.only.is_empty() {
            // Every collection that is there would be put aside, for the few that come.
            return Err(Error::unsupported("this engine replaces whole databases")
                .with_hint("leave --only away, or use --if-exists append, or another --database"));
        }
        let place = Place::new(options)?;
        let server = Server::connect(target, true).await?;
        let patterns = Patterns::new(&options.only, &options.except);
        let (databases, added_to, told) = (RefCell::default(), RefCell::default(), RefCell::default());
        Ok(Self { server, place, patterns, databases, added_to, told })
    }

    /// The units that the operator chose, with those that they need, and what came along.
    fn wanted(&self, source: &Source) -> Result<(Vec<Unit>, Vec<Note>)> {
        let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for unit in &source.units {
            let needs = unit.extra.iter().filter(|(name, _)| name == NEEDS).map(|(_, object)| object.clone());
            let needs: Vec<String> = needs.collect();
            unit.objects.iter().for_each(|object| objects.entry(object.clone()).or_default().extend(needs.clone()));
        }
        let selection = selection::choose(&objects, &self.patterns)?;
        let wanted = |unit: &&Unit| match Access::of_unit(&unit.name) {
            // They belong to no collection.
            Some(_) => self.patterns.choose_all(),
            None => unit.objects.iter().any(|object| selection.chosen.contains(object)),
        };
        Ok((source.units.iter().filter(wanted).cloned().collect(), selection.notes))
    }

    /// The database that a unit is of, and what its collection will be called.
    fn goes<'a>(&self, unit: &'a Unit) -> Result<(&'a str, String)> {
        let (from, name) = of(unit)?;
        Ok((from, self.place.renames.of(from, name)))
    }

    /// Whether a collection of the backup is added to one that was there before.
    fn is_added(&self, from: &str, collection: &str) -> bool {
        self.added_to.borrow().contains(&format!("{}.{collection}", self.place.database(from)))
    }

    async fn collection(&self, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let mut summary = Summary::default();
        for Definition { object, document } in all(data, complete).await? {
            let mut collection = self.place.renames.apply(definition::collection(&document)?)?;
            let kept = self.place.uuids && matches!(collection.kind, Kind::Plain | Kind::Capped);
            collection.uuid = collection.uuid.filter(|_| kept);
            // Written down before it is made, so that cleaning up finds it.
            let database = self.place.database(&collection.database);
            Journal::new(&self.server, &database, &self.place.operation_id).write(&collection).await?;
            if collection.kind != Kind::View {
                collections::create(&self.server, &self.place, &collection, attempt > 0).await?;
            }
            let kind = definition::kind(collection.kind).unwrap_or_default().to_owned();
            if self.is_added(&collection.database, &collection.name) {
                let reason =
                    "a collection of this name is there: it keeps its own options, and the documents are added";
                summary.notes.push(note("left-out", object, reason));
                summary.left_out.push((kind, 1));
            } else {
                summary.carried.push((kind, 1));
            }
        }
        Ok(summary)
    }

    async fn documents(&self, unit: &Unit, attempt: u32, data: Data, complete: Complete) -> Result<u64> {
        let (from, collection) = self.goes(unit)?;
        let collection = collection.as_str();
        let database = self.place.database(from).into_owned();
        let kind = options::get(&unit.extra, "kind").unwrap_or_default();
        let in_place = matches!(kind, "timeseries" | "encrypted");
        let name = if in_place { collection.to_owned() } else { self.place.working(from, collection) };
        // Without an index on _id, or with an order, what an attempt before wrote can't be told apart.
        let anew = !matches!(kind, "plain" | "encrypted");
        if anew && attempt > 0 {
            let journal = Journal::new(&self.server, &database, &self.place.operation_id);
            let entry = journal.entry(collection.strip_prefix(BUCKETS).unwrap_or(collection)).await?;
            collections::recreate(&self.server, &self.place, &entry).await?;
        }
        // In order, a batch whose answer was lost isn't sent again.
        let (repeated, ordered) = (attempt > 0 && !anew, anew);
        let inserted = self.server.client().insert(database, name, data, complete, repeated, ordered).await;
        inserted.map_err(|error| error.while_doing(format!("writing {}", crate::namespace::object(from, collection))))
    }

    async fn indexes(&self, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
        let (from, collection) = self.goes(unit)?;
        let collection = collection.as_str();
        let definitions = all(data, complete).await?;
        let counts = vec![(INDEX.to_owned(), definitions.len() as u64)];
        if self.is_added(from, collection) {
            let reason = "its collection is there, and keeps its own indexes";
            let notes = definitions.into_iter().map(|definition| note("left-out", definition.object, reason));
            return Ok(Summary { left_out: counts, notes: notes.collect(), ..Summary::default() });
        }
        let mut indexes: Vec<Document> = definitions.into_iter().map(|definition| definition.document).collect();
        // Those that delete come last of all, from the journal.
        indexes.retain(|index| !collections::expires(index));
        let database = self.place.database(from);
        let journal = Journal::new(&self.server, &database, &self.place.operation_id);
        let name = collections::made_as(&self.place, &journal.entry(collection).await?);
        let made = collections::create_indexes(&self.server, &database, &name, &indexes).await;
        made.map_err(|error| error.while_doing(format!("making the indexes of {from}.{collection}")))?;
        Ok(Summary { carried: counts, ..Summary::default() })
    }
}

impl RestoreSession for Restore {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        Self::open(&target, &options).await
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<Self> {
        let session = Self::open(&target, &options).await?;
        if token == COPIES {
            session.place.make_copies();
        } else {
            *session.added_to.borrow_mut() = token.split('\0').map(str::to_owned).collect();
        }
        Ok(session)
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        let (wanted, told) = self.wanted(&source)?;
        self.place.see(&wanted);
        let mut findings = check::check(&self.server, &self.place, &source, &wanted).await?;
        findings.extend(told.into_iter().map(|note| finding(&note.kind, note.object, note.reason, None)));
        Ok(findings)
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        let (wanted, told) = self.wanted(&source)?;
        self.place.see(&wanted);
        let blocked = check::check(&self.server, &self.place, &source, &wanted).await?;
        if let Some(finding) = blocked.into_iter().find(|finding| finding.severity == "blocker") {
            let error = Error::already_exists(format!("{}: {}", finding.object, finding.what));
            return Err(match finding.remedy {
                Some(remedy) => error.with_hint(remedy),
                None => error,
            });
        }
        let made = wanted.iter().filter(|unit| unit.name.starts_with(COLLECTIONS));
        self.place.renames.check(&made.map(of).collect::<Result<_>>()?)?;
        let databases = self.place.databases(&wanted)?;
        if let Some((name, names)) = self.place.copies(&wanted)? {
            copies::list(&self.server, name, &names).await?;
        }
        let mut there = BTreeSet::new();
        for database in &databases {
            if self.place.if_exists == IfExists::Append {
                let listed = catalog::list(&self.server, database).await?;
                there.extend(listed.iter().map(catalog::Collection::object));
            }
            Journal::new(&self.server, database, &self.place.operation_id).create().await?;
        }
        // Workers find everything else by the operation's id. No name has a zero byte.
        let added_to = || there.iter().map(String::as_str).collect::<Vec<_>>().join("\0");
        let token = if self.place.makes_copies() { COPIES.to_owned() } else { added_to() };
        *self.added_to.borrow_mut() = there;
        *self.databases.borrow_mut() = databases;
        *self.told.borrow_mut() = told;
        let units = wanted.into_iter().map(|unit| unit.name).collect();
        Ok(Prepared { token: Some(token), units: (!self.patterns.choose_all()).then_some(units) })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        if let Some(of) = Access::of_unit(&unit.name) {
            access::write(&self.server, &self.place, of, all(data, complete).await?).await
        } else if unit.name == oplog::UNIT {
            catch_up::write(&self.server, &self.place, data, complete).await
        } else if unit.name.starts_with(COLLECTIONS) {
            self.collection(attempt, data, complete).await
        } else if unit.name.starts_with(INDEXES) {
            self.indexes(&unit, data, complete).await
        } else {
            let rows = self.documents(&unit, attempt, data, complete).await?;
            Ok(Summary { rows: Some(rows), ..Summary::default() })
        }
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        let databases = self.databases.borrow().clone();
        let mut notes = self.told.take();
        // First, since this is what may be forbidden: then nothing is shown yet.
        access::show(&self.server, &self.place).await?;
        for database in databases {
            notes.extend(finish::show(&self.server, &self.place, &database).await?);
        }
        Ok(notes)
    }
}

/// The definitions of a unit, once it is known to be whole.
async fn all(data: Data, complete: Complete) -> Result<Vec<Definition>> {
    let mut lines = Lines::new(data, LONGEST);
    let mut all = Vec::new();
    while let Some(line) = lines.next().await? {
        all.push(definition::read(&line)?);
    }
    complete.await?;
    Ok(all)
}
