//! Tables of extensions whose rows are the user's.

use super::id::{Id, class};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("configuration_tables.sql");

/// A table, or a sequence.
#[derive(Clone, Deserialize)]
pub struct Row {
    oid: u32,
    /// The oid of its extension.
    pub extension: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Whether it is a sequence.
    pub sequence: bool,
    /// Which of the rows are the user's: `WHERE ...`, or none for all of them.
    pub condition: Option<String>,
    /// What its rows take on the server's disk, in bytes.
    pub bytes: Option<u64>,
    /// The columns that COPY reads and writes.
    pub columns: Vec<String>,
}

impl Row {
    /// Its identity.
    pub fn id(&self) -> Id {
        Id::new(class::RELATION, self.oid)
    }
}
