//! The contract's records as the rest of the host knows them. The generated types stay inside this folder, so that a
//! second version of the contract needs a second conversion and nothing else.

use serde::Serialize;

use crate::services::bindings::cofferdam::engine::units as wit;
use crate::services::error::limited;

/// Named values.
pub type Options = Vec<(String, String)>;

/// A named byte stream of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Unique in the backup.
    pub name: String,
    /// Media type of its stream.
    pub format: String,
    /// How rows are told apart: "none", "lines", "u32le", "definitions", "changes".
    pub framing: String,
    /// The objects that it holds.
    pub objects: Vec<String>,
    /// Units that must be restored before it.
    pub after: Vec<String>,
    /// What the plan expects, in bytes of its stream.
    pub estimated_bytes: Option<u64>,
    /// What the plan expects, in rows.
    pub estimated_rows: Option<u64>,
    /// Only the leading session can read it.
    pub leader: bool,
    /// Its stream is a record of something on the server's side.
    pub external: bool,
    /// The plugin's own notes.
    pub extra: Options,
}

/// Something that stands for or against an operation, or what would become of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// "ok", "warning", "blocker", or a note's kind.
    pub severity: String,
    /// The object that it concerns; empty for the server as a whole.
    pub object: String,
    /// What was found.
    pub what: String,
    /// The statement that would mend it.
    pub remedy: Option<String>,
}

impl Finding {
    /// It as a note, with its remedy.
    #[must_use]
    pub fn into_note(self) -> Note {
        let reason = match self.remedy {
            Some(remedy) => format!("{}; this would mend it: {remedy}", self.what),
            None => self.what,
        };
        Note { kind: self.severity, object: self.object, reason }
    }

    /// It with `edit` applied to every text.
    #[must_use]
    pub fn map_text(self, edit: impl Fn(&str) -> String) -> Self {
        Self {
            severity: edit(&self.severity),
            object: edit(&self.object),
            what: edit(&self.what),
            remedy: self.remedy.map(|remedy| edit(&remedy)),
        }
    }
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// "carried", "changed", "left-out", "warning", "failed".
    pub kind: String,
    /// The object.
    pub object: String,
    /// Why.
    pub reason: String,
}

/// How many objects of a kind there are, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The kind, in the engine's words.
    pub kind: String,
    /// How many the source's catalogue has.
    pub counted: u64,
    /// How many are in the units.
    pub carried: u64,
    /// How many aren't.
    pub left_out: u64,
    /// How many should have been made and couldn't be, where the operator wants the rest all the same.
    pub failed: u64,
}

/// Numbers of objects by their kinds.
pub type Counts = Vec<(String, u64)>;

/// What a plugin says of a unit that was read or written.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its count of rows, which the host holds against its own.
    pub rows: Option<u64>,
    /// What became of objects.
    pub notes: Vec<Note>,
    /// Objects that a written unit made, by kind.
    pub carried: Counts,
    /// Objects of a written unit that weren't made, by kind.
    pub left_out: Counts,
    /// Objects of a written unit that couldn't be made, by kind.
    pub failed: Counts,
    /// Its own notes.
    pub extra: Options,
}

impl From<wit::Unit> for Unit {
    fn from(unit: wit::Unit) -> Self {
        Self {
            name: unit.name,
            format: unit.format,
            framing: unit.framing,
            objects: unit.objects,
            after: unit.after,
            estimated_bytes: unit.estimated_bytes,
            estimated_rows: unit.estimated_rows,
            leader: unit.leader,
            external: unit.external,
            extra: unit.extra,
        }
    }
}

impl From<Unit> for wit::Unit {
    fn from(unit: Unit) -> Self {
        Self {
            name: unit.name,
            format: unit.format,
            framing: unit.framing,
            objects: unit.objects,
            after: unit.after,
            estimated_bytes: unit.estimated_bytes,
            estimated_rows: unit.estimated_rows,
            leader: unit.leader,
            external: unit.external,
            extra: unit.extra,
        }
    }
}

impl From<wit::Note> for Note {
    fn from(note: wit::Note) -> Self {
        Self { kind: limited(note.kind), object: limited(note.object), reason: limited(note.reason) }
    }
}

impl From<wit::Finding> for Finding {
    fn from(finding: wit::Finding) -> Self {
        Self {
            severity: limited(finding.severity),
            object: limited(finding.object),
            what: limited(finding.what),
            remedy: finding.remedy.map(limited),
        }
    }
}

impl From<wit::Summary> for Summary {
    fn from(summary: wit::Summary) -> Self {
        Self {
            rows: summary.rows,
            notes: notes(summary.notes),
            carried: counts(summary.carried),
            left_out: counts(summary.left_out),
            failed: counts(summary.failed),
            extra: summary.extra,
        }
    }
}

impl From<wit::Tally> for Tally {
    fn from(tally: wit::Tally) -> Self {
        let wit::Tally { kind, counted, carried, left_out } = tally;
        Self { kind: limited(kind), counted, carried, left_out, failed: 0 }
    }
}

fn counts(counts: Vec<(String, u64)>) -> Counts {
    counts.into_iter().map(|(kind, number)| (limited(kind), number)).collect()
}

/// Notes that one call may give: more is no report that anybody reads.
const MOST_NOTES: usize = 10_000;

pub(super) fn findings(findings: Vec<wit::Finding>) -> Vec<Finding> {
    findings.into_iter().take(MOST_NOTES).map(Finding::from).collect()
}

pub(super) fn notes(notes: Vec<wit::Note>) -> Vec<Note> {
    let untold = notes.len().saturating_sub(MOST_NOTES);
    let mut told: Vec<Note> = notes.into_iter().take(MOST_NOTES).map(Note::from).collect();
    if untold > 0 {
        let reason = format!("{untold} more notes were given than are told");
        told.push(Note { kind: "warning".to_owned(), object: String::new(), reason });
    }
    told
}
