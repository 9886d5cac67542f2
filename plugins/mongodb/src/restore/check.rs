//! What would happen, and what would stop it.

use super::place::{IfExists, Place};
use crate::catalog::{self, Collection, Kind};
use crate::note::finding;
use crate::server::{Server, major};
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::{Finding, Source};

/// Looks at the target without changing it.
pub async fn check(server: &Server, place: &Place, source: &Source) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for database in place.databases(source)? {
        let there = catalog::list(server, &database).await?;
        findings.extend(judge(&database, &there, place, source));
    }
    if let (Some(from), Some(to)) = (major(&source.server_version), server.major())
        && from > to
    {
        let what = format!("the backup is of MongoDB {from}, the target is {to}: what only {from} knows will fail");
        findings.push(finding("warning", "", what, None));
    }
    Ok(findings)
}

fn judge(database: &str, there: &[Collection], place: &Place, source: &Source) -> Vec<Finding> {
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
            let restored = |c: &&Collection| {
                source.units.iter().flat_map(|unit| &unit.objects).any(|object| {
                    object
                        .split_once('.')
                        .is_some_and(|(from, name)| place.database(from) == database && name == c.name)
                })
            };
            let judged = there.iter().filter(|c| c.kind != Kind::Buckets).filter(restored).map(|c| {
                if c.kind == Kind::Plain {
                    let what = "it is there: documents whose _id it hasn't are added, those that it has stay";
                    finding("changed", c.object(), what, None)
                } else {
                    let what = "it is there, and isn't a collection that can be added to";
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
            framing: "u32le".to_owned(),
            objects: vec!["d.c".to_owned()],
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: true,
            external: false,
            extra: Vec::new(),
        };
        let source =
            Source { engine: String::new(), server_version: String::new(), units: vec![unit], extra: Vec::new() };
        let found = judge("d", &there.collect::<Vec<_>>(), &Place::new(&options).unwrap(), &source);
        found.into_iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn a_database_that_holds_something_is_left_alone_unless_told_otherwise() {
        assert_eq!(severities("fail", &[]), ["carried"]);
        assert_eq!(severities("fail", &[Kind::Plain]), ["blocker"]);
        assert_eq!(severities("replace", &[Kind::Plain]), ["changed"]);
        assert_eq!(severities("replace", &[Kind::View]), ["blocker"]);
        assert_eq!(severities("append", &[Kind::Plain]), ["changed"]);
        assert_eq!(severities("append", &[Kind::Capped]), ["blocker"]);
    }
}
