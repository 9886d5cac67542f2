//! A collection as `mongodump` describes it, in extended JSON: `{ indexes, collectionName, type, options, uuid }` (mongo-tools,
//! `mongodump/metadata_dump.go`, `Metadata`).

use crate::bson::{self, Builder, Document};
use crate::catalog::{self, Collection, Kind};
use crate::json;
use crate::uuid;
use cofferdam_sdk::{Error, Result};

/// Describes a collection.
pub fn write(collection: &Collection) -> Result<String> {
    let mut indexes: Vec<Document> = Vec::new();
    if matches!(collection.kind, Kind::Plain | Kind::Capped) {
        indexes.extend(catalog::id_index(&collection.options));
    }
    indexes.extend(collection.indexes.iter().cloned());
    let kind = match collection.kind {
        Kind::View => "view",
        Kind::TimeSeries => "timeseries",
        Kind::Plain | Kind::Capped | Kind::Buckets => "collection",
    };
    let described = Builder::new()
        .array("indexes", &indexes)
        .text("collectionName", &collection.name)
        .text("type", kind)
        .document("options", &collection.options);
    let described = match &collection.uuid {
        Some(uuid) => described.text("uuid", &uuid::written(uuid)),
        None => described,
    };
    let text = json::canonical(&described.finish());
    text.map_err(|error| error.while_doing(format!("describing {}", collection.object())))
}

/// Reads what describes the collection of a file whose name stands for `name`.
///
/// # Errors
/// "corrupt" if it isn't what `mongodump` writes.
pub fn read(text: &[u8], database: &str, name: &str) -> Result<Collection> {
    let described = json::document(text)?;
    let told = |field: &str| bson::get(&described, field).and_then(|value| value.text());
    let list = |field: &str| bson::get(&described, field).and_then(|value| value.document());
    // The name of a file may be cut; a collection's isn't.
    let name = told("collectionName").unwrap_or(name).to_owned();
    let options = match list("options") {
        // What the first versions wrote down of how it was made, which isn't an option.
        Some(options) => Builder::new().all_but(options, &["create", "temp", "idIndex"])?.finish(),
        None => Builder::new().finish(),
    };
    let kind = Kind::of(&name, told("type").or_else(|| bson::get(&options, "viewOn").map(|_| "view")), &options);
    let indexes = bson::documents(list("indexes").ok_or_else(|| Error::corrupt("it doesn't list the indexes"))?)?;
    let indexes = if kind == Kind::View { Vec::new() } else { catalog::made(&indexes)? };
    // Of a view it is empty.
    let uuid = told("uuid").and_then(uuid::read);
    Ok(Collection { database: database.to_owned(), name, kind, options, uuid, indexes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_collection_is_described_as_mongodump_does_and_read_again() {
        let index = Builder::new().int("v", 2).document("key", &Builder::new().int("b", 1).int("a", -1).finish());
        let collection = Collection {
            database: "d".to_owned(),
            name: "c".to_owned(),
            kind: Kind::Plain,
            options: Builder::new().text("validationLevel", "off").finish(),
            uuid: None,
            indexes: vec![index.text("name", "b_a").finish()],
        };
        let text = write(&collection).unwrap();
        assert_eq!(
            text,
            "{\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},\"key\":{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"},\
             {\"v\":{\"$numberInt\":\"2\"},\"key\":{\"b\":{\"$numberInt\":\"1\"},\"a\":{\"$numberInt\":\"-1\"}},\"name\":\"b_a\"}],\
             \"collectionName\":\"c\",\"type\":\"collection\",\"options\":{\"validationLevel\":\"off\"}}"
        );
        assert_eq!(read(text.as_bytes(), "d", "cut").unwrap(), collection);
        let known = Collection { uuid: Some(vec![10; 16]), ..collection };
        let text = write(&known).unwrap();
        assert!(text.ends_with(",\"uuid\":\"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\"}"), "{text}");
        assert_eq!(read(text.as_bytes(), "d", "cut").unwrap(), known);
    }

    #[test]
    fn what_mongodump_wrote_in_earlier_versions_is_read_too() {
        let text = b"{\"options\":{\"create\":\"log\",\"capped\":true,\"size\":4096},\"indexes\":[{\"v\":1,\"key\":{\"_id\":1},\
            \"name\":\"_id_\",\"ns\":\"d.log\"},{\"v\":1,\"key\":{\"at\":1.0},\"name\":\"at_1\",\"ns\":\"d.log\",\"background\":true}]}";
        let log = read(text, "d", "log").unwrap();
        assert_eq!((log.kind, log.indexes.len(), log.name.as_str()), (Kind::Capped, 1, "log"));
        assert_eq!(log.options, Builder::new().truth("capped", true).int("size", 4096).finish());
        assert!(bson::get(&log.indexes[0], "ns").is_none());
        assert!(read(b"{}", "d", "x").is_err());
    }
}
