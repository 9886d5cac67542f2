//! The end: what was filled gets its name, then views are made, and last what deletes documents by their age.

use super::collections::{create_indexes, create_view, expire, expires, in_order, rename};
use super::journal::Journal;
use super::place::{IfExists, Place};
use crate::bson::{self, Builder, Document};
use crate::catalog::{self, Collection, Kind};
use crate::namespace::BUCKETS;
use crate::note::note;
use crate::server::Server;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::Note;

/// Shows a database's collections.
pub async fn show(server: &Server, place: &Place, database: &str) -> Result<Vec<Note>> {
    let journal = Journal::new(server, database, &place.operation_id);
    let entries = journal.read().await?;
    let mut there = catalog::list(server, database).await?;
    // Some have their names since they were made, and so have a time series' buckets.
    let plain = |name: &str| name.strip_prefix(BUCKETS).unwrap_or(name).to_owned();
    there.retain(|is| !entries.iter().any(|entry| entry.is_made_in_place() && entry.name == plain(&is.name)));
    let mut notes = Vec::new();
    if place.if_exists == IfExists::Replace {
        notes.extend(put_aside(server, place, database, &there).await?);
        there.clear();
    }
    let (views, collections): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.kind == Kind::View);
    for collection in collections.iter().filter(|collection| !collection.is_made_in_place()) {
        let working = place.working(&collection.database, &collection.name);
        if place.if_exists == IfExists::Append && there.iter().any(|is| is.name == collection.name) {
            notes.push(add(server, database, &working, collection).await?);
        } else {
            rename(server, database, &working, &collection.name).await?;
        }
    }
    for view in in_order(views) {
        create_view(server, place, &view).await?;
    }
    for collection in &collections {
        if there.iter().any(|is| is.name == collection.name) {
            continue;
        }
        let expiring: Vec<Document> = collection.indexes.iter().filter(|index| expires(index)).cloned().collect();
        create_indexes(server, database, &collection.name, &expiring).await?;
        expire(server, place, collection).await?;
    }
    journal.drop().await?;
    Ok(notes)
}

/// Gives what is there other names.
async fn put_aside(server: &Server, place: &Place, database: &str, there: &[Collection]) -> Result<Vec<Note>> {
    let mut notes = Vec::new();
    for collection in there {
        let aside = place.aside(database, &collection.name);
        rename(server, database, &collection.name, &aside).await?;
        notes.push(note("changed", collection.object(), format!("what was there is now called {aside}")));
    }
    Ok(notes)
}

/// Adds the documents to a collection that is there, but for those whose `_id` it has; the server does it by itself.
async fn add(server: &Server, database: &str, working: &str, collection: &Collection) -> Result<Note> {
    let merge = Builder::new()
        .text("into", &collection.name)
        .text("on", "_id")
        .text("whenMatched", "keepExisting")
        .text("whenNotMatched", "insert")
        .finish();
    let stage = Builder::new().document("$merge", &merge).finish();
    let cursor = Builder::new().finish();
    let before = count(server, database, &collection.name).await?;
    let came = count(server, database, working).await?;
    let aggregate = Builder::new().text("aggregate", working).array("pipeline", &[stage]).document("cursor", &cursor);
    let added = server.change(database, aggregate.truth("bypassDocumentValidation", true)).await;
    added.map_err(|error| error.while_doing(format!("adding to {}", collection.object())))?;
    let after = count(server, database, &collection.name).await?;
    server.drop(database, working).await?;
    let new = after.saturating_sub(before);
    let reason = format!("{came} documents came and it has {new} more: the _id of the others was there already");
    Ok(note("changed", format!("{database}.{}", collection.name), reason))
}

async fn count(server: &Server, database: &str, collection: &str) -> Result<i64> {
    let stage = Builder::new().text("$count", "n").finish();
    let cursor = Builder::new().finish();
    let counted = Builder::new().text("aggregate", collection).array("pipeline", &[stage]).document("cursor", &cursor);
    let found = server.documents(database, counted).await?;
    Ok(found.first().and_then(|found| bson::get(found, "n")?.number()).unwrap_or(0))
}
