//! The columns of a table with long rows: how long their texts may get, and what they are read and written as.

use crate::quote::ident;
use cofferdam_sdk::engine::Unit;
use cofferdam_sdk::{Error, Options, Result, options};
use serde::{Deserialize, Serialize};

/// How many times longer the text of a value of any type is taken to be than what is stored of it.
const EXPANDED: u64 = 16;
/// JSON is looked at from so many times less than the limit on.
const LOOKED_AT: u64 = 1024;

const COLUMNS: &str = "long-columns";
const LIMIT: &str = "long-row";
const ENCODING: &str = "encoding";
/// What an ordinary unit notes of it.
const FITS: &str = "fits";

/// What is to know of a table's long rows.
#[derive(Clone, Debug)]
pub struct LongRows {
    /// Bytes of text from which on a row is a long one.
    pub limit: u64,
    /// The database's encoding, in which the lines are.
    pub encoding: String,
    /// The columns that are read and written, in the order in which they are in the lines.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, or what is below that if it is a domain, without a length.
    pub base: String,
    /// How it is stored: pg_attribute.attstorage.
    pub storage: String,
    /// How it is compressed, if that was chosen.
    pub compression: Option<String>,
    /// The function that makes text of its values.
    pub output: String,
    /// What kind of type that is.
    pub kind: Kind,
}

/// Kinds of types, by what is known of a text's length without reading the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Short.
    Fixed,
    /// `bytea`: two digits for each byte.
    Bytes,
    /// `text` and `varchar`: their own bytes, or two for each where they must be escaped.
    Text,
    /// Another type whose values are stored as text is.
    LikeText,
    /// `json`, which is stored so too; but the server tells its length only once it has read it.
    Json,
    /// Any other type. What is stored says little of the text.
    Other,
}

impl Column {
    /// The expression that says how long the text may be, in bytes; 0 for NULL. None if it is short. TOAST is only read of
    /// large JSON.
    pub fn bound(&self, limit: u64) -> Option<String> {
        let name = ident(&self.name);
        let octets = format!("pg_catalog.octet_length({name}::pg_catalog.text)::pg_catalog.int8 * 2");
        let stored = format!("pg_catalog.pg_column_size({name})::pg_catalog.int8");
        let bound = match self.kind {
            Kind::Fixed => return None,
            Kind::Bytes => format!("pg_catalog.octet_length({name})::pg_catalog.int8 * 2 + 3"),
            Kind::Text | Kind::LikeText => octets,
            Kind::Json => {
                let least = limit / LOOKED_AT;
                format!("CASE WHEN {stored} < {least} THEN {stored} * {EXPANDED} ELSE {octets} END")
            }
            Kind::Other => format!("{stored} * {EXPANDED}"),
        };
        Some(format!("coalesce({bound}, 0)"))
    }

    /// The expression for the value itself, as bytes or as the text that COPY writes.
    pub fn value(&self) -> String {
        let name = ident(&self.name);
        match self.kind {
            Kind::Bytes => name,
            Kind::Text => format!("{name}::pg_catalog.text"),
            _ => format!("pg_catalog.textin({}({name}))", self.output),
        }
    }
}

impl LongRows {
    /// Of a table whose columns aren't known yet.
    pub fn new(limit: u64, encoding: &str) -> Self {
        Self { limit, encoding: encoding.to_owned(), columns: Vec::new() }
    }

    /// The condition for rows that aren't long ones. It is never NULL.
    fn fits(&self) -> String {
        let bounds: Vec<String> = self.columns.iter().filter_map(|column| column.bound(self.limit)).collect();
        format!("{} <= {}", if bounds.is_empty() { "0".to_owned() } else { bounds.join(" + ") }, self.limit)
    }

    /// What ordinary units of the table note: which rows they read.
    pub fn noted_by_others(&self) -> (String, String) {
        (FITS.to_owned(), self.fits())
    }

    /// What the unit of its long rows notes.
    pub fn extra(&self) -> Options {
        let columns = serde_json::json!(self.columns).to_string();
        let notes = [(LIMIT, self.limit.to_string()), (ENCODING, self.encoding.clone()), (COLUMNS, columns)];
        notes.map(|(key, value)| (key.to_owned(), value)).into_iter().chain([self.noted_by_others()]).collect()
    }

    /// Reads it from the unit of the long rows.
    ///
    /// # Errors
    /// "corrupt" if something is missing.
    pub fn of(unit: &Unit) -> Result<Self> {
        let value = |key| {
            options::get(&unit.extra, key)
                .ok_or_else(|| Error::corrupt(format!("unit {} doesn't say its {key}", unit.name)))
        };
        let columns = serde_json::from_str(value(COLUMNS)?)
            .map_err(|error| Error::corrupt(format!("unit {} has no list of columns: {error}", unit.name)))?;
        Ok(Self { limit: value(LIMIT)?.parse()?, encoding: value(ENCODING)?.to_owned(), columns })
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().map(|column| &column.name)
    }
}

/// The condition for the rows that an ordinary unit reads, if it doesn't read all.
pub fn fits(unit: &Unit) -> Option<&str> {
    options::get(&unit.extra, FITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: Kind) -> Column {
        let (base, output) = ("\"s\".\"t\"".to_owned(), "\"s\".\"out\"".to_owned());
        Column { name: name.to_owned(), base, storage: "x".to_owned(), compression: None, output, kind }
    }

    #[test]
    fn a_row_is_as_long_as_its_columns_together() {
        let mut rows = LongRows::new(1 << 20, "UTF8");
        rows.columns = vec![column("n", Kind::Fixed), column("b", Kind::Bytes), column("t\"", Kind::Text)];
        assert_eq!(
            rows.fits(),
            "coalesce(pg_catalog.octet_length(\"b\")::pg_catalog.int8 * 2 + 3, 0) + \
             coalesce(pg_catalog.octet_length(\"t\"\"\"::pg_catalog.text)::pg_catalog.int8 * 2, 0) <= 1048576"
        );
    }

    #[test]
    fn a_value_is_read_as_copy_writes_it() {
        assert_eq!(column("a", Kind::Bytes).value(), "\"a\"");
        assert_eq!(column("a", Kind::LikeText).value(), "pg_catalog.textin(\"s\".\"out\"(\"a\"))");
        assert_eq!(column("a", Kind::Fixed).bound(1), None);
    }
}
