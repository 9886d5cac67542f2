//! A count of everything in the catalogue, written apart from the queries that make the definitions: what one of them
//! loses is found by the other.
//!
//! A new kind of object takes a line in `census.sql`, a word in [`Kind::word`](super::object::Kind::word) or beside its
//! query, and nothing else.

use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("census.sql");

/// How many objects of a kind there are.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The kind, in the words of reports.
    pub kind: String,
    /// How many.
    pub counted: u64,
}
