//! What would happen, and what would stop it.

use super::place::{IfExists, Place};
use crate::backup::{COLLECTIONS, NEEDS, UUID};
use crate::catalog::{self, Collection, Kind};
use crate::namespace::is_encryption_state;
use crate::note::finding;
use crate::server::{COMPATIBILITY, Kind as ServerKind, Server, major};
use crate::uuid;
use cofferdam_sdk::engine::{Finding, Source, Unit};
use cofferdam_sdk::{Result, options};
use std::collections::BTreeSet;

/// Looks at the target without changing it.
pub async fn check(server: &Server, place: &Place, source: &Source, wanted: &[Unit]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for database in place.databases(wanted)? {
        let there = catalog::list(server, &database).await?;
        findings.extend(judge(&database, &there, place, wanted));
    }
    if server.kind == ServerKind::Standalone {
        // The server's `create_command.cpp`, 6346402.
        let encrypted = wanted.iter().filter(|unit| kind(unit) == "encrypted").filter_map(|unit| unit.objects.first());
        findings.extend(encrypted.collect::<BTreeSet<_>>().into_iter().map(|object| {
            let what = "it has encrypted fields, which a server alone refuses";
            finding(
                "blocker",
                object,
                what,
                Some("run it as a replica set of one member: --replSet, then rs.initiate()"),
            )
        }));
    }
    if place.uuids {
        findings.extend(uuids(server, wanted).await?);
    }
    if let (Some(from), Some(to)) = (major(&source.server_version), server.major())
        && from > to
    {
        let what = format!("the backup is of MongoDB {from}, the target is {to}: what only {from} knows will fail");
        findings.push(finding("warning", "", what, None));
    }
    if let (Some(from), Some(to)) = (options::get(&source.extra, COMPATIBILITY), server.compatibility().await) {
        findings.extend(features(from, &to));
    }
    Ok(findings)
}

/// What stands against collections that keep their UUIDs, and which get new ones.
async fn uuids(server: &Server, wanted: &[Unit]) -> Result<Vec<Finding>> {
    let without = Some("leave out --set uuids=keep");
    if server.kind == ServerKind::Mongos {
        let what = "a mongos lets nobody choose a collection's UUID: each shard would have to be told";
        return Ok(vec![finding("blocker", "", what, without)]);
    }
    let there = uuid::of_all(server).await?;
    let makes = wanted.iter().filter(|unit| unit.name.starts_with(COLLECTIONS));
    let judged = makes.filter_map(|unit| {
        let object = unit.objects.first().map(String::as_str).unwrap_or_default();
        match options::get(&unit.extra, UUID).and_then(uuid::read) {
            Some(id) => there.get(&id).map(|other| {
                let what = format!("{other} has its UUID, and the server never lets two have one");
                finding("blocker", object, what, without)
            }),
            // A view has none.
            None if options::get(&unit.extra, NEEDS).is_some() => None,
            None => Some(finding("changed", object, "the backup doesn't say its UUID, so it gets a new one", None)),
        }
    });
    Ok(judged.collect())
}

/// A server that keeps to the features of an earlier version refuses those of a later one.
fn features(from: &str, to: &str) -> Option<Finding> {
    let number = |version: &str| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    (number(from)? > number(to)?).then(|| {
        let what =
            format!("the source has the features of {from}, the target keeps to those of {to} ({COMPATIBILITY})");
        let remedy = format!("db.adminCommand({{ setFeatureCompatibilityVersion: \"{from}\", confirm: true }})");
        finding("warning", "", what, Some(&remedy))
    })
}

fn judge(database: &str, there: &[Collection], place: &Place, wanted: &[Unit]) -> Vec<Finding> {
    let named = |which: &dyn Fn(&Collection) -> bool| {
        let names = there.iter().filter(|c| which(c)).map(|c| c.name.as_str()).take(5);
        names.collect::<Vec<_>>().join(", ")
    };
    if there.is_empty() {
        return vec![finding("carried", database, "it is empty or isn't there, and will be made", None)];
    }
    match place.if_exists {
        IfExists::Fail => {
            let what = format!("it is there and holds {} collections and views", there.len());
            vec![finding("blocker", database, what, Some("name another database, or use --if-exists"))]
        }
        IfExists::Replace => {
            let fixed = named(&|c| c.kind == Kind::View || c.is_made_in_place());
            let met = named(&|c| place.goes_into(wanted, database, &c.name).into_iter().any(is_made_in_place));
            if fixed.is_empty() && met.is_empty() {
                let what = "its collections get names that begin with replaced_, one after the other, once all is in";
                vec![finding("changed", database, what, None)]
            } else if fixed.is_empty() {
                let what = format!("what comes is made under its own name, and these are there until the end: {met}");
                vec![finding("blocker", database, what, Some("drop or rename them first, or name another database"))]
            } else {
                let what = format!(
                    "the server can't rename views, time series and what is encrypted, so they can't be kept: {fixed}"
                );
                vec![finding("blocker", database, what, Some("drop them first, or name another database"))]
            }
        }
        IfExists::Append => {
            // A view and a time series can't be added to a collection, nor anything to them; what is encrypted is one
            // with what it is found by.
            let adds = |unit: &&Unit| !is_made_in_place(unit) && options::get(&unit.extra, NEEDS).is_none();
            let takes = |c: &Collection| c.kind == Kind::Plain && !c.is_encrypted() && !is_encryption_state(&c.name);
            let met = there.iter().filter(|c| c.kind != Kind::Buckets);
            let met =
                met.map(|c| (c, place.goes_into(wanted, database, &c.name))).filter(|(_, units)| !units.is_empty());
            let judged = met.map(|(c, units)| {
                if takes(c) && units.iter().all(adds) {
                    let what = "it is there: documents whose _id it hasn't are added, those that it has stay";
                    finding("changed", c.object(), what, None)
                } else {
                    let what = "something of this name is there, and the one can't be added to the other";
                    finding("blocker", c.object(), what, Some("leave it out with --except"))
                }
            });
            judged.collect()
        }
    }
}

/// How the documents of a unit are written; empty if it has none.
fn kind(unit: &Unit) -> &str {
    options::get(&unit.extra, "kind").unwrap_or_default()
}

fn is_made_in_place(unit: &Unit) -> bool {
    matches!(kind(unit), "timeseries" | "encrypted")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::Builder;
    use cofferdam_sdk::engine::RestoreOptions;

    fn severities(if_exists: &str, kinds: &[Kind]) -> Vec<String> {
        judged(if_exists, kinds, &[])
    }

    fn judged(if_exists: &str, kinds: &[Kind], extra: &[(&str, &str)]) -> Vec<String> {
        let options = RestoreOptions {
            operation_id: "01".to_owned(),
            database: None,
            if_exists: if_exists.to_owned(),
            only: Vec::new(),
            except: Vec::new(),
            neutral: false,
            keep_going: false,
            extra: Vec::new(),
        };
        let there = kinds.iter().map(|kind| Collection {
            database: "d".to_owned(),
            name: "c".to_owned(),
            kind: *kind,
            options: Builder::new().finish(),
            uuid: None,
            indexes: Vec::new(),
        });
        let unit = cofferdam_sdk::engine::Unit {
            name: "collections/d.c".to_owned(),
            format: String::new(),
            framing: "definitions".to_owned(),
            objects: vec!["c".to_owned()],
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: true,
            external: false,
            extra: [("database", "d"), ("collection", "c")]
                .iter()
                .chain(extra)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let found = judge("d", &there.collect::<Vec<_>>(), &Place::new(&options).unwrap(), &[unit]);
        found.into_iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn a_server_that_keeps_to_earlier_features_is_warned_of() {
        assert!(features("8.0", "7.0").unwrap().remedy.unwrap().contains("\"8.0\""));
        assert!(
            features("7.0", "7.0").is_none() && features("7.3", "10.0").is_none() && features("x", "7.0").is_none()
        );
    }

    #[test]
    fn a_database_that_holds_something_is_left_alone_unless_told_otherwise() {
        assert_eq!(severities("fail", &[]), ["carried"]);
        assert_eq!(severities("fail", &[Kind::Plain]), ["blocker"]);
        assert_eq!(severities("replace", &[Kind::Plain]), ["changed"]);
        assert_eq!(severities("replace", &[Kind::View]), ["blocker"]);
        assert_eq!(severities("append", &[Kind::Plain]), ["changed"]);
        assert_eq!(severities("append", &[Kind::Capped]), ["blocker"]);
        assert_eq!(judged("append", &[Kind::Plain], &[("needs", "other")]), ["blocker"]);
        for kind in ["timeseries", "encrypted"] {
            assert_eq!(judged("append", &[Kind::Plain], &[("kind", kind)]), ["blocker"]);
            assert_eq!(judged("replace", &[Kind::Plain], &[("kind", kind)]), ["blocker"]);
        }
    }
}
