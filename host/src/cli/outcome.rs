//! How an operation's success is printed. What was moved, and how fast, has been told as an event.

use std::fmt;

use serde::Serialize;

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
    notes: Vec<Note>,
}

impl From<operation::Outcome> for Outcome {
    fn from(outcome: operation::Outcome) -> Self {
        let operation::Totals { units, bytes, rows } = outcome.totals;
        Self {
            backup: outcome.backup,
            units,
            bytes,
            rows,
            stored_bytes: outcome.stored_bytes,
            spent: outcome.spent,
            tallies: outcome.tallies,
            notes: outcome.notes,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.backup.as_deref().unwrap_or_default())
    }
}
