//! The columns of tables that may have rows too long for COPY.

use super::rows::Catalogue;
use crate::long_rows::{Column, LongRows};
use cofferdam_sdk::Result;
use serde::Deserialize;
use std::collections::HashMap;

const QUERY: &str = include_str!("long_rows.sql");

/// How many times longer a row's text can be than what the server stores of it: LZ4 makes one byte of at most 255, and
/// COPY writes a byte of a `bytea` as two digits.
const MOST_EXPANDED: u64 = 512;

#[derive(Deserialize)]
struct Row {
    relation: u32,
    #[serde(flatten)]
    column: Column,
}

/// What is to know of them, by the tables' oids. A table whose TOAST is too small for a single row of more than `limit`
/// bytes isn't among them; without a limit there are none.
pub async fn read(catalogue: Catalogue<'_>, limit: Option<u64>, encoding: &str) -> Result<HashMap<u32, LongRows>> {
    let Some(limit) = limit else { return Ok(HashMap::new()) };
    let query = QUERY.replace("$least", &(limit / MOST_EXPANDED).to_string());
    let mut tables: HashMap<u32, LongRows> = HashMap::new();
    for row in catalogue.rows::<Row>(&query).await? {
        let table = tables.entry(row.relation).or_insert_with(|| LongRows::new(limit, encoding));
        table.columns.push(row.column);
    }
    Ok(tables)
}
