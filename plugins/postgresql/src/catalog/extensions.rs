//! Extensions. Their members come with them and are never objects of ours.

use super::id::{Id, class};
use super::object::{Kind, Object};
use crate::quote::ident;
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("extensions.sql");

/// An extension. Every new database has `plpgsql` already.
#[derive(Clone, Deserialize)]
pub struct Row {
    oid: u32,
    name: String,
    schema_oid: u32,
    schema: String,
}

impl Row {
    /// The object.
    pub fn into_object(self) -> Object {
        let address = format!("EXTENSION {}", ident(&self.name));
        let statement =
            format!("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {}", ident(&self.name), ident(&self.schema));
        Object::new(Id::new(class::EXTENSION, self.oid), Kind::Extension, address, self.name, vec![statement])
            .after([Id::new(class::SCHEMA, self.schema_oid)])
    }
}
