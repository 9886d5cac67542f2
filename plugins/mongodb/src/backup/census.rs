//! A count of what there is, by names alone: what the units carry is held against it.

use crate::bson::{self, Builder};
use crate::catalog::{AT_ONCE, Collection, Kind};
use crate::definition::{COLLECTION, INDEX, TIME_SERIES, VIEW};
use crate::namespace::operation;
use crate::note::note;
use crate::server::Server;
use cofferdam_sdk::engine::{Note, Tally};
use cofferdam_sdk::{Error, Result, join_all};
use std::collections::BTreeSet;

/// How many of each kind there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    collections: u64,
    views: u64,
    time_series: u64,
    indexes: u64,
    /// Restores that haven't ended: what they made is no user's yet.
    unfinished: BTreeSet<String>,
}

/// Counts what users made in these databases.
pub async fn take(server: &Server, databases: &[String]) -> Result<Census> {
    let mut census = Census::default();
    let mut with_indexes = Vec::new();
    for database in databases {
        let cursor = Builder::new().finish();
        let list = Builder::new().int("listCollections", 1).truth("nameOnly", true).document("cursor", &cursor);
        let listed = server.documents(database, list).await?;
        for (name, kind) in listed.iter().filter_map(|entry| {
            let name = bson::get(entry, "name")?.text()?;
            Some((name, bson::get(entry, "type").and_then(|kind| kind.text()).unwrap_or("collection")))
        }) {
            // The server's own, but for the functions of users.
            let servers = name.starts_with("system.") && (name != "system.js" || database == "admin");
            if let Some(id) = operation(name) {
                census.unfinished.insert(id.to_owned());
            }
            if servers || operation(name).is_some() {
                continue;
            }
            match kind {
                "view" => census.views += 1,
                "timeseries" => census.time_series += 1,
                _ => census.collections += 1,
            }
            if kind != "view" {
                with_indexes.push((database.as_str(), name.to_owned()));
            }
        }
    }
    for some in with_indexes.chunks(AT_ONCE) {
        for number in join_all(some.iter().map(|(database, name)| indexes(server, database, name))).await {
            census.indexes += number?;
        }
    }
    Ok(census)
}

/// Indexes besides the one that comes with every collection.
async fn indexes(server: &Server, database: &str, name: &str) -> Result<u64> {
    let cursor = Builder::new().finish();
    let list = Builder::new().text("listIndexes", name).document("cursor", &cursor);
    let listed = match server.documents(database, list).await {
        Err(error) if error.has_engine_code("NamespaceNotFound") => return Ok(0),
        listed => listed?,
    };
    let own = listed.iter().filter(|index| {
        let is_first = bson::get(index, "name").and_then(|name| name.text()) == Some("_id_");
        !is_first && bson::get(index, "clustered").is_none()
    });
    u64::try_from(own.count()).map_err(|_| Error::internal("too many indexes"))
}

impl Census {
    /// Whether it counts what these are.
    pub fn is_of(&self, collections: &[Collection]) -> bool {
        *self == Self { unfinished: self.unfinished.clone(), ..Self::of(collections) }
    }

    /// What of restores that haven't ended isn't in the backup.
    pub fn notes(&self) -> Vec<Note> {
        let told = |id: &String| {
            let reason = format!(
                "what a restore made that hasn't ended isn't backed up; once it doesn't run any more, `cofferdam cleanup {id}` takes it away"
            );
            note("left-out", format!("operation {id}"), reason)
        };
        self.unfinished.iter().map(told).collect()
    }

    fn of(collections: &[Collection]) -> Self {
        let number = |kinds: &[Kind]| collections.iter().filter(|each| kinds.contains(&each.kind)).count() as u64;
        Self {
            collections: number(&[Kind::Plain, Kind::Capped]),
            views: number(&[Kind::View]),
            time_series: number(&[Kind::TimeSeries]),
            indexes: collections.iter().map(|each| each.indexes.len() as u64).sum(),
            unfinished: BTreeSet::new(),
        }
    }

    /// The tallies of a plan that carries these of all that there is, and the documents of so many of them.
    pub fn tallies(&self, carried: &[Collection], with_documents: u64) -> Vec<Tally> {
        let these = Self::of(carried);
        let tally = |kind: &str, counted: u64, carried: u64| Tally {
            kind: kind.to_owned(),
            counted,
            carried,
            left_out: counted.saturating_sub(carried),
        };
        let wanted = these.collections + these.time_series;
        let mut rows = tally("rows", self.collections + self.time_series, with_documents);
        // What wasn't chosen is left out; what was and has no unit is what the host has to find.
        rows.left_out = rows.counted.saturating_sub(wanted);
        vec![
            tally(COLLECTION, self.collections, these.collections),
            tally(VIEW, self.views, these.views),
            tally(TIME_SERIES, self.time_series, these.time_series),
            tally(INDEX, self.indexes, these.indexes),
            rows,
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn collection(kind: Kind, indexes: usize) -> Collection {
        Collection {
            database: "d".to_owned(),
            name: "c".to_owned(),
            kind,
            options: Builder::new().finish(),
            uuid: None,
            indexes: vec![Builder::new().finish(); indexes],
        }
    }

    #[test]
    fn what_is_carried_and_what_is_left_out_are_what_was_counted() {
        let census = Census { collections: 3, views: 1, time_series: 1, indexes: 4, ..Census::default() };
        let carried = [collection(Kind::Plain, 1), collection(Kind::TimeSeries, 0), collection(Kind::Buckets, 0)];
        for tally in census.tallies(&carried, 2) {
            assert_eq!(tally.carried + tally.left_out, tally.counted, "{tally:?}");
        }
        assert!(!census.is_of(&carried));
        let unfinished = Census { unfinished: BTreeSet::from(["0123456789ab".to_owned()]), ..Census::of(&carried) };
        assert!(unfinished.is_of(&carried) && unfinished.notes().len() == 1);
    }

    #[test]
    fn a_collection_without_a_unit_of_documents_is_missed() {
        let census = Census { collections: 2, ..Census::default() };
        let carried = [collection(Kind::Plain, 0), collection(Kind::Capped, 0)];
        let rows = census.tallies(&carried, 1).pop().unwrap();
        assert_eq!((rows.counted, rows.carried, rows.left_out), (2, 1, 0));
        assert!(census.is_of(&carried));
    }
}
