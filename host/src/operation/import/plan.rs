//! What a plugin made of a folder, looked at before anything is stored.

use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, Result};
use crate::operation::graph::Graph;
use crate::operation::measure::Framing;
use crate::plugin::{Found, Recognised, Unit};

/// A folder's files, by their paths.
pub(super) type Files<'a> = HashMap<&'a str, &'a Found>;

/// Says what can't be right, and which files would be lost without a word. `described` are those that were seen whole.
///
/// # Errors
/// "plugin", naming the unit or the file.
pub(super) fn check(plan: &Recognised, files: &Files<'_>, described: &BTreeSet<String>) -> Result<()> {
    if plan.units.is_empty() {
        return Err(Error::plugin("it is empty, and an empty backup is none"));
    }
    Graph::new(plan.units.iter().map(|made| made.unit.clone()).collect::<Vec<Unit>>())?;
    let mut used = BTreeSet::new();
    for made in &plan.units {
        let name = &made.unit.name;
        Framing::parse(&made.unit.framing).map_err(|e| e.while_doing(format!("unit {name}")))?;
        if made.files.is_empty() {
            return Err(Error::plugin(format!("the unit {name:?} is made of no file")));
        }
        for path in &made.files {
            if !files.contains_key(path.as_str()) {
                return Err(Error::plugin(format!("the unit {name:?} is made of {path:?}, which isn't there")));
            }
            used.insert(path.as_str());
        }
    }
    let told = |path: &str| plan.notes.iter().any(|note| note.kind == "left-out" && note.object == path);
    let mut lost = files.keys().filter(|path| !used.contains(*path) && !described.contains(**path) && !told(path));
    match lost.next() {
        Some(path) => Err(Error::plugin(format!("it says nothing of the file {path:?}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::plugin::{Made, Note};

    fn plan(files: &[&str], left_out: &[&str]) -> Recognised {
        let unit = Unit {
            name: "data/a".to_owned(),
            format: "text/plain".to_owned(),
            framing: "lines".to_owned(),
            objects: Vec::new(),
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: false,
            external: false,
            extra: Vec::new(),
        };
        let note = |path: &&str| Note {
            kind: "left-out".to_owned(),
            object: (*path).to_owned(),
            reason: "not ours".to_owned(),
        };
        Recognised {
            consistency: "per-object".to_owned(),
            taken_at: None,
            position: None,
            server_version: "1".to_owned(),
            database: None,
            units: vec![Made { unit, files: files.iter().map(|f| (*f).to_owned()).collect() }],
            notes: left_out.iter().map(note).collect(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn every_file_is_used_seen_or_told_to_be_left_out() {
        let found = ["a", "b", "c"].map(|path| Found { path: path.to_owned(), bytes: 1 });
        let files: Files<'_> = found.iter().map(|f| (f.path.as_str(), f)).collect();
        let seen = BTreeSet::from(["b".to_owned()]);
        check(&plan(&["a"], &["c"]), &files, &seen).unwrap();
        assert!(check(&plan(&["a"], &[]), &files, &seen).unwrap_err().message().contains("\"c\""));
        assert!(check(&plan(&["a", "x"], &["c"]), &files, &seen).unwrap_err().message().contains("\"x\""));
        assert!(check(&plan(&[], &["a", "c"]), &files, &seen).is_err());
    }
}
