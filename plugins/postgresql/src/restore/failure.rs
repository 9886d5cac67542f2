//! What is passed over where the operator wants the rest all the same.
//!
//! Only an object's own refusal is: what would meet any other object as well, a lost connection or a full disk, ends the
//! restore, and so does what may go well the next time.

use super::marker::Marker;
use super::roles::{Made, Roles};
use crate::backup::units::note;
use crate::counts::Counts;
use crate::entry::Entry;
use crate::session::Session;
use cofferdam_sdk::engine::{Note, Summary, Unit};
use cofferdam_sdk::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// The kind of objects whose rows are in units, in the tallies of the contract.
const ROWS: &str = "rows";

/// Classes of SQLSTATE that aren't about what a statement says (PostgreSQL documentation, appendix A): the connection, the
/// state of transactions, who we are, transactions that meet others, the server's resources, its operator, the system, its
/// configuration.
const NOT_OWN: [&str; 8] = ["08", "25", "28", "40", "53", "57", "58", "F0"];

/// Within these classes: a file that an object names and that isn't there, as a library of C functions.
const UNDEFINED_FILE: &str = "58P01";

/// Codes of other classes: an object in use, a lock that can't be had, and corrupted data or indexes of the server's.
const NOT_OWN_CODES: [&str; 4] = ["55006", "55P03", "XX001", "XX002"];

/// Whether an error is the server's refusal of the one object that a statement is about.
pub fn is_own(error: &Error) -> bool {
    let Some(code) = error.engine_code.as_deref().filter(|_| error.code != "cancelled") else { return false };
    let of_all = NOT_OWN.iter().any(|class| code.starts_with(class)) && code != UNDEFINED_FILE;
    !of_all && !NOT_OWN_CODES.contains(&code)
}

/// Something that couldn't be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// How statements call it.
    pub object: String,
    /// Why, in the server's words.
    pub reason: String,
    /// What is missing by it, for the report.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
    /// Whether the object isn't there at all, so that what needs it can't be made either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl Failure {
    /// An entry of which nothing was made.
    pub fn of(entry: &Entry, roles: &Roles, reason: String) -> Self {
        let mut made = Made::default();
        roles.count(entry, &mut made);
        Self { object: entry.object.clone(), reason, counts: made.carried, whole: makes(entry) }
    }

    /// A unit of rows, of which none is there.
    fn of_rows(unit: &Unit, object: &str, reason: String) -> Self {
        let mut counts = Counts::default();
        counts.add(ROWS, unit.objects.len().max(1) as u64);
        Self { object: object.to_owned(), reason, counts, whole: false }
    }

    fn note(&self) -> Note {
        note("failed", self.object.clone(), self.reason.clone())
    }
}

/// Takes what failed out of what was made, and tells it.
pub fn tell(failures: &[Failure], made: &mut Made, notes: &mut Vec<Note>) {
    for failure in failures {
        made.fail(&failure.counts);
        notes.push(failure.note());
    }
}

/// Marks a unit of rows as one that the server refused.
pub async fn pass_over(
    session: &Session,
    marker: &Marker,
    unit: &Unit,
    object: &str,
    error: &Error,
) -> Result<Summary> {
    let failure = Failure::of_rows(unit, object, format!("its rows couldn't be loaded: {}", words(error)));
    let record = marker.fail(&unit.name, Marker::WHOLE, &failure)?;
    session.connection.run(format!("ROLLBACK; BEGIN; {}; {record}; COMMIT", marker.whole(&unit.name))).await?;
    Ok(without_rows(&[failure]))
}

/// What there is to say of a unit of rows that was refused.
pub fn without_rows(failures: &[Failure]) -> Summary {
    let (mut made, mut notes) = (Made::default(), Vec::new());
    tell(failures, &mut made, &mut notes);
    Summary { rows: Some(0), notes, failed: made.failed.into_list(), ..Summary::default() }
}

/// What the server said, with its code.
pub fn words(error: &Error) -> String {
    let code = error.engine_code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}{code}{hint}", error.message)
}

/// What entries need that isn't there: it failed before.
#[derive(Debug)]
pub struct Missing<'a> {
    /// What failed so far.
    pub failed: HashSet<String>,
    /// What each object of the backup can't be made without.
    pub needs: &'a BTreeMap<String, Vec<String>>,
}

impl Missing<'_> {
    /// The object for want of which an entry isn't tried. The server might take another one for it: a function of the same
    /// name for other arguments.
    ///
    /// A table is tried all the same, since what it needs may come later by itself: a default, a check.
    pub fn of(&self, entry: &Entry) -> Option<&str> {
        let own = entry.of.as_ref().unwrap_or(&entry.object);
        let more = self.needs.get(&entry.object).filter(|_| makes(entry) && !entry.object.starts_with("TABLE "));
        let all = std::iter::once(own).chain(&entry.needs).chain(more.into_iter().flatten());
        all.filter(|object| !entry.aid || *object != own).find_map(|object| self.failed.get(object)).map(String::as_str)
    }
}

/// Whether an entry makes the object that it is about, and doesn't only say something of it.
fn makes(entry: &Entry) -> bool {
    entry.sql.first().is_some_and(|sql| sql.starts_with("CREATE "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn refusal(code: &str) -> Error {
        Error { engine_code: Some(code.to_owned()), ..Error::internal("x") }
    }

    #[test]
    fn only_what_the_server_says_of_the_object_is_passed_over() {
        // Unique violation, foreign key violation, missing function, missing library, missing right, too large a row.
        for own in ["23505", "23503", "42883", "58P01", "42501", "54000", "XX000", "22P02"] {
            assert!(is_own(&refusal(own)), "{own}");
        }
        // Disk full, shutdown, cancelled, deadlock, lost, read-only, lock time-out, I/O error, too many connections.
        for other in ["53100", "57P01", "57014", "40P01", "08006", "25006", "55P03", "58030", "53300", "XX001"] {
            assert!(!is_own(&refusal(other)), "{other}");
        }
        assert!(!is_own(&Error::from_code("unreachable", "lost")));
        assert!(!is_own(&Error { engine_code: Some("23505".to_owned()), ..Error::from_code("cancelled", "x") }));
    }

    #[test]
    fn what_hangs_on_something_that_failed_isnt_tried() {
        let needs = BTreeMap::from([
            ("VIEW \"v\"".to_owned(), vec!["FUNCTION f(integer)".to_owned()]),
            ("TABLE \"t\"".to_owned(), vec!["FUNCTION f(integer)".to_owned()]),
        ]);
        let missing = Missing { failed: HashSet::from(["FUNCTION f(integer)".to_owned()]), needs: &needs };
        let entry = |object: &str, sql: &str| Entry::new(object, vec![sql.to_owned()]);
        assert_eq!(missing.of(&entry("VIEW \"v\"", "CREATE VIEW")), Some("FUNCTION f(integer)"));
        assert_eq!(missing.of(&entry("VIEW \"v\"", "COMMENT ON")), None);
        assert_eq!(missing.of(&entry("TABLE \"t\"", "CREATE TABLE")), None);
        assert_eq!(missing.of(&entry("FUNCTION f(integer)", "COMMENT ON")), Some("FUNCTION f(integer)"));
        let mut trigger = entry("TRIGGER \"x\" ON \"t\"", "CREATE TRIGGER");
        trigger.needs.push("FUNCTION f(integer)".to_owned());
        assert_eq!(missing.of(&trigger), Some("FUNCTION f(integer)"));
    }
}
