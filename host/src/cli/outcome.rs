//! How an operation's success is printed. What was moved, and how fast, has been told as an event.

use std::fmt;

use serde::Serialize;

use super::human;
use super::output::Ui;
use crate::error::{Error, Result};
use crate::operation;
use crate::plugin::{Note, Tally};
use crate::repository::Spent;

/// For people and scripts it is the backup's id alone; for programs, everything.
#[derive(Debug, Serialize)]
pub struct Outcome {
    backup: Option<String>,
    units: usize,
    bytes: u64,
    rows: u64,
    stored_bytes: Option<u64>,
    spent: Option<Spent>,
    tallies: Vec<Tally>,
    /// Objects that couldn't be made: it is partial unless it is 0.
    failed: u64,
    missing_rows: u64,
    notes: Vec<Note>,
}

impl Outcome {
    /// Prints what was made in a database.
    ///
    /// # Errors
    /// "partial" if something of it failed.
    pub(super) fn tell(outcome: operation::Outcome, ui: &Ui) -> Result<()> {
        let outcome = Self::from(outcome);
        ui.result(&outcome)?;
        if outcome.failed == 0 {
            return Ok(());
        }
        let failed = human::several(outcome.failed, "object");
        let missing = human::several(outcome.missing_rows, "row");
        Err(Error::partial(format!("the database is partial: {failed} failed, {missing} are missing"))
            .with_hint("what failed was told one by one, and is in the result of --json"))
    }
}

impl From<operation::Outcome> for Outcome {
    fn from(outcome: operation::Outcome) -> Self {
        let failed = outcome.failed();
        let operation::Totals { units, bytes, rows } = outcome.totals;
        Self {
            backup: outcome.backup,
            units,
            bytes,
            rows,
            stored_bytes: outcome.stored_bytes,
            spent: outcome.spent,
            tallies: outcome.tallies,
            failed,
            missing_rows: outcome.missing_rows,
            notes: outcome.notes,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.backup.as_deref().unwrap_or_default())
    }
}
