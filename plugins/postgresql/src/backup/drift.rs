//! What happened to the catalogue while a backup ran.
//!
//! Tables are locked, but functions, types, views and grants aren't, and indexes may come. The definitions of a backup are
//! those of its snapshot but for what the server's own functions put together, which they do by the newest catalogue. So at
//! the end the catalogue that the snapshot sees is held against today's, and what differs is told.

use super::units::note;
use crate::catalog::rows;
use crate::session::Session;
use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Result, try_join};
use serde::Deserialize;
use std::collections::BTreeSet;

const VERSIONS: &str = include_str!("drift.sql");

/// Parts that the catalogue is compared in at first, so that only what is in one that differs is asked for by name.
const PARTS: usize = 1024;
/// Parts that are asked for by name. More differ only where somebody made or dropped hundreds of objects.
const NAMED: usize = 64;

/// What the rows of a part of the catalogue, or of an object, amount to.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Digest {
    name: String,
    digest: String,
}

/// Says what differs between the snapshot that `then` is in and what `now` sees.
pub async fn notes(then: &Session, now: &Session) -> Result<Vec<Note>> {
    let part = format!("(pg_catalog.hashtext(v.object) & {})", PARTS - 1);
    let parts = changed(then, now, &digests(&part, "true")).await?;
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let named = parts.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let objects = changed(then, now, &digests("v.object", &format!("{part} IN ({named})"))).await?;
    let mut notes: Vec<Note> = objects
        .into_iter()
        .map(|object| note("changed", object, "somebody made, changed or dropped it while the backup ran"))
        .collect();
    if parts.len() > NAMED {
        notes.push(note("changed", "the catalogue", "more objects than these were made, changed or dropped meanwhile"));
    }
    Ok(notes)
}

/// The query for the digests of whatever `name` tells apart.
fn digests(name: &str, condition: &str) -> String {
    format!(
        "SELECT ({name})::text AS name,
            pg_catalog.count(*) || ' ' || pg_catalog.sum(pg_catalog.hashtextextended(v.version, 0)) AS digest
         FROM (\n{VERSIONS}\n) AS v
         WHERE {condition}
         GROUP BY 1"
    )
}

async fn changed(then: &Session, now: &Session, query: &str) -> Result<BTreeSet<String>> {
    let (before, after) = try_join(rows::at_once(then, query), rows::at_once(now, query)).await?;
    let before: BTreeSet<Digest> = before.into_iter().collect();
    let after: BTreeSet<Digest> = after.into_iter().collect();
    Ok(before.symmetric_difference(&after).map(|digest| digest.name.clone()).collect())
}
