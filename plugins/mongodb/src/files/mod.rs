//! A backup as the files that `mongodump` writes and `mongorestore` reads: `DATABASE/COLLECTION.bson`, and beside it
//! `COLLECTION.metadata.json` with options and indexes.

mod decimal;
mod json;
mod name;

use crate::backup::{COLLECTIONS, INDEXES};
use crate::bson::{self, Builder, Document};
use crate::catalog::Kind;
use crate::documents::Documents;
use crate::entry;
use crate::namespace;
use cofferdam_sdk::engine::{Complete, Data, File, FilesOptions, Layout, Part, Source, Summary, Unit};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Error, Reading, Result, options};
use std::collections::BTreeMap;

const METADATA: &str = ".metadata.json";

/// Which files there are.
pub fn lay_out(source: &Source, options: &FilesOptions) -> Result<Layout> {
    let patterns = Patterns::new(&options.only, &options.except);
    patterns.all_match(source.units.iter().flat_map(|unit| unit.objects.iter().map(String::as_str)))?;
    let mut files: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for unit in source.units.iter().filter(|unit| unit.objects.iter().any(|object| patterns.choose(object))) {
        let noted = |name: &str| {
            options::get(&unit.extra, name)
                .ok_or_else(|| Error::corrupt(format!("the unit {} doesn't say of which {name} it is", unit.name)))
        };
        let describes = unit.name.starts_with(COLLECTIONS) || unit.name.starts_with(INDEXES);
        let suffix = if describes { METADATA } else { ".bson" };
        let path = format!("{}/{}{suffix}", name::escaped(noted("database")?), name::escaped(noted("collection")?));
        files.entry(path).or_default().push(Part::Unit(unit.name.clone()));
    }
    let files = files.into_iter().map(|(path, parts)| File { path, parts }).collect();
    Ok(Layout { files, notes: Vec::new() })
}

/// A unit's stream as it belongs into its file: documents as they are, and what makes a collection as JSON.
pub fn convert(unit: Unit, data: Data, complete: Complete) -> Reading {
    let makes = unit.name.starts_with(COLLECTIONS);
    if !makes && !unit.name.starts_with(INDEXES) {
        return Reading::passed_on(data, complete);
    }
    Reading::produced(move |mut writer| async move {
        let mut documents = Documents::new(data);
        while let Some(document) = documents.next().await? {
            // Indexes are in what makes the collection too, which is the only place where mongorestore looks.
            if makes {
                writer.write(metadata(&document)?.into_bytes()).await?;
            }
        }
        complete.await?;
        Ok(Summary::default())
    })
}

/// A collection as mongodump describes it, in canonical extended JSON.
fn metadata(entry: &[u8]) -> Result<String> {
    let collection = entry::read(entry)?;
    let mut indexes: Vec<Document> = Vec::new();
    if matches!(collection.kind, Kind::Plain | Kind::Capped) {
        let key = Builder::new().int("_id", 1).finish();
        indexes.push(Builder::new().int("v", 2).document("key", &key).text("name", "_id_").finish());
    }
    indexes.extend(collection.indexes);
    let kind = match collection.kind {
        Kind::View => "view",
        Kind::TimeSeries => "timeseries",
        Kind::Plain | Kind::Capped | Kind::Buckets => "collection",
    };
    // A clustered collection has no other index on _id.
    if bson::get(&collection.options, "clusteredIndex").is_some() {
        indexes.remove(0);
    }
    let described = Builder::new()
        .array("indexes", &indexes)
        .text("collectionName", &collection.name)
        .text("type", kind)
        .document("options", &collection.options);
    json::canonical(&described.finish()).map_err(|error| {
        error.while_doing(format!("describing {}", namespace::object(&collection.database, &collection.name)))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::catalog::Collection;

    fn unit(name: &str, collection: &str) -> Unit {
        Unit {
            name: name.to_owned(),
            format: String::new(),
            framing: "u32le".to_owned(),
            objects: vec![format!("d.{collection}")],
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: false,
            external: false,
            extra: options::from_pairs([("database", "d"), ("collection", collection)]),
        }
    }

    #[test]
    fn a_collections_ranges_are_one_file_and_its_indexes_are_described_with_it() {
        let units = vec![
            unit("collections/d.c", "c"),
            unit("data/d.c/1", "c"),
            unit("data/d.c/2", "c"),
            unit("indexes/d.c", "c"),
        ];
        let source = Source { engine: String::new(), server_version: String::new(), units, extra: Vec::new() };
        let none = FilesOptions { only: Vec::new(), except: Vec::new(), extra: Vec::new() };
        let layout = lay_out(&source, &none).unwrap();
        let files: Vec<(&str, usize)> =
            layout.files.iter().map(|file| (file.path.as_str(), file.parts.len())).collect();
        assert_eq!(files, [("d/c.bson", 2), ("d/c.metadata.json", 2)]);
        let some = FilesOptions { only: vec!["d.x".to_owned()], ..none };
        assert!(lay_out(&source, &some).is_err());
    }

    #[test]
    fn a_collection_is_described_as_mongodump_does() {
        let collection = Collection {
            database: "d".to_owned(),
            name: "c".to_owned(),
            kind: Kind::Plain,
            options: Builder::new().truth("capped", false).finish(),
            uuid: None,
            indexes: Vec::new(),
        };
        assert_eq!(
            metadata(&entry::write(&collection).unwrap()).unwrap(),
            "{\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},\"key\":{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"}],\
             \"collectionName\":\"c\",\"type\":\"collection\",\"options\":{\"capped\":false}}"
        );
    }
}
