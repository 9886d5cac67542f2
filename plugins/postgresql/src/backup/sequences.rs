//! The values of sequences. They aren't part of a snapshot, so they are read last: a value that is too high is harmless,
//! one that is too low makes duplicates.

use crate::entry::Entry;
use crate::quote::{literal, qualified};
use cofferdam_sdk::Result;
use cofferdam_sdk::postgres::Connection;

/// The word for a value in reports.
pub const VALUE: &str = "sequence value";

/// Sequences that one query reads.
const BATCH: usize = 200;

/// Entries that set sequences to their values of now.
pub async fn entries(connection: &Connection, sequences: &[(String, String)]) -> Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(sequences.len());
    for batch in sequences.chunks(BATCH) {
        // The rows of a UNION needn't come in the order of its parts.
        let selects: Vec<String> = batch
            .iter()
            .enumerate()
            .map(|(i, (schema, name))| {
                format!("SELECT {i}, last_value || ', ' || is_called FROM {}", qualified(schema, name))
            })
            .collect();
        let query = format!("SELECT * FROM (\n{}\n) AS q (i, value) ORDER BY i", selects.join("\nUNION ALL\n"));
        let rows = connection.rows(query).await?;
        for (sequence, row) in batch.iter().zip(rows) {
            let value = row.into_iter().nth(1).flatten().unwrap_or_default();
            entries.push(set(sequence, &String::from_utf8(value)?));
        }
    }
    Ok(entries)
}

/// The entry that sets one; `value` is `last_value, is_called`.
fn set((schema, name): &(String, String), value: &str) -> Entry {
    let name = qualified(schema, name);
    Entry::new(format!("SEQUENCE {name}"), vec![format!("SELECT pg_catalog.setval({}, {value})", literal(&name))])
        .carrying(VALUE)
}
