//! Sequences: of their own, owned by a column, and those of identity columns.

use super::id::{Id, class};
use super::object::{Kind, Object};
use crate::quote::{guarded, ident, qualified};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("sequences.sql");

/// A sequence. Its value isn't here: it isn't part of the snapshot and is read last.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The sequence's oid.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    owner: String,
    unlogged: bool,
    r#type: String,
    start: String,
    increment: String,
    minimum: String,
    maximum: String,
    cache: String,
    cycle: bool,
    /// Whether it belongs to an identity column, and is made with it.
    pub identity: Option<bool>,
    /// The table of the column that owns it.
    pub table_oid: Option<u32>,
    /// That column's number.
    pub column_number: Option<i16>,
    table_schema: Option<String>,
    table_name: Option<String>,
    table_unlogged: Option<bool>,
    column_name: Option<String>,
}

impl Row {
    /// The sequence's identity.
    pub fn id(&self) -> Id {
        Id::new(class::RELATION, self.oid)
    }

    fn settings(&self) -> String {
        let cycle = if self.cycle { " CYCLE" } else { "" };
        format!(
            "START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{cycle}",
            self.start, self.increment, self.minimum, self.maximum, self.cache
        )
    }

    /// What stands in the parentheses of an identity column.
    pub fn identity_options(&self) -> String {
        format!("SEQUENCE NAME {} {}", qualified(&self.schema, &self.name), self.settings())
    }

    /// What the identity column's table needs after it was made: from PostgreSQL 15, its sequence follows the table in being
    /// unlogged, unless told otherwise. Servers before that have no unlogged sequences, and nothing to be told.
    pub fn identity_persistence(&self) -> Option<String> {
        let table = self.table_unlogged?;
        let set = match (table, self.unlogged) {
            (true, false) => "LOGGED",
            (false, true) => "UNLOGGED",
            _ => return None,
        };
        let alter = format!("ALTER SEQUENCE {} SET {set}", qualified(&self.schema, &self.name));
        let known = "pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 150000";
        Some(guarded(known, &alter))
    }

    /// The objects: the sequence, and later that a column owns it. None if it comes with an identity column.
    pub fn into_objects(self) -> Vec<Object> {
        if self.identity == Some(true) {
            return Vec::new();
        }
        let name = qualified(&self.schema, &self.name);
        let address = format!("SEQUENCE {name}");
        let unlogged = if self.unlogged { "UNLOGGED " } else { "" };
        let create = format!("CREATE {unlogged}SEQUENCE {name} AS {} {}", self.r#type, self.settings());
        let mut objects = vec![
            Object::new(self.id(), Kind::Sequence, address.clone(), self.name.clone(), vec![create])
                .in_schema(self.schema.clone())
                .owned_by(self.owner.clone()),
        ];
        if let (Some(table), Some(table_schema), Some(table_name), Some(column)) =
            (self.table_oid, &self.table_schema, &self.table_name, &self.column_name)
        {
            let owned = format!("ALTER {address} OWNED BY {}.{}", qualified(table_schema, table_name), ident(column));
            // No catalogue has a row for this, so the column's number and the class 0 stand in for an identity.
            objects.push(
                Object::new(Id::new(0, self.oid), Kind::SequenceOwner, address, self.name.clone(), vec![owned])
                    .in_schema(self.schema.clone())
                    .after([self.id(), Id::new(class::RELATION, table)]),
            );
        }
        objects
    }
}
