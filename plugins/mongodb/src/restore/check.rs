//! What would happen, and what would stop it.

use super::place::{IfExists, Place};
use crate::backup::NEEDS;
use crate::catalog::{self, Collection, Kind};
use crate::note::finding;
use crate::server::{COMPATIBILITY, Server, major};
use cofferdam_sdk::engine::{Finding, Source, Unit};
use cofferdam_sdk::{Result, options};

/// Looks at the target without changing it.
pub async fn check(server: &Server, place: &Place, source: &Source, wanted: &[Unit]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for database in place.databases(wanted)? {
        let there = catalog::list(server, &database).await?;
        findings.extend(judge(&database, &there, place, wanted));
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
    let named = |kinds: &[Kind]| {
        let names = there.iter().filter(|c| kinds.contains(&c.kind)).map(|c| c.name.as_str()).take(5);
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
            let fixed = named(&[Kind::View, Kind::TimeSeries]);
            if fixed.is_empty() {
                let what = "its collections get names that begin with replaced_, one after the other, once all is in";
                vec![finding("changed", database, what, None)]
            } else {
                let what = format!("the server can't rename views and time series, so they can't be kept: {fixed}");
                vec![finding("blocker", database, what, Some("drop them first, or name another database"))]
            }
        }
        IfExists::Append => {
            // A view and a time series can't be added to a collection, nor anything to them.
            let adds = |unit: &&Unit| {
                let is_series = options::get(&unit.extra, "kind") == Some("timeseries");
                !is_series && options::get(&unit.extra, NEEDS).is_none()
            };
            let met = there.iter().filter(|c| c.kind != Kind::Buckets);
            let met =
                met.map(|c| (c, place.goes_into(wanted, database, &c.name))).filter(|(_, units)| !units.is_empty());
            let judged = met.map(|(c, units)| {
                if c.kind == Kind::Plain && units.iter().all(adds) {
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
        assert_eq!(judged("append", &[Kind::Plain], &[("kind", "timeseries")]), ["blocker"]);
    }
}
