//! Comments.

use super::id::Id;
use super::schemas::OWNS_PUBLIC;
use crate::quote::{guarded, ident, literal};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("comments.sql");

/// A comment on an object, or on a column of one.
#[derive(Clone, Deserialize)]
pub struct Row {
    class: u32,
    oid: u32,
    schema: Option<String>,
    relation: Option<String>,
    column: Option<String>,
    text: String,
}

impl Row {
    /// What it is on.
    pub fn id(&self) -> Id {
        Id::new(self.class, self.oid)
    }

    /// How statements call what it is on, given how they call the object.
    pub fn target(&self, object: &str) -> String {
        match (&self.schema, &self.relation, &self.column) {
            (Some(schema), Some(relation), Some(column)) => {
                format!("COLUMN {}.{}.{}", ident(schema), ident(relation), ident(column))
            }
            _ => object.to_owned(),
        }
    }

    /// The statement. A comment without a text is one that was taken away from the schema "public".
    pub fn statement(&self, target: &str) -> String {
        let statement = format!("COMMENT ON {target} IS {}", literal(&self.text));
        if self.text.is_empty() { guarded(OWNS_PUBLIC, &statement) } else { statement }
    }
}
