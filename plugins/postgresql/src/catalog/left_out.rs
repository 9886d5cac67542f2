//! What is in the database and isn't carried: told, so that nothing is lost without a word.

use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("left_out.sql");

/// Something that isn't carried.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// What.
    pub object: String,
    /// Why.
    pub reason: String,
    /// The kind of object in reports, if it is one that is counted.
    pub kind: Option<String>,
    /// How many of that kind it is, if not one.
    pub number: Option<u64>,
}
