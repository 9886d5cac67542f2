//! From a catalogue to units: what is in each, and which must be back before which.

use super::ranges::Range;
use crate::access::Access;
use crate::bson::Document;
use crate::catalog::{Collection, Kind, Size};
use crate::definition::{self, BSON, FORMAT};
use crate::namespace::{BUCKETS, Scope, in_unit_name};
use crate::oplog;
use crate::selection;
use crate::uuid;
use cofferdam_sdk::engine::Unit;
use cofferdam_sdk::{Options, Result};
use std::collections::HashMap;

/// What the names of units begin with that make a collection or a view.
pub const COLLECTIONS: &str = "collections/";
/// What the names of units of documents begin with.
pub const DATA: &str = "data/";
/// What the names of units of indexes begin with.
pub const INDEXES: &str = "indexes/";

/// What a unit of a view notes each object by that the view reads.
pub const NEEDS: &str = "needs";
/// What a unit of a collection notes its UUID by, where the server said it.
pub const UUID: &str = "uuid";

/// The units of a backup, and the definitions of those that the leader has in memory.
pub struct Units {
    /// The units.
    pub units: Vec<Unit>,
    /// Their lines, by the unit's name.
    pub definitions: HashMap<String, String>,
    /// How many collections there are units of documents of.
    pub with_documents: u64,
    scope: Scope,
}

impl Units {
    /// Makes units of a catalogue. `ranges` are those of each collection.
    pub fn build(collections: &[Collection], sizes: &[Size], ranges: &[Vec<Range>], scope: &Scope) -> Result<Self> {
        let mut units =
            Self { units: Vec::new(), definitions: HashMap::new(), with_documents: 0, scope: scope.clone() };
        for ((collection, size), ranges) in collections.iter().zip(sizes).zip(ranges) {
            let called = scope.object(&collection.database, &collection.name);
            if let Some(line) = definition::of_collection(collection, &called)? {
                units.known(made_by(collection), collection, Vec::new(), line);
            }
            let data = units.data(collection, *size, ranges, collections);
            units.with_documents += u64::from(!data.is_empty());
            if !collection.indexes.is_empty() {
                let name = format!("{INDEXES}{}", in_unit_name(&collection.database, &collection.name));
                let after = data.into_iter().chain([made_by(collection)]).collect();
                units.known(name, collection, after, definition::of_indexes(&collection.indexes, &called)?);
            }
        }
        Ok(units)
    }

    /// The units of users and of roles, where there are any.
    pub fn add_access(&mut self, found: &[(Access, Vec<Document>)]) -> Result<()> {
        for (access, documents) in found.iter().filter(|(_, documents)| !documents.is_empty()) {
            let lines = documents.iter().map(|document| access.define(document, &self.scope));
            self.leaders(access.folder.to_owned(), Vec::new(), Vec::new(), lines.collect::<Result<_>>()?, Vec::new());
        }
        Ok(())
    }

    /// The unit of what changes while the others are read: after all documents, and before any index.
    pub fn add_changes(&mut self, collections: &[Collection]) {
        let made = |unit: &&Unit| unit.name.starts_with(COLLECTIONS) || unit.name.starts_with(DATA);
        let after = self.units.iter().filter(made).map(|unit| unit.name.clone()).collect();
        for unit in self.units.iter_mut().filter(|unit| unit.name.starts_with(INDEXES)) {
            unit.after.push(oplog::UNIT.to_owned());
        }
        let plain = collections.iter().filter(|collection| collection.kind == Kind::Plain);
        self.units.push(Unit {
            name: oplog::UNIT.to_owned(),
            format: BSON.to_owned(),
            framing: "changes".to_owned(),
            objects: plain.map(|collection| self.scope.object(&collection.database, &collection.name)).collect(),
            after,
            estimated_bytes: None,
            estimated_rows: None,
            leader: true,
            external: false,
            extra: Vec::new(),
        });
    }

    /// The units of a collection's documents; their names.
    fn data(&mut self, collection: &Collection, size: Size, ranges: &[Range], all: &[Collection]) -> Vec<String> {
        let buckets = || {
            let buckets = format!("{}{}", BUCKETS, collection.name);
            all.iter().any(|other| other.database == collection.database && other.name == buckets)
        };
        // A time series' measurements are read as its buckets, where the server shows those.
        if collection.kind == Kind::View || collection.kind == Kind::TimeSeries && buckets() {
            return Vec::new();
        }
        let parts = ranges.len().max(1) as u64;
        let mut names = Vec::with_capacity(ranges.len());
        for (n, range) in ranges.iter().enumerate() {
            let name = format!("{DATA}{}/{}", in_unit_name(&collection.database, &collection.name), n + 1);
            let mut extra = place(collection);
            extra.push(("kind".to_owned(), kind(collection).to_owned()));
            if let (Some(bytes), Some(documents @ 1..)) = (size.bytes, size.documents) {
                extra.push(("document-bytes".to_owned(), (bytes / documents).to_string()));
            }
            extra.extend(range.extra());
            self.units.push(Unit {
                name: name.clone(),
                format: BSON.to_owned(),
                framing: "u32le".to_owned(),
                objects: vec![self.scope.object(&collection.database, &collection.name)],
                after: vec![made_by(collection)],
                estimated_bytes: size.bytes.map(|bytes| bytes / parts),
                estimated_rows: size.documents.map(|documents| documents / parts),
                leader: false,
                external: false,
                extra,
            });
            names.push(name);
        }
        names
    }

    /// A unit of a collection whose definitions the leader has.
    fn known(&mut self, name: String, of: &Collection, after: Vec<String>, lines: String) {
        let mut extra = place(of);
        extra.push(("kind".to_owned(), kind(of).to_owned()));
        let uuid = of.uuid.as_ref().filter(|_| matches!(of.kind, Kind::Plain | Kind::Capped));
        extra.extend(uuid.map(|id| (UUID.to_owned(), uuid::written(id))));
        let needs =
            selection::needs(of).into_iter().map(|name| (NEEDS.to_owned(), self.scope.object(&of.database, &name)));
        extra.extend(needs);
        self.leaders(name, vec![self.scope.object(&of.database, &of.name)], after, lines, extra);
    }

    fn leaders(&mut self, name: String, objects: Vec<String>, after: Vec<String>, lines: String, extra: Options) {
        self.units.push(Unit {
            name: name.clone(),
            format: FORMAT.to_owned(),
            framing: "definitions".to_owned(),
            objects,
            after,
            estimated_bytes: Some(lines.len() as u64),
            estimated_rows: None,
            leader: true,
            external: false,
            extra,
        });
        self.definitions.insert(name, lines);
    }
}

/// The unit that makes a collection; that of its time series makes a collection of buckets.
fn made_by(collection: &Collection) -> String {
    let name = collection.name.strip_prefix(BUCKETS).unwrap_or(&collection.name);
    format!("{COLLECTIONS}{}", in_unit_name(&collection.database, name))
}

/// Which collection a unit is of.
fn place(collection: &Collection) -> Options {
    vec![("database".to_owned(), collection.database.clone()), ("collection".to_owned(), collection.name.clone())]
}

/// How the documents of a collection are written, as a unit notes it.
pub fn kind(collection: &Collection) -> &'static str {
    match collection.kind {
        Kind::Capped => "capped",
        Kind::Buckets | Kind::TimeSeries => "timeseries",
        Kind::Plain | Kind::View if collection.is_encrypted() => "encrypted",
        Kind::Plain | Kind::View => "plain",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::Builder;

    fn collection(name: &str, kind: Kind) -> Collection {
        Collection {
            database: "d".to_owned(),
            name: name.to_owned(),
            kind,
            options: Builder::new().finish(),
            uuid: None,
            indexes: Vec::new(),
        }
    }

    fn names(collections: &[Collection]) -> Vec<String> {
        let sizes = vec![Size::default(); collections.len()];
        let ranges = vec![vec![Range::default()]; collections.len()];
        let units = Units::build(collections, &sizes, &ranges, &Scope::Database).unwrap();
        units.units.into_iter().map(|unit| unit.name).collect()
    }

    #[test]
    fn indexes_come_after_the_data_and_that_after_the_collections() {
        let indexed = Collection { indexes: vec![Builder::new().finish()], ..collection("c", Kind::Plain) };
        let ranges = [vec![Range::default(), Range::default()]];
        let units = Units::build(&[indexed], &[Size::default()], &ranges, &Scope::Server).unwrap().units;
        assert_eq!(units[3].name, "indexes/d.c");
        assert_eq!(units[3].after, ["data/d.c/1", "data/d.c/2", "collections/d.c"]);
        assert!(units[1].after == ["collections/d.c"] && !units[1].leader && units[3].leader);
        assert_eq!(units[1].objects, ["d.c"]);
    }

    #[test]
    fn what_changed_comes_after_all_documents_and_before_indexes() {
        let indexed = Collection { indexes: vec![Builder::new().finish()], ..collection("c", Kind::Plain) };
        let both = [indexed, collection("log", Kind::Capped)];
        let ranges = [vec![Range::default()], vec![Range::default()]];
        let mut units = Units::build(&both, &[Size::default(); 2], &ranges, &Scope::Database).unwrap();
        units.add_changes(&both);
        let named = |name: &str| units.units.iter().find(|unit| unit.name == name).unwrap();
        let changes = named("oplog");
        assert!(changes.leader && changes.objects == ["c"]);
        assert_eq!(changes.after, ["collections/d.c", "data/d.c/1", "collections/d.log", "data/d.log/1"]);
        assert!(named("indexes/d.c").after.contains(&"oplog".to_owned()));
    }

    #[test]
    fn a_time_series_is_read_once() {
        let both = [collection("m", Kind::TimeSeries), collection("system.buckets.m", Kind::Buckets)];
        assert_eq!(names(&both), ["collections/d.m", "data/d.system%2Ebuckets%2Em/1"]);
        assert_eq!(names(&both[..1]), ["collections/d.m", "data/d.m/1"]);
    }

    #[test]
    fn a_view_has_no_data() {
        assert_eq!(names(&[collection("v", Kind::View)]), ["collections/d.v"]);
    }
}
