//! The documents of units that make collections: `application/vnd.cofferdam.mongodb.collection; version=1`.
//!
//! One stands for a collection or a view: `{ database, name, kind, options, indexes }`, with options and indexes as the
//! server gave them.

use crate::bson::{self, Builder, Document};
use crate::catalog::{Collection, Kind};
use cofferdam_sdk::{Error, Result};

/// The media type of a unit that makes a collection.
pub const FORMAT: &str = "application/vnd.cofferdam.mongodb.collection; version=1";

/// The media type of documents as they are.
pub const BSON: &str = "application/bson";

const KINDS: [(Kind, &str); 4] =
    [(Kind::Plain, "collection"), (Kind::Capped, "capped"), (Kind::View, "view"), (Kind::TimeSeries, "timeseries")];

/// The entry of a collection; none for what comes with another.
pub fn write(collection: &Collection) -> Option<Document> {
    let (_, kind) = KINDS.iter().find(|(kind, _)| *kind == collection.kind)?;
    let entry = Builder::new()
        .text("database", &collection.database)
        .text("name", &collection.name)
        .text("kind", kind)
        .document("options", &collection.options)
        .array("indexes", &collection.indexes);
    Some(entry.finish())
}

/// The collection of an entry.
///
/// # Errors
/// "corrupt" if it isn't one.
pub fn read(entry: &[u8]) -> Result<Collection> {
    let collection = || {
        let text = |name: &str| bson::get(entry, name)?.text().map(str::to_owned);
        let named = text("kind")?;
        Some(Collection {
            database: text("database")?,
            name: text("name")?,
            kind: KINDS.iter().find(|(_, name)| *name == named).map(|(kind, _)| *kind)?,
            options: bson::get(entry, "options")?.document()?.to_vec(),
            uuid: None,
            indexes: bson::documents(bson::get(entry, "indexes")?.document()?).ok()?,
        })
    };
    collection().ok_or_else(|| Error::corrupt("what makes a collection can't be read"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let collection = Collection {
            database: "shop".to_owned(),
            name: "orders".to_owned(),
            kind: Kind::Capped,
            options: Builder::new().truth("capped", true).int("size", 4096).finish(),
            uuid: None,
            indexes: vec![Builder::new().text("name", "a_1").finish()],
        };
        assert_eq!(read(&write(&collection).unwrap()).unwrap(), collection);
        assert!(read(&Builder::new().finish()).is_err());
    }
}
