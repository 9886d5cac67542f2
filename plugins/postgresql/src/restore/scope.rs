//! Which of a backup's objects and units are wanted.

use super::wishes::Wishes;
use crate::selection::{Chosen, Contents};
use cofferdam_sdk::engine::{Note, Source};
use cofferdam_sdk::{Error, Result, options};
use std::collections::BTreeSet;

/// What is wanted.
#[derive(Debug, Default)]
pub struct Scope {
    /// The objects; none for all of them.
    pub chosen: Option<Chosen>,
    /// The units; none for all of them.
    pub units: Option<Vec<String>>,
    /// What came along, and what stays out.
    pub notes: Vec<Note>,
}

impl Scope {
    /// What is wanted of a backup. `there` is what a database that is added to has already.
    ///
    /// # Errors
    /// If a pattern matches nothing, or nothing is left.
    pub fn of(source: &Source, wishes: &Wishes, there: Option<BTreeSet<String>>) -> Result<Self> {
        if wishes.patterns.choose_all() && there.is_none() {
            return Ok(Self::default());
        }
        let (mut chosen, notes) = Chosen::of(&contents(source)?, &wishes.patterns)?;
        chosen.find(there.unwrap_or_default());
        let mut units = Vec::new();
        for unit in &source.units {
            if chosen.wants(unit)? {
                units.push(unit.name.clone());
            }
        }
        Ok(Self { chosen: Some(chosen), units: Some(units), notes })
    }

    /// Whether the database that is added to has an object already.
    pub fn is_there(&self, object: &str) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen.is_there(object))
    }

    /// Whether an object comes.
    pub fn has(&self, object: &str) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.has(object))
    }
}

/// What the backup's plan noted of its objects.
pub fn contents(source: &Source) -> Result<Contents> {
    let text = options::get(&source.extra, "contents")
        .ok_or_else(|| Error::corrupt("the backup doesn't say what it holds, so nothing can be chosen of it"))?;
    serde_json::from_str(text)
        .map_err(|error| Error::corrupt(format!("what the backup says it holds isn't readable: {error}")))
}
