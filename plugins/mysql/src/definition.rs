//! A statement of a unit of definitions: one line of JSON.

use std::collections::BTreeMap;

use cofferdam_sdk::{Error, Result};
use serde::{Deserialize, Serialize};

/// The format of units of definitions.
pub const FORMAT: &str = "application/vnd.cofferdam.mysql-definitions+json;version=1";
/// The format of units of rows: a line for each, the literals of its values in brackets.
pub const ROWS: &str = "text/vnd.cofferdam.mysql-rows;version=1";

/// How a statement is to be run, and the statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What it is about: "TABLE orders".
    pub object: String,
    /// The statement; bytes that aren't UTF-8 as `lossless` has them.
    pub sql: String,
    /// What stands for the statement where databases are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_as: Option<String>,
    /// What it makes, by the kinds of the tallies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub makes: BTreeMap<String, u64>,
    /// Whether the server made its text, and may have written the database's name into it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub qualified: bool,
    /// The session's `sql_mode`, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql_mode: Option<String>,
    /// The session's character set and collation, if they matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<(String, String)>,
    /// The session's time zone, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

impl Definition {
    /// A statement that runs as it is.
    pub fn new(object: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { object: object.into(), sql: sql.into(), ..Self::default() }
    }

    /// Says what it makes.
    #[must_use]
    pub fn making(mut self, kind: &str, number: u64) -> Self {
        if number > 0 {
            *self.makes.entry(kind.to_owned()).or_default() += number;
        }
        self
    }

    /// As a line, with its line feed.
    ///
    /// # Errors
    /// None that could come of a statement; JSON takes any text.
    pub fn line(&self) -> Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self).map_err(|_| Error::internal("a definition can't be written"))?;
        line.push(b'\n');
        Ok(line)
    }

    /// From a line, without its line feed.
    ///
    /// # Errors
    /// "corrupt" if it is none.
    pub fn parse(line: &[u8]) -> Result<Self> {
        serde_json::from_slice(line).map_err(|_| Error::corrupt("a definition of the backup can't be read"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use cofferdam_sdk::lossless;

    #[test]
    fn a_definition_is_one_line_whatever_it_holds() {
        let definition = Definition::new("a\nb", "CREATE\n'\u{1}\"\\'").making("table", 1);
        let line = definition.line().unwrap();
        let (last, rest) = line.split_last().unwrap();
        assert_eq!((*last, rest.contains(&b'\n')), (b'\n', false));
        assert_eq!(Definition::parse(rest).unwrap(), definition);
        assert!(Definition::parse(b"{}").is_err());
    }

    #[test]
    fn a_text_in_another_character_set_keeps_its_bytes() {
        let definition = Definition::new("a", lossless::text(b"SELECT '\xe4'".to_vec()));
        let line = definition.line().unwrap();
        let again = Definition::parse(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(*lossless::bytes(&again.sql), *b"SELECT '\xe4'");
    }
}
