//! The lines of units that make something: `application/vnd.cofferdam.mongodb.definitions+json; version=1`.
//!
//! A line is a JSON object. `object` says what it makes, `bson` is the document that makes it, in Base64, so that no type
//! and no byte is lost; `compare_as` is what of it makes a difference, as extended JSON. What makes a collection or a view
//! is `{ database, name, kind, options, indexes, uuid }`, as the server gave them, the last where it did; what makes an
//! index is as the server gave it.

use crate::bson::{self, Builder, Document};
use crate::catalog::{Collection, Kind};
use crate::json;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cofferdam_sdk::{Error, Result};

/// The media type of a unit of definitions.
pub const FORMAT: &str = "application/vnd.cofferdam.mongodb.definitions+json; version=1";

/// The media type of documents as they are.
pub const BSON: &str = "application/bson";

/// The longest line that is taken, in bytes: a collection's options and its indexes, each of which the server takes up to
/// 16 MB.
pub const LONGEST: usize = 64 << 20;

/// Options that a server lists and another may refuse: what the storage is like isn't the collection's content.
pub const STORAGE: [&str; 3] = ["storageEngine", "recordIdsReplicated", "autoIndexId"];

const KINDS: [(Kind, &str, &str); 4] = [
    (Kind::Plain, "collection", COLLECTION),
    (Kind::Capped, "capped", COLLECTION),
    (Kind::View, "view", VIEW),
    (Kind::TimeSeries, "timeseries", TIME_SERIES),
];

/// What reports call a collection.
pub const COLLECTION: &str = "collection";
/// What reports call a view.
pub const VIEW: &str = "view";
/// What reports call a time series.
pub const TIME_SERIES: &str = "time series";
/// What reports call an index.
pub const INDEX: &str = "index";

/// What reports call something of this kind; none for what comes with another.
pub fn kind(kind: Kind) -> Option<&'static str> {
    KINDS.iter().find(|(known, ..)| *known == kind).map(|(_, _, reported)| *reported)
}

/// A line as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What it makes, as reports call it.
    pub object: String,
    /// The document that makes it.
    pub document: Document,
}

/// The document that makes a collection; none for what comes with another.
pub fn entry(collection: &Collection) -> Option<Document> {
    let (_, named, _) = KINDS.iter().find(|(kind, ..)| *kind == collection.kind)?;
    let entry = Builder::new()
        .text("database", &collection.database)
        .text("name", &collection.name)
        .text("kind", named)
        .document("options", &collection.options)
        .array("indexes", &collection.indexes);
    let entry = match &collection.uuid {
        Some(uuid) => entry.uuid("uuid", uuid),
        None => entry,
    };
    Some(entry.finish())
}

/// The line of a collection that reports call `called`; none for what comes with another.
pub fn of_collection(collection: &Collection, called: &str) -> Result<Option<String>> {
    let (Some(reported), Some(entry)) = (kind(collection.kind), entry(collection)) else { return Ok(None) };
    let named = bson::get(&entry, "kind").and_then(|kind| kind.text()).unwrap_or_default();
    let compared = Builder::new().text("kind", named).sorted_but(&collection.options, &STORAGE)?;
    Ok(Some(line(&format!("{reported} {called}"), &entry, &compared.finish())))
}

/// The lines of the indexes of a collection that reports call `called`.
pub fn of_indexes(indexes: &[Document], called: &str) -> Result<String> {
    indexes.iter().map(|index| of_index(index, called)).collect()
}

fn of_index(index: &[u8], called: &str) -> Result<String> {
    let name = bson::get(index, "name").and_then(|name| name.text()).unwrap_or_default();
    Ok(line(&format!("{INDEX} {name} of {called}"), index, &Builder::new().sorted_but(index, &[])?.finish()))
}

/// A line: what it makes, the document that makes it, and what of that makes a difference.
pub fn line(object: &str, document: &[u8], compared: &[u8]) -> String {
    let bson = BASE64_STANDARD.encode(document);
    // What can't be written as JSON is compared byte for byte.
    let compare_as = json::canonical(compared).unwrap_or_else(|_| BASE64_STANDARD.encode(compared));
    serde_json::json!({ "object": object, "bson": bson, "compare_as": compare_as }).to_string() + "\n"
}

/// Reads a line, without its line feed.
///
/// # Errors
/// "corrupt" if it isn't one.
pub fn read(line: &[u8]) -> Result<Definition> {
    let broken = || Error::corrupt("a line of the unit isn't a definition");
    let line: serde_json::Value = serde_json::from_slice(line).map_err(|_| broken())?;
    let text = |name: &str| line.get(name).and_then(serde_json::Value::as_str).ok_or_else(broken);
    let document = BASE64_STANDARD.decode(text("bson")?).map_err(|_| broken())?;
    bson::elements(&document)?;
    Ok(Definition { object: text("object")?.to_owned(), document })
}

/// The collection that a document makes.
///
/// # Errors
/// "corrupt" if it doesn't.
pub fn collection(entry: &[u8]) -> Result<Collection> {
    let collection = || {
        let text = |name: &str| bson::get(entry, name)?.text().map(str::to_owned);
        let named = text("kind")?;
        Some(Collection {
            database: text("database")?,
            name: text("name")?,
            kind: KINDS.iter().find(|(_, name, _)| *name == named).map(|(kind, ..)| *kind)?,
            options: bson::get(entry, "options")?.document()?.to_vec(),
            uuid: bson::get(entry, "uuid").and_then(|uuid| uuid.binary()).map(<[u8]>::to_vec),
            indexes: bson::documents(bson::get(entry, "indexes")?.document()?).ok()?,
        })
    };
    collection().ok_or_else(|| Error::corrupt("what makes a collection can't be read"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn log() -> Collection {
        Collection {
            database: "shop".to_owned(),
            name: "log".to_owned(),
            kind: Kind::Capped,
            options: Builder::new().truth("capped", true).int("size", 4096).finish(),
            uuid: None,
            indexes: vec![Builder::new().text("name", "a_1").finish()],
        }
    }

    fn compared(line: &str) -> String {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["compare_as"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_collection_comes_back_as_it_was() {
        let line = of_collection(&log(), "log").unwrap().unwrap();
        let read = read(line.trim_end().as_bytes()).unwrap();
        assert_eq!(read.object, "collection log");
        assert_eq!(collection(&read.document).unwrap(), log());
        let known = Collection { uuid: Some(vec![7; 16]), ..log() };
        assert_eq!(collection(&entry(&known).unwrap()).unwrap(), known);
        assert_eq!(compared(&line), compared(&of_collection(&known, "log").unwrap().unwrap()));
        assert!(collection(&Builder::new().finish()).is_err());
        assert!(of_collection(&Collection { kind: Kind::Buckets, ..log() }, "log").unwrap().is_none());
    }

    #[test]
    fn the_database_and_the_order_of_options_make_no_difference_and_what_they_say_does() {
        let of = |collection: &Collection| compared(&of_collection(collection, "log").unwrap().unwrap());
        let other = Collection {
            database: "other".to_owned(),
            options: Builder::new().int("size", 4096).truth("capped", true).text("storageEngine", "x").finish(),
            ..log()
        };
        assert_eq!(of(&log()), of(&other));
        let larger = Collection { options: Builder::new().truth("capped", true).int("size", 4097).finish(), ..log() };
        assert_ne!(of(&log()), of(&larger));
    }

    #[test]
    fn an_index_keeps_the_order_of_its_keys() {
        let index = |first: &str, second: &str| {
            let key = Builder::new().int(first, 1).int(second, 1).finish();
            Builder::new().document("key", &key).text("name", "i").finish()
        };
        let line = |index: &[u8]| of_index(index, "log").unwrap();
        let one = line(&index("a", "b"));
        assert_eq!(read(one.trim_end().as_bytes()).unwrap().object, "index i of log");
        assert_ne!(compared(&one), compared(&line(&index("b", "a"))));
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        for line in ["", "{}", "{\"object\":\"a\",\"bson\":\"?\"}", "{\"object\":\"a\",\"bson\":\"AAAA\"}"] {
            assert_eq!(read(line.as_bytes()).unwrap_err().code, "corrupt", "{line}");
        }
    }
}
