//! A session of a restore.

use super::journal::Journal;
use super::place::Place;
use super::{check, collections, finish};
use crate::backup::{COLLECTIONS, INDEXES};
use crate::bson::Document;
use crate::catalog::Kind;
use crate::documents::Documents;
use crate::entry;
use crate::namespace::BUCKETS;
use crate::server::Server;
use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Endpoint, Error, Result, options};
use std::cell::RefCell;

/// A session of a restore.
pub struct Restore {
    server: Server,
    place: Place,
    patterns: Patterns,
    /// Those that are restored into; the leader's.
    databases: RefCell<Vec<String>>,
}

impl Restore {
    async fn open(target: &Endpoint, options: &RestoreOptions) -> Result<Self> {
        let place = Place::new(options)?;
        let server = Server::connect(target, true).await?;
        let patterns = Patterns::new(&options.only, &options.except);
        Ok(Self { server, place, patterns, databases: RefCell::default() })
    }

    async fn collection(&self, attempt: u32, data: Data, complete: Complete) -> Result<()> {
        for entry in &all(data, complete).await? {
            let collection = entry::read(entry)?;
            // Written down before it is made, so that cleaning up finds it.
            let database = self.place.database(&collection.database);
            Journal::new(&self.server, database, &self.place.operation_id).write(&collection, entry).await?;
            if collection.kind != Kind::View {
                collections::create(&self.server, &self.place, &collection, attempt > 0).await?;
            }
        }
        Ok(())
    }

    async fn documents(&self, unit: &Unit, attempt: u32, data: Data, complete: Complete) -> Result<u64> {
        let (from, collection) = of(unit)?;
        let database = self.place.database(from).to_owned();
        let kind = options::get(&unit.extra, "kind").unwrap_or_default();
        let in_place = kind == "timeseries";
        let name = if in_place { collection.to_owned() } else { self.place.working(from, collection) };
        // Without an index on _id, or with an order, what an attempt before wrote can't be told apart.
        let anew = kind != "plain";
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

    async fn indexes(&self, unit: &Unit, data: Data, complete: Complete) -> Result<()> {
        let (from, collection) = of(unit)?;
        let mut indexes = all(data, complete).await?;
        // Those that delete come last of all, from the journal.
        indexes.retain(|index| !collections::expires(index));
        let database = self.place.database(from);
        let journal = Journal::new(&self.server, database, &self.place.operation_id);
        let name = collections::made_as(&self.place, &journal.entry(collection).await?);
        let made = collections::create_indexes(&self.server, database, &name, &indexes).await;
        made.map_err(|error| error.while_doing(format!("making the indexes of {from}.{collection}")))
    }
}

impl RestoreSession for Restore {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        Self::open(&target, &options).await
    }

    async fn join(target: Endpoint, options: RestoreOptions, _: String) -> Result<Self> {
        Self::open(&target, &options).await
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        check::check(&self.server, &self.place, &source).await
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        let blocked = check::check(&self.server, &self.place, &source).await?;
        if let Some(finding) = blocked.into_iter().find(|finding| finding.severity == "blocker") {
            return Err(Error::already_exists(format!("{}: {}", finding.object, finding.what)));
        }
        let objects = source.units.iter().flat_map(|unit| unit.objects.iter().map(String::as_str));
        self.patterns.all_match(objects)?;
        let databases = self.place.databases(&source)?;
        for database in &databases {
            Journal::new(&self.server, database, &self.place.operation_id).create().await?;
        }
        *self.databases.borrow_mut() = databases;
        let wanted = |unit: &&Unit| unit.objects.iter().any(|object| self.patterns.choose(object));
        let units = source.units.iter().filter(wanted).map(|unit| unit.name.clone()).collect();
        // Workers find everything by the operation's id.
        Ok(Prepared { token: Some(String::new()), units: (!self.patterns.choose_all()).then_some(units) })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        if unit.name.starts_with(COLLECTIONS) {
            self.collection(attempt, data, complete).await?;
        } else if unit.name.starts_with(INDEXES) {
            self.indexes(&unit, data, complete).await?;
        } else {
            let rows = self.documents(&unit, attempt, data, complete).await?;
            return Ok(Summary { rows: Some(rows), ..Summary::default() });
        }
        Ok(Summary::default())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        let databases = self.databases.borrow().clone();
        let mut notes = Vec::new();
        for database in databases {
            notes.extend(finish::show(&self.server, &self.place, &database).await?);
        }
        Ok(notes)
    }
}

/// The documents of a unit that has few, once it is known to be whole.
async fn all(data: Data, complete: Complete) -> Result<Vec<Document>> {
    let mut documents = Documents::new(data);
    let mut all = Vec::new();
    while let Some(document) = documents.next().await? {
        all.push(document);
    }
    complete.await?;
    Ok(all)
}

/// The database and the collection of the backup that a unit is of.
fn of(unit: &Unit) -> Result<(&str, &str)> {
    let noted = |name: &str| {
        options::get(&unit.extra, name)
            .ok_or_else(|| Error::corrupt(format!("the unit {} doesn't say of which {name} it is", unit.name)))
    };
    Ok((noted("database")?, noted("collection")?))
}
