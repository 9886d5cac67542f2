//! What a data unit says of its table.

use cofferdam_sdk::engine::Unit;
use cofferdam_sdk::{Error, Result, options};

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

impl Table {
    /// Reads it from the unit.
    pub fn of(unit: &Unit) -> Result<Self> {
        let value = |key| {
            options::get(&unit.extra, key)
                .ok_or_else(|| Error::corrupt(format!("unit {} doesn't say its {key}", unit.name)))
        };
        let columns = serde_json::from_str(value("columns")?)
            .map_err(|error| Error::corrupt(format!("unit {} has no list of columns: {error}", unit.name)))?;
        let condition = options::get(&unit.extra, "condition").map(str::to_owned);
        Ok(Self { schema: value("schema")?.to_owned(), name: value("table")?.to_owned(), columns, condition })
    }
}
