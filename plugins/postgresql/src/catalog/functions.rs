//! Functions and procedures.

use super::id::{Id, class};
use super::object::{Kind, Object};
use crate::quote::qualified;
use serde::Deserialize;

/// The query for [`Row`]. It leaves out the constructors of range types, which come with their types.
pub const QUERY: &str = include_str!("functions.sql");

/// A function or a procedure.
#[derive(Clone, Deserialize)]
pub struct Row {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    procedure: bool,
    arguments: String,
    definition: String,
}

impl Row {
    /// The object.
    pub fn into_object(self) -> Object {
        let word = if self.procedure { "PROCEDURE" } else { "FUNCTION" };
        let address = format!("{word} {}({})", qualified(&self.schema, &self.name), self.arguments);
        // CREATE OR REPLACE would hide that something is there already.
        let statement = self.definition.trim_end().replacen("CREATE OR REPLACE ", "CREATE ", 1);
        let sorted = format!("{}({})", self.name, self.arguments);
        Object::new(Id::new(class::PROC, self.oid), Kind::Function, address, sorted, vec![statement])
            .in_schema(self.schema)
            .owned_by(self.owner)
    }
}
