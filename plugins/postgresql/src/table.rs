//! What a data unit says of its table.

use crate::long_rows;
use crate::quote::qualified;
use cofferdam_sdk::engine::Unit;
use cofferdam_sdk::{Error, Options, Result, options};

/// A table, and the columns that COPY names.
#[derive(Debug)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The columns in their order, without generated ones. May be empty: a table may have none.
    pub columns: Vec<String>,
    /// Which of its rows are read, if not all of them: `WHERE ...`.
    pub condition: Option<String>,
}

/// A range of a table's pages, which PostgreSQL numbers from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The first of them.
    pub first: u64,
    /// The first that isn't part of it; none for everything from `first` on.
    pub end: Option<u64>,
}

const FIRST: &str = "first-page";
const END: &str = "end-page";

impl Pages {
    /// All pages of a table.
    pub const ALL: Self = Self { first: 0, end: None };

    /// What the unit notes of it: nothing, if it is all of them.
    pub fn extra(self) -> Options {
        if self == Self::ALL {
            return Vec::new();
        }
        let end = self.end.map(|end| (END.to_owned(), end.to_string()));
        [(FIRST.to_owned(), self.first.to_string())].into_iter().chain(end).collect()
    }

    /// Reads it from the unit.
    fn of(unit: &Unit) -> Result<Self> {
        let number = |key| options::get(&unit.extra, key).map(str::parse).transpose().map_err(Error::from);
        Ok(Self { first: number(FIRST)?.unwrap_or(0), end: number(END)? })
    }

    /// The condition that chooses its rows; none if it is all of them.
    fn condition(self) -> Option<String> {
        let end = self.end.map(|end| format!(" AND ctid < '({end},0)'")).unwrap_or_default();
        (self != Self::ALL).then(|| format!("ctid >= '({},0)'{end}", self.first))
    }
}

impl Table {
    /// How statements call it.
    pub fn address(&self) -> String {
        format!("TABLE {}", qualified(&self.schema, &self.name))
    }

    /// Reads it from the unit.
    pub fn of(unit: &Unit) -> Result<Self> {
        let value = |key| {
            options::get(&unit.extra, key)
                .ok_or_else(|| Error::corrupt(format!("unit {} doesn't say its {key}", unit.name)))
        };
        let columns = serde_json::from_str(value("columns")?)
            .map_err(|error| Error::corrupt(format!("unit {} has no list of columns: {error}", unit.name)))?;
        let chosen = [Pages::of(unit)?.condition(), long_rows::fits(unit).map(str::to_owned)];
        let chosen: Vec<String> = chosen.into_iter().flatten().collect();
        let chosen = (!chosen.is_empty()).then(|| format!("WHERE {}", chosen.join(" AND ")));
        let condition = options::get(&unit.extra, "condition").map(str::to_owned).or(chosen);
        let (schema, name) = (value("schema")?.to_owned(), value("table")?.to_owned());
        Ok(Self { schema, name, columns, condition })
    }
}
