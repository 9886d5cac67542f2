//! The lines of a DDL unit: `application/vnd.cofferdam.postgresql.ddl; version=1`.
//!
//! A line is a JSON object and stands for an object of the database, in the order in which they are made.

use crate::comparable;
use crate::counts::Counts;
use crate::quote::ident;
use cofferdam_sdk::{Error, Result};
use serde::{Deserialize, Serialize};

/// The media type of a unit of entries.
pub const FORMAT: &str = "application/vnd.cofferdam.postgresql.ddl; version=1";

/// The longest line that is taken back, in bytes. A definition of PostgreSQL can't be longer than 1 GB; one of more than
/// this is no definition that a person wrote.
pub const LONGEST: usize = 64 << 20;

/// What makes an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// How statements call it: `TABLE "a"."b"`. This is what notes and errors name.
    pub object: String,
    /// The statements, to be run in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql: Vec<String>,
    /// The object that it belongs to, if that isn't `object` itself: an index is its table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Other objects that it refers to, and can't be made without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Whether it belongs to the database as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// Whether it only helps to make others, and isn't missed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aid: bool,
    /// Statements that come after, each of which needs roles, and is left out where one of them isn't there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub for_roles: Vec<RoleStatement>,
    /// What the statements make, for the report.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub carries: Counts,
    /// The tablespace that it is in, if that isn't the database's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// The provider of security labels whose label it is. Without that provider, the whole entry is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_provider: Option<String>,
    /// A condition for the target to have what it is about, if that is the server's own. Elsewhere the whole entry is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_where: Option<String>,
    /// What stands for the statements where databases are compared, if not they themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_as: Option<String>,
}

/// A statement that names roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleStatement {
    /// The roles.
    pub roles: Vec<String>,
    /// Those of them that whoever runs it must be able to act as: they get an object, or grant something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts_as: Vec<String>,
    /// The statement.
    pub sql: String,
    /// The kind of what the statement makes, if that is something of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carries: Option<String>,
    /// What stands for the statement where databases are compared, if not itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_as: Option<String>,
}

impl Entry {
    /// An entry without statements for roles.
    pub fn new(object: impl Into<String>, sql: Vec<String>) -> Self {
        Self { object: object.into(), sql, ..Self::default() }
    }

    /// Says what stands for statements that the server writes differently once it has read them back.
    pub fn settle(&mut self) {
        if self.compare_as.is_none() && self.sql.iter().any(|sql| comparable::is_unsettled(sql)) {
            self.compare_as = Some(comparable::digest(self.sql.iter().map(String::as_str)));
        }
        for statement in self.for_roles.iter_mut().filter(|statement| comparable::is_unsettled(&statement.sql)) {
            statement.compare_as = Some(comparable::digest(std::iter::once(statement.sql.as_str())));
        }
    }

    /// Says that its statements make one more object of a kind.
    #[must_use]
    pub fn carrying(mut self, kind: &str) -> Self {
        self.carries.add(kind, 1);
        self
    }

    /// Adds the statement that gives the object to its owner.
    pub fn owned_by(&mut self, owner: &str) {
        let sql = format!("ALTER {} OWNER TO {}", self.object, ident(owner));
        self.for_roles.push(RoleStatement {
            roles: vec![owner.to_owned()],
            acts_as: vec![owner.to_owned()],
            sql,
            carries: None,
            compare_as: None,
        });
    }

    /// Entries as a unit's bytes.
    pub fn lines(entries: &[Self]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut bytes, entry)
                .map_err(|error| Error::internal(format!("{} can't be written down: {error}", entry.object)))?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// An entry from a line.
    pub fn parse(line: &[u8]) -> Result<Self> {
        serde_json::from_slice(line)
            .map_err(|error| Error::corrupt(format!("a line of the unit isn't an entry: {error}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn an_entry_comes_back_from_its_line() {
        let mut entry = Entry::new("TABLE \"a\".\"b\"", vec!["CREATE TABLE \"a\".\"b\" (\n)".to_owned()]);
        entry.owned_by("o\"ps");
        let bytes = Entry::lines(std::slice::from_ref(&entry)).unwrap();
        assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(Entry::parse(bytes.trim_ascii_end()).unwrap(), entry);
        assert_eq!(entry.for_roles[0].sql, "ALTER TABLE \"a\".\"b\" OWNER TO \"o\"\"ps\"");
    }
}
