//! Foreign keys.

use super::id::{Id, class};
use crate::entry::Entry;
use crate::quote::{guarded, ident, literal, qualified};
use serde::Deserialize;

/// The query for [`Row`]. A partition's share of its parent's foreign key comes with the parent's.
pub const QUERY: &str = include_str!("foreign_keys.sql");

/// A foreign key.
#[derive(Clone, Deserialize)]
pub struct Row {
    oid: u32,
    /// The oid of the table that has it.
    pub relation: u32,
    /// The oid of the table that it refers to.
    pub referenced: u32,
    schema: String,
    table_name: String,
    partitioned: bool,
    name: String,
    definition: String,
    /// Whether it is on an extension's table, which has those of the extension by itself.
    pub of_extension: bool,
}

impl Row {
    /// The constraint's identity.
    pub fn id(&self) -> Id {
        Id::new(class::CONSTRAINT, self.oid)
    }

    /// How statements call it.
    pub fn address(&self) -> String {
        format!("CONSTRAINT {} ON {}", ident(&self.name), qualified(&self.schema, &self.table_name))
    }

    /// What makes it.
    pub fn entry(&self) -> Entry {
        let only = if self.partitioned { "" } else { "ONLY " };
        let table = qualified(&self.schema, &self.table_name);
        let statement = format!("ALTER TABLE {only}{table} ADD CONSTRAINT {} {}", ident(&self.name), self.definition);
        if !self.of_extension {
            return Entry::new(self.address(), vec![statement]).carrying("foreign key");
        }
        let missing = format!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {}::pg_catalog.regclass AND conname = {})",
            literal(&table),
            literal(&self.name)
        );
        Entry::new(self.address(), vec![guarded(&missing, &statement)])
    }
}
