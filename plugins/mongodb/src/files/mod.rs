//! A backup as the files that `mongodump` writes and `mongorestore` reads: `DATABASE/COLLECTION.bson`, and beside it
//! `COLLECTION.metadata.json` with options and indexes.

mod access;
mod import;
mod metadata;
mod name;

pub use import::{convert as convert_file, describing, recognise};

use crate::access::Access;
use crate::backup::{COLLECTIONS, INDEXES};
use crate::definition::{self, LONGEST};
use crate::note::note;
use crate::oplog;
use cofferdam_sdk::engine::{Complete, Data, File, FilesOptions, Layout, Part, Source, Summary, Unit};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Error, Lines, Reading, Result, options};
use std::collections::BTreeMap;

const METADATA: &str = ".metadata.json";

/// What mongodump and mongorestore call what changed while the rest was read.
const REPLAYED: &str = "oplog.bson";

/// Which files there are.
pub fn lay_out(source: &Source, options: &FilesOptions) -> Result<Layout> {
    let patterns = Patterns::new(&options.only, &options.except);
    patterns.all_match(source.units.iter().flat_map(|unit| unit.objects.iter().map(String::as_str)))?;
    let mut files: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    let mut notes = Vec::new();
    let users = access::are_wanted(options, patterns.choose_all())?;
    let chosen = |unit: &&Unit| {
        let access = Access::of_unit(&unit.name).is_some();
        access && patterns.choose_all() || unit.objects.iter().any(|object| patterns.choose(object))
    };
    for unit in source.units.iter().filter(chosen) {
        if Access::of_unit(&unit.name).is_some() {
            if !users {
                let reason = "they aren't written into files, which aren't encrypted; --set users=export does, and a \
                              restore makes them with --set users=restore";
                notes.push(note("left-out", unit.name.as_str(), reason));
            }
            continue;
        }
        if unit.name == oplog::UNIT {
            if !patterns.choose_all() && unit.estimated_bytes != Some(0) {
                return Err(Error::unsupported(
                    "what changed while this backup was taken can't be written for some collections alone",
                )
                .with_hint("export all of it; or restore with --only, and export a backup of that"));
            }
            files.entry(REPLAYED.to_owned()).or_default().push(Part::Unit(unit.name.clone()));
            notes.push(note(
                "carried",
                REPLAYED,
                "what changed while the backup was taken: load it with mongorestore --oplogReplay",
            ));
            continue;
        }
        let noted = |name: &str| {
            options::get(&unit.extra, name)
                .ok_or_else(|| Error::corrupt(format!("the unit {} doesn't say of which {name} it is", unit.name)))
        };
        let describes = unit.name.starts_with(COLLECTIONS) || unit.name.starts_with(INDEXES);
        let suffix = if describes { METADATA } else { ".bson" };
        let path = format!("{}/{}{suffix}", name::escaped(noted("database")?), name::escaped(noted("collection")?));
        files.entry(path).or_default().push(Part::Unit(unit.name.clone()));
    }
    let mut files: Vec<File> = files.into_iter().map(|(path, parts)| File { path, parts }).collect();
    if users {
        let (more, told) = access::lay_out(source)?;
        files.extend(more);
        notes.push(told);
    }
    Ok(Layout { files, notes })
}

/// A unit's stream as it belongs into its file: documents as they are, and what makes a collection as JSON.
pub fn convert(unit: Unit, data: Data, complete: Complete) -> Reading {
    let makes = unit.name.starts_with(COLLECTIONS);
    let access = Access::of_unit(&unit.name).is_some();
    if !makes && !access && !unit.name.starts_with(INDEXES) {
        return Reading::passed_on(data, complete);
    }
    Reading::produced(move |mut writer| async move {
        let mut lines = Lines::new(data, LONGEST);
        while let Some(line) = lines.next().await? {
            // Indexes are in what makes the collection too, which is the only place where mongorestore looks.
            if access {
                writer.write(definition::read(&line)?.document).await?;
            } else if makes {
                let collection = definition::collection(&definition::read(&line)?.document)?;
                writer.write(metadata::write(&collection)?.into_bytes()).await?;
            }
        }
        complete.await?;
        Ok(Summary::default())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

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
}
