//! What a database or a backup holds, as the host saw it: of every object its rows and its definition, as digests. Two
//! of them say where two databases differ, without holding a row of either.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::definitions::{Definition, Definitions};
use super::measure::{Framing, Measured};
use crate::error::{Error, Result};
use crate::plugin::Unit;

/// What a database or a backup holds. Takes a name and two digests of each object.
#[derive(Debug, Default)]
pub(super) struct Portrait {
    /// The server's version.
    server_version: String,
    /// How texts are encoded in the rows, where the engine says so.
    encoding: Option<String>,
    rows: BTreeMap<String, Rows>,
    definitions: BTreeMap<String, Definition>,
    /// Units whose streams the host can't take apart.
    opaque: Vec<String>,
    /// Objects whose rows aren't all as they were counted: other units hold what some of them became.
    changed: BTreeSet<String>,
}

/// The rows of an object, in no order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rows {
    count: u64,
    digest: u128,
}

/// Something that isn't the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The object.
    pub object: String,
    /// What it is that differs.
    pub what: What,
    /// Rows of the source, if it is rows that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_rows: Option<u64>,
    /// Rows of the target, if it is rows that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_rows: Option<u64>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The target doesn't have the object.
    OnlyInSource,
    /// The source doesn't have the object.
    OnlyInTarget,
    /// The rows of the object.
    Rows,
    /// How the object is defined.
    Definition,
    /// How the object is defined, as servers of different versions write it: it may be the same to them.
    Wording,
    /// Who owns the object, or may do what with it.
    Rights,
    /// It can't be said: the host doesn't know how to take the stream apart.
    NotCompared,
}

impl Portrait {
    /// Nothing seen yet.
    pub(super) fn new(server_version: &str, extra: &[(String, String)]) -> Self {
        let encoding = extra.iter().find(|(name, _)| name == "encoding").map(|(_, encoding)| encoding.clone());
        Self { server_version: server_version.to_owned(), encoding, ..Self::default() }
    }

    /// Takes in a unit that was read to its end; `definitions` is what it held, if it is one of definitions.
    ///
    /// # Errors
    /// If what was measured makes no sense.
    pub(super) fn add(&mut self, unit: &Unit, measured: &Measured, definitions: Option<Definitions>) -> Result<()> {
        if let Some(definitions) = definitions {
            for (object, definition) in definitions.found() {
                let seen = self.definitions.entry(object).or_default();
                seen.content = seen.content.wrapping_add(definition.content);
                seen.rights = seen.rights.wrapping_add(definition.rights);
            }
            return Ok(());
        }
        if Framing::parse(&unit.framing)? == Framing::Changes {
            if measured.bytes > 0 {
                self.changed.extend(unit.objects.iter().cloned());
            }
            return Ok(());
        }
        let (Some(count), Some(digest)) = (measured.rows, &measured.digest) else {
            self.opaque.push(unit.name.clone());
            return Ok(());
        };
        let digest = u128::from_str_radix(digest, 16)
            .map_err(|_| Error::corrupt(format!("the unit {} has no digest of its rows", unit.name)))?;
        let object = if unit.objects.is_empty() { unit.name.clone() } else { unit.objects.join(", ") };
        let seen = self.rows.entry(object).or_default();
        seen.count = seen.count.saturating_add(count);
        seen.digest = seen.digest.wrapping_add(digest);
        Ok(())
    }

    /// How many objects have a definition, and how many rows there are.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.definitions.len(), self.rows.values().map(|rows| rows.count).sum())
    }

    /// Everything that isn't the same in `target`, by the objects' names.
    pub(super) fn differences(&self, target: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut tell = |object: &str, what| {
            found.push(Difference { object: object.to_owned(), what, source_rows: None, target_rows: None });
        };
        let wording = if self.same_version(target) { What::Definition } else { What::Wording };
        for (object, definition) in &self.definitions {
            match target.definitions.get(object) {
                None if definition.is_implied() => {}
                None => tell(object, What::OnlyInSource),
                Some(other) => {
                    if other.content != definition.content {
                        tell(object, wording);
                    }
                    if other.rights != definition.rights {
                        tell(object, What::Rights);
                    }
                }
            }
        }
        let new = target.definitions.iter().filter(|(object, _)| !self.definitions.contains_key(*object));
        new.filter(|(_, definition)| !definition.is_implied()).for_each(|(object, _)| tell(object, What::OnlyInTarget));
        self.opaque.iter().chain(&target.opaque).for_each(|unit| tell(unit, What::NotCompared));
        found.extend(self.different_rows(target));
        found.sort_by(|a, b| a.object.cmp(&b.object));
        found
    }

    fn different_rows<'a>(&'a self, target: &'a Self) -> impl Iterator<Item = Difference> + 'a {
        let new = target.rows.keys().filter(|object| !self.rows.contains_key(*object));
        self.rows.keys().chain(new).filter_map(move |object| {
            let (source, other) = (self.rows.get(object), target.rows.get(object));
            let what = match (source, other) {
                (Some(_), None) => What::OnlyInSource,
                (None, Some(_)) => What::OnlyInTarget,
                (source, other) if source != other => {
                    let uncertain = [self, target].iter().any(|side| side.changed.contains(object));
                    if uncertain { What::NotCompared } else { What::Rows }
                }
                _ => return None,
            };
            let count = |rows: Option<&Rows>| rows.map(|rows| rows.count);
            Some(Difference { object: object.clone(), what, source_rows: count(source), target_rows: count(other) })
        })
    }

    /// Whether both servers write the same definition the same way.
    fn same_version(&self, other: &Self) -> bool {
        first_number(&self.server_version) == first_number(&other.server_version)
    }

    /// What makes it impossible to compare exactly.
    pub(super) fn caveats(&self, target: &Self) -> Vec<String> {
        let mut caveats = Vec::new();
        if !self.same_version(target) {
            caveats.push(format!(
                "the servers are of the versions {} and {}, which may write the same definition differently",
                self.server_version, target.server_version
            ));
        }
        if let (Some(one), Some(other)) = (&self.encoding, &target.encoding)
            && one != other
        {
            caveats.push(format!("the rows are in {one} and in {other}: the same text differs where it isn't ASCII"));
        }
        if !self.definitions.is_empty()
            && !target.definitions.is_empty()
            && !self.definitions.keys().any(|object| target.definitions.contains_key(object))
        {
            caveats.push(
                "no object of one is called as one of the other: is one side all databases, and the other one of them?"
                    .to_owned(),
            );
        }
        caveats
    }
}

/// What takes a unit's definitions apart, if it has any.
pub(super) fn definitions_of(unit: &Unit) -> Option<Definitions> {
    (Framing::parse(&unit.framing).ok()? == Framing::Definitions).then(Definitions::default)
}

fn first_number(version: &str) -> &str {
    version.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty()).unwrap_or(version)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn unit(name: &str, framing: &str, objects: &[&str]) -> Unit {
        Unit {
            name: name.to_owned(),
            format: String::new(),
            framing: framing.to_owned(),
            objects: objects.iter().map(|&object| object.to_owned()).collect(),
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: false,
            external: false,
            extra: Vec::new(),
        }
    }

    fn rows(portrait: &mut Portrait, name: &str, object: &str, count: u64, digest: u128) {
        let measured = Measured { bytes: 1, rows: Some(count), digest: Some(format!("{digest:032x}")) };
        portrait.add(&unit(name, "lines", &[object]), &measured, None).unwrap();
    }

    fn defined(portrait: &mut Portrait, lines: &str) {
        let mut definitions = Definitions::default();
        definitions.update(lines.as_bytes()).unwrap();
        let measured = Measured { bytes: 1, rows: None, digest: None };
        portrait.add(&unit("schema", "definitions", &[]), &measured, Some(definitions)).unwrap();
    }

    fn whats(differences: &[Difference]) -> Vec<(&str, What)> {
        differences.iter().map(|difference| (difference.object.as_str(), difference.what)).collect()
    }

    #[test]
    fn an_object_that_is_read_in_other_parts_is_the_same() {
        let (mut one, mut other) = (Portrait::new("15.1", &[]), Portrait::new("15.2", &[]));
        rows(&mut one, "data/a/1", "a", 2, 30);
        rows(&mut one, "data/a/2", "a", 1, u128::MAX);
        rows(&mut other, "data/a", "a", 3, 29);
        assert!(one.differences(&other).is_empty());
    }

    #[test]
    fn what_differs_is_named() {
        let (mut one, mut other) = (Portrait::new("15.1", &[]), Portrait::new("15.2", &[]));
        rows(&mut one, "data/a", "a", 2, 30);
        rows(&mut other, "data/a", "a", 2, 31);
        rows(&mut one, "data/b", "b", 2, 30);
        defined(&mut one, "{\"object\":\"INDEX i\"}\n{\"object\":\"VIEW v\",\"sql\":[\"1\"]}\n");
        defined(&mut other, "{\"object\":\"VIEW v\",\"sql\":[\"2\"]}\n{\"object\":\"VIEW w\"}\n");
        let found = one.differences(&other);
        assert_eq!(
            whats(&found),
            [
                ("INDEX i", What::OnlyInSource),
                ("VIEW v", What::Definition),
                ("VIEW w", What::OnlyInTarget),
                ("a", What::Rows),
                ("b", What::OnlyInSource),
            ]
        );
    }

    #[test]
    fn what_every_database_has_differs_only_by_its_rights() {
        let portrait = |lines: &str| {
            let mut portrait = Portrait::new("1", &[]);
            defined(&mut portrait, lines);
            portrait
        };
        let owned = |who: &str| {
            portrait(&format!("{{\"object\":\"s\",\"sql\":[\"1\"],\"compare_as\":\"\",\"for_roles\":[\"{who}\"]}}\n"))
        };
        let without = portrait("");
        assert!(without.differences(&owned("a")).is_empty() && owned("a").differences(&without).is_empty());
        assert_eq!(whats(&owned("a").differences(&owned("b"))), [("s", What::Rights)]);
    }

    #[test]
    fn servers_of_different_versions_may_write_definitions_differently() {
        let (mut one, mut other) = (Portrait::new("15.1", &[]), Portrait::new("17.2 (Debian)", &[]));
        defined(&mut one, "{\"object\":\"VIEW v\",\"sql\":[\"1\"]}\n");
        defined(&mut other, "{\"object\":\"VIEW v\",\"sql\":[\"2\"]}\n");
        assert_eq!(whats(&one.differences(&other)), [("VIEW v", What::Wording)]);
        assert_eq!(one.caveats(&other).len(), 1);
    }

    #[test]
    fn sides_whose_objects_are_all_called_differently_may_not_be_of_a_kind() {
        let portrait = |lines: &str| {
            let mut portrait = Portrait::new("1", &[]);
            defined(&mut portrait, lines);
            portrait
        };
        let one = portrait("{\"object\":\"collection a\"}\n");
        let all = portrait("{\"object\":\"collection shop.a\"}\n{\"object\":\"collection x.b\"}\n");
        assert_eq!(one.caveats(&all).len(), 1);
        assert!(one.caveats(&one).is_empty() && one.caveats(&portrait("")).is_empty());
    }

    #[test]
    fn rows_that_changed_after_they_were_counted_are_not_said_to_differ_nor_to_be_the_same() {
        let portrait = |changes: u64, digest: u128| {
            let mut portrait = Portrait::new("1", &[]);
            rows(&mut portrait, "data/a", "a", 2, 30);
            rows(&mut portrait, "data/b", "b", 1, digest);
            let measured = Measured { bytes: changes, rows: None, digest: None };
            portrait.add(&unit("changes", "changes", &["a", "b"]), &measured, None).unwrap();
            portrait
        };
        assert_eq!(whats(&portrait(1, 7).differences(&portrait(0, 8))), [("b", What::NotCompared)]);
        assert_eq!(whats(&portrait(0, 7).differences(&portrait(0, 8))), [("b", What::Rows)]);
        assert!(portrait(1, 7).differences(&portrait(0, 7)).is_empty());
    }

    #[test]
    fn a_unit_that_can_not_be_taken_apart_is_no_silent_success() {
        let mut one = Portrait::new("1", &[]);
        one.add(&unit("opaque", "none", &[]), &Measured { bytes: 1, rows: None, digest: None }, None).unwrap();
        assert_eq!(whats(&one.differences(&Portrait::new("1", &[]))), [("opaque", What::NotCompared)]);
    }
}
