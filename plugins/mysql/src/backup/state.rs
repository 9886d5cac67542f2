//! What the leader found while nobody could change it.

use std::collections::BTreeMap;

use cofferdam_sdk::engine::{Note, Tally};
use cofferdam_sdk::{Error, Result};

use super::definitions;
use crate::catalog::census::Counted;
use crate::catalog::{Program, Relation};
use crate::definition::Definition;

/// The most that definitions may take which are held until they are read, in bytes.
const MOST: usize = 64 << 20;

/// What is in the database.
#[derive(Default)]
pub struct State {
    /// Tables, views and sequences.
    pub relations: Vec<Relation>,
    /// Tables with keys that are made once their rows are in, and how many.
    pub keys: BTreeMap<String, u64>,
    /// Tables whose history is carried.
    pub histories: Vec<String>,
    /// What is made last, in that order.
    pub late: Vec<Definition>,
    /// What is in the units that aren't `late`, by the kinds of the tallies.
    pub early: BTreeMap<String, u64>,
    /// What isn't carried.
    pub left_out: BTreeMap<String, u64>,
    /// What the census says.
    pub census: Vec<Counted>,
    /// What the operator has to know.
    pub notes: Vec<Note>,
}

impl State {
    /// Adds to what is carried by units of their own.
    pub fn carries(&mut self, kind: &str, number: u64) {
        *self.early.entry(kind.to_owned()).or_default() += number;
    }

    /// Tells of something that isn't carried.
    pub fn leaves_out(&mut self, kind: &str, object: String, reason: String) {
        *self.left_out.entry(kind.to_owned()).or_default() += 1;
        self.notes.push(Note { kind: "left-out".to_owned(), object, reason });
    }

    /// Adds programs to what is made last.
    pub fn adds(&mut self, programs: Vec<Program>, database: &str) {
        self.late.extend(programs.into_iter().map(|program| definitions::of_program(program, database)));
    }

    /// Whether what is held fits.
    ///
    /// # Errors
    /// "unsupported" if it doesn't.
    pub fn fits(&self) -> Result<()> {
        let bytes: usize = self.late.iter().map(|definition| definition.sql.len()).sum();
        if bytes > MOST {
            return Err(Error::unsupported(format!(
                "views, routines, triggers and events have more than {MOST} bytes"
            )));
        }
        Ok(())
    }

    /// Every kind that was counted, carried or left out.
    pub fn tallies(&self) -> Vec<Tally> {
        let mut carried = self.early.clone();
        for (kind, number) in self.late.iter().flat_map(|definition| &definition.makes) {
            *carried.entry(kind.clone()).or_default() += number;
        }
        let counted: BTreeMap<String, u64> = self.census.iter().cloned().collect();
        let mut kinds: Vec<&String> = counted.keys().chain(carried.keys()).chain(self.left_out.keys()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of = |numbers: &BTreeMap<String, u64>, kind: &String| numbers.get(kind).copied().unwrap_or_default();
        kinds
            .into_iter()
            .map(|kind| Tally {
                kind: kind.clone(),
                counted: of(&counted, kind),
                carried: of(&carried, kind),
                left_out: of(&self.left_out, kind),
            })
            .collect()
    }
}
