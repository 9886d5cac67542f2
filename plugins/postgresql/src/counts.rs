//! Numbers of objects by their kinds, as reports tell them: "table", "index".

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// Counts `number` more of a kind.
    pub fn add(&mut self, kind: &str, number: u64) {
        if number > 0 {
            *self.0.entry(kind.to_owned()).or_default() += number;
        }
    }

    /// Counts all of `others` too.
    pub fn extend(&mut self, others: &Self) {
        others.0.iter().for_each(|(kind, number)| self.add(kind, *number));
    }

    /// Counts all of `others` no more.
    pub fn take(&mut self, others: &Self) {
        for (kind, number) in &others.0 {
            let left = self.of(kind).saturating_sub(*number);
            self.0.insert(kind.clone(), left);
        }
    }

    /// How many there are of a kind.
    pub fn of(&self, kind: &str) -> u64 {
        self.0.get(kind).copied().unwrap_or(0)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kinds of which there are any.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// As the contract tells them.
    pub fn into_list(self) -> Vec<(String, u64)> {
        self.0.into_iter().collect()
    }
}
