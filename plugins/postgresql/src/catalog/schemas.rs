//! Schemas.

use super::id::{Id, class};
use super::object::{Kind, Object};
use crate::entry::Entry;
use crate::quote::{guarded, ident};
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

/// A condition for the role to be one that may say something of the schema "public". Before PostgreSQL 15 that is a superuser's.
pub const OWNS_PUBLIC: &str = "EXISTS (SELECT FROM pg_catalog.pg_namespace \
    WHERE nspname = 'public' AND pg_catalog.pg_has_role(nspowner, 'USAGE'))";

/// The statement that drops the schema "public" of a new database, as somebody did at the source.
pub fn drop_public() -> String {
    guarded(OWNS_PUBLIC, "DROP SCHEMA public")
}

/// The entry with it.
pub fn without_public() -> Entry {
    Entry::new("SCHEMA \"public\"", vec![drop_public()])
}

impl Row {
    /// The object. A new database already has the schema `public`.
    pub fn into_object(self) -> Object {
        let address = format!("SCHEMA {}", ident(&self.name));
        let everywhere = self.name == "public";
        let create = if everywhere { "CREATE SCHEMA IF NOT EXISTS" } else { "CREATE SCHEMA" };
        let statements = vec![format!("{create} {}", ident(&self.name))];
        let id = Id::new(class::SCHEMA, self.oid);
        let object = Object::new(id, Kind::Schema, address, self.name, statements).owned_by(self.owner);
        Object { everywhere, ..object }
    }
}
