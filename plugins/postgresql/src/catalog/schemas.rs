//! Schemas.

use super::id::{Id, class};
use super::object::{Kind, Object};
use crate::quote::ident;
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("schemas.sql");

/// A schema.
#[derive(Clone, Deserialize)]
pub struct Row {
    oid: u32,
    name: String,
    owner: String,
}

impl Row {
    /// The object. A new database already has the schema `public`.
    pub fn into_object(self) -> Object {
        let address = format!("SCHEMA {}", ident(&self.name));
        let create = if self.name == "public" { "CREATE SCHEMA IF NOT EXISTS" } else { "CREATE SCHEMA" };
        let statements = vec![format!("{create} {}", ident(&self.name))];
        Object::new(Id::new(class::SCHEMA, self.oid), Kind::Schema, address, self.name, statements).owned_by(self.owner)
    }
}
