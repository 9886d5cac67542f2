//! A folder that `mongodump` made, as a backup.

use super::{METADATA, REPLAYED, access, metadata, name};
use crate::access::Access;
use crate::backup::{COLLECTIONS, DATA, INDEXES, NEEDS, UUID, kind};
use crate::bson;
use crate::catalog::{Collection, Kind};
use crate::definition::{self, BSON, FORMAT};
use crate::json;
use crate::namespace::{BUCKETS, Scope, in_unit_name, is_users_collection, is_users_database};
use crate::note::note;
use crate::selection;
use crate::uuid;
use cofferdam_sdk::engine::{Complete, Data, Described, FilesPlan, Found, Made, Note, Summary, Unit};
use cofferdam_sdk::{Error, Reading, Result, StreamResult, options};
use std::collections::{BTreeMap, BTreeSet};

/// What the tools since 100.10 say of the server and of themselves.
const PRELUDE: &str = "prelude.json";

/// What describes a collection isn't larger, in bytes; the host sees to that too.
const LONGEST_METADATA: usize = 16 << 20;

/// Bytes that are asked of a stream at once.
const PIECE: usize = 64 << 10;

/// What describes the collections.
pub fn describing(files: &[Found]) -> Vec<String> {
    let describes = |path: &&String| path.ends_with(METADATA) || path.ends_with(PRELUDE);
    files.iter().map(|file| &file.path).filter(describes).cloned().collect()
}

/// The units that the files make.
pub fn recognise(files: &[Found], described: &[Described]) -> Result<FilesPlan> {
    let mut notes = Vec::new();
    let mut documents = BTreeMap::new();
    let mut accesses = Vec::new();
    for path in files.iter().map(|file| file.path.as_str()) {
        if let Some(access) = of_access(path)? {
            accesses.push((path, access));
        } else if let Some(reason) = ignored(path)? {
            notes.push(note("left-out", path, reason));
        } else if let Some(stem) = path.strip_suffix(".bson") {
            documents.insert(stem, path);
        }
    }
    let mut collections = Vec::new();
    for file in described.iter().filter(|file| !is_left_out(&notes, &file.path)) {
        if let Some(stem) = file.path.strip_suffix(METADATA) {
            let (database, name) = place(stem)?;
            let read = metadata::read(&file.content, &database, &name);
            let collection = read.map_err(|error| error.while_doing(format!("reading {}", file.path)))?;
            collections.push((file.path.as_str(), stem, collection));
        }
    }
    let databases: BTreeSet<&str> = collections.iter().map(|(_, _, each)| each.database.as_str()).collect();
    let database = match databases.iter().copied().collect::<Vec<_>>().as_slice() {
        [] => return Err(nothing()),
        [only] => Some((*only).to_owned()),
        _ => None,
    };
    let scope = if database.is_some() { Scope::Database } else { Scope::Server };
    let mut units = Vec::new();
    for (path, stem, collection) in &collections {
        units.extend(made(path, stem, collection, &scope, &mut documents)?);
    }
    units.extend(access::recognise(&accesses));
    if let Some((_, path)) = documents.pop_first() {
        return Err(Error::not_found(format!("nothing describes the collection of {path}"))
            .with_hint("beside each COLLECTION.bson mongodump writes a COLLECTION.metadata.json; dump again"));
    }
    Ok(FilesPlan {
        consistency: "per-object".to_owned(),
        taken_at: None,
        position: None,
        server_version: version(described).unwrap_or_else(|| "unknown".to_owned()),
        database,
        units,
        notes,
        extra: Vec::new(),
    })
}

/// A file as it belongs into its unit.
pub fn convert(unit: Unit, path: &str, data: Data, complete: Complete) -> Reading {
    if let Some(access) = Access::of_unit(&unit.name) {
        return access::read(access, &unit, data, complete);
    }
    let indexes = unit.name.starts_with(INDEXES);
    if !indexes && !unit.name.starts_with(COLLECTIONS) {
        return Reading::passed_on(data, complete);
    }
    let path = path.to_owned();
    Reading::produced(move |mut writer| async move {
        let text = all(data).await?;
        complete.await?;
        let (database, name) = place(path.strip_suffix(METADATA).unwrap_or(&path))?;
        let collection = metadata::read(&text, &database, &name)?;
        let called = unit.objects.first().map(String::as_str).unwrap_or_default();
        let lines = if indexes {
            definition::of_indexes(&collection.indexes, called)?
        } else {
            definition::of_collection(&collection, called)?.unwrap_or_default()
        };
        writer.write(lines.into_bytes()).await?;
        Ok(Summary::default())
    })
}

async fn all(mut data: Data) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let (result, piece) = data.read(Vec::with_capacity(PIECE)).await;
        text.extend_from_slice(&piece);
        if text.len() > LONGEST_METADATA {
            return Err(Error::corrupt("what describes the collection is too long to be that"));
        }
        if !matches!(result, StreamResult::Complete(_)) {
            return Ok(text);
        }
    }
}

/// Whether a file is one of users or roles.
fn of_access(path: &str) -> Result<Option<Access>> {
    let Some(stem) = path.strip_suffix(".bson").filter(|stem| stem.contains('/')) else { return Ok(None) };
    let (database, name) = place(stem)?;
    Ok(access::of_file(&database, &name))
}

/// Why a file isn't taken; none if it is.
fn ignored(path: &str) -> Result<Option<&'static str>> {
    if path.ends_with(".gz") || path.ends_with(".archive") {
        return Err(Error::unsupported(format!("{path} is compressed or an archive"))
            .with_hint("decompress the files with gunzip, or dump without --gzip and --archive"));
    }
    if path.ends_with(PRELUDE) {
        return Ok(None);
    }
    if path == REPLAYED {
        return Ok(Some("the oplog isn't replayed: each collection is as it was when it was dumped"));
    }
    let Some(stem) = path.strip_suffix(METADATA).or_else(|| path.strip_suffix(".bson")) else {
        return Ok(Some("it is none of mongodump's files"));
    };
    let (database, name) = place(stem)?;
    if !is_users_database(&database) {
        return Ok(Some("the server's own database isn't restored"));
    }
    let servers = !is_users_collection(&database, &name) || name.starts_with('$');
    Ok(servers.then_some("the server's own collections aren't restored from files"))
}

fn is_left_out(notes: &[Note], path: &str) -> bool {
    notes.iter().any(|note| note.object == path)
}

/// The database and the collection that a path without its ending stands for.
fn place(stem: &str) -> Result<(String, String)> {
    let names = stem.split_once('/').filter(|(_, name)| !name.contains('/'));
    let (database, name) = names.ok_or_else(nothing)?;
    let both = name::unescaped(database).zip(name::unescaped(name));
    both.ok_or_else(|| Error::corrupt(format!("the name {stem} stands for no collection")))
}

fn nothing() -> Error {
    Error::invalid_options("this isn't a folder that mongodump made")
        .with_hint("it holds a folder for each database, with COLLECTION.bson and COLLECTION.metadata.json in it")
}

fn version(described: &[Described]) -> Option<String> {
    let prelude = described.iter().find(|file| file.path.ends_with(PRELUDE))?;
    let prelude = json::document(&prelude.content).ok()?;
    bson::get(&prelude, "ServerVersion")?.text().map(str::to_owned)
}

/// The units of a collection; what is in `documents` of it is taken out.
fn made(
    path: &str,
    stem: &str,
    collection: &Collection,
    scope: &Scope,
    documents: &mut BTreeMap<&str, &str>,
) -> Result<Vec<Made>> {
    let Collection { database, name, .. } = collection;
    let called = scope.object(database, name);
    let makes = format!("{COLLECTIONS}{}", in_unit_name(database, name));
    let unit = |unit: String, format: &str, framing: &str, of: &str, after: Vec<String>| Unit {
        name: unit,
        format: format.to_owned(),
        framing: framing.to_owned(),
        objects: vec![called.clone()],
        after,
        estimated_bytes: None,
        estimated_rows: None,
        leader: false,
        external: false,
        extra: options::from_pairs([("database", database.as_str()), ("collection", of), ("kind", kind(collection))]),
    };
    let mut makes_it = unit(makes.clone(), FORMAT, "definitions", name, Vec::new());
    let needs = selection::needs(collection).into_iter().map(|name| (NEEDS.to_owned(), scope.object(database, &name)));
    makes_it.extra.extend(needs);
    makes_it.extra.extend(collection.uuid.as_ref().map(|id| (UUID.to_owned(), uuid::written(id))));
    let mut units = vec![Made { unit: makes_it, files: vec![path.to_owned()] }];
    let mut after = vec![makes.clone()];
    if collection.kind != Kind::View {
        let buckets =
            stem.split_once('/').map(|(folder, name)| format!("{folder}/{BUCKETS}{name}")).unwrap_or_default();
        let (file, of) = match documents.remove(buckets.as_str()) {
            Some(file) => (file, format!("{BUCKETS}{name}")),
            None => {
                let missing = || {
                    Error::not_found(format!("the documents of {called} are missing: {stem}.bson isn't there"))
                        .with_hint(
                            "beside each COLLECTION.metadata.json mongodump writes a COLLECTION.bson; dump again",
                        )
                };
                (documents.remove(stem).ok_or_else(missing)?, name.clone())
            }
        };
        let data = format!("{DATA}{}/1", in_unit_name(database, &of));
        units.push(Made { unit: unit(data.clone(), BSON, "u32le", &of, vec![makes]), files: vec![file.to_owned()] });
        after.push(data);
    }
    if !collection.indexes.is_empty() {
        let indexes = format!("{INDEXES}{}", in_unit_name(database, name));
        units.push(Made { unit: unit(indexes, FORMAT, "definitions", name, after), files: vec![path.to_owned()] });
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    const PLAIN: &str =
        "{\"indexes\":[{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\"},{\"v\":2,\"key\":{\"a\":1},\"name\":\"a\"}]}";
    const VIEW: &str = "{\"indexes\":[],\"type\":\"view\",\"options\":{\"viewOn\":\"c\",\"pipeline\":[]}}";
    const SERIES: &str = "{\"indexes\":[],\"type\":\"timeseries\",\"options\":{\"timeseries\":{\"timeField\":\"t\"}}}";

    fn plan(paths: &[&str]) -> Result<FilesPlan> {
        let files: Vec<Found> = paths.iter().map(|path| Found { path: (*path).to_owned(), bytes: 1 }).collect();
        let content = |path: &str| match path {
            "d/v.metadata.json" => VIEW,
            "d/m.metadata.json" => SERIES,
            "prelude.json" => "{\"ServerVersion\":\"8.0.4\"}",
            _ => PLAIN,
        };
        let described = describing(&files).into_iter();
        let described = described.map(|path| Described { content: content(&path).as_bytes().to_vec(), path });
        recognise(&files, &described.collect::<Vec<_>>())
    }

    #[test]
    fn a_dump_becomes_the_units_that_a_backup_has() {
        let plan = plan(&[
            "d/c.bson",
            "d/c.metadata.json",
            "d/m.metadata.json",
            "d/system.buckets.m.bson",
            "d/v.metadata.json",
            "oplog.bson",
            "admin/system.users.bson",
            "admin/system.users.metadata.json",
            "prelude.json",
        ])
        .unwrap();
        let names: Vec<&str> = plan.units.iter().map(|made| made.unit.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "collections/d.c",
                "data/d.c/1",
                "indexes/d.c",
                "collections/d.m",
                "data/d.system%2Ebuckets%2Em/1",
                "collections/d.v",
                "users"
            ]
        );
        assert_eq!((plan.database.as_deref(), plan.server_version.as_str()), (Some("d"), "8.0.4"));
        assert_eq!(plan.units[0].unit.objects, ["c"]);
        assert_eq!(plan.units[4].unit.after, ["collections/d.m"]);
        let left_out: Vec<&str> = plan.notes.iter().map(|note| note.object.as_str()).collect();
        assert_eq!(left_out, ["oplog.bson", "admin/system.users.metadata.json"]);
    }

    #[test]
    fn several_databases_keep_their_names_in_front() {
        let plan = plan(&["a/x.bson", "a/x.metadata.json", "b/x.bson", "b/x.metadata.json"]).unwrap();
        assert_eq!(plan.database, None);
        assert_eq!(plan.units[0].unit.objects, ["a.x"]);
    }

    #[test]
    fn what_is_missing_or_not_understood_is_an_error() {
        for (paths, code) in [
            (&["d/c.bson"][..], "invalid-options"),
            (&["d/c.bson", "d/x.bson", "d/x.metadata.json"], "not-found"),
            (&["d/c.metadata.json"], "not-found"),
            (&["d/c.bson.gz", "d/c.metadata.json.gz"], "unsupported"),
            (&["c.bson", "c.metadata.json"], "invalid-options"),
            (&["x/d/c.bson", "x/d/c.metadata.json"], "invalid-options"),
        ] {
            assert_eq!(plan(paths).unwrap_err().code, code, "{paths:?}");
        }
    }
}
