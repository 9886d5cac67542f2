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
}
