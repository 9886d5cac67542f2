//! What an update changes, in words.

use std::collections::BTreeSet;

use super::lock::Entry;
use crate::plugin::Inspection;

/// What is otherwise than in the installed version: `entry` is what the lock says of it, `before` what its component
/// says, if it can be read; `after` is the one that is to come, and `granted` what it is to be granted.
#[must_use]
pub fn changes(
    entry: &Entry,
    before: Option<&Inspection>,
    after: &Inspection,
    granted: &BTreeSet<String>,
) -> Vec<String> {
    let mut changes = Vec::new();
    if entry.version.to_string() != after.about.version {
        changes.push(format!("version {} becomes {}", entry.version, after.about.version));
    } else if entry.digest != after.sha256 {
        changes.push(format!("another file of the same version {}", entry.version));
    }
    match (entry.publisher, after.publisher) {
        (before, after) if before == after => {}
        (None, Some(after)) => changes.push(format!("it is signed now, by {after}")),
        (Some(before), None) => changes.push(format!("it isn't signed any more; before, {before} did")),
        (before, after) => {
            let shown = |p: Option<_>| p.map(|p: crate::plugin::Publisher| p.to_string()).unwrap_or_default();
            changes.push(format!("its publisher was {} and is {} now", shown(before), shown(after)));
        }
    }
    difference(&mut changes, "is granted", &entry.grants, granted);
    if let Some(before) = before {
        let able = |i: &Inspection| i.capabilities.iter().map(|c| c.name().to_owned()).collect::<BTreeSet<_>>();
        difference(&mut changes, "can", &able(before), &able(after));
        let uses = |i: &Inspection| i.imports.iter().cloned().collect::<BTreeSet<_>>();
        difference(&mut changes, "imports", &uses(before), &uses(after));
    }
    changes
}

fn difference(changes: &mut Vec<String>, verb: &str, before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let list = |names: Vec<&String>| names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ");
    let (more, less) = (list(after.difference(before).collect()), list(before.difference(after).collect()));
    if !more.is_empty() {
        changes.push(format!("it {verb} more: {more}"));
    }
    if !less.is_empty() {
        changes.push(format!("it {verb} no more: {less}"));
    }
}
