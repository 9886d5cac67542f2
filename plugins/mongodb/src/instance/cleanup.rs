//! Taking away what an operation left.

use crate::bson::{self, Builder};
use crate::namespace;
use crate::note::note;
use crate::restore::Journal;
use crate::server::Server;
use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Endpoint, Result};

/// Drops the collections that a restore has not given their names, those that it made under their own, and its journal last,
/// so that a cleanup that is broken off can be done again. What has its name already stays, and is told.
pub async fn cleanup(endpoint: &Endpoint, operation_id: &str) -> Result<Vec<Note>> {
    let server = Server::connect(endpoint, true).await?;
    let mut notes = Vec::new();
    let looked_at = namespace::journal(operation_id);
    for database in server.databases().await? {
        // Made by a restore that was to be looked at.
        if database.ends_with(&looked_at) {
            server.change(&database, Builder::new().int("dropDatabase", 1)).await?;
            notes.push(note("left-out", &database, "a database that was made to be looked at was dropped"));
            continue;
        }
        notes.extend(in_database(&server, &database, operation_id).await?);
    }
    Ok(notes)
}

async fn in_database(server: &Server, database: &str, operation_id: &str) -> Result<Vec<Note>> {
    let cursor = Builder::new().finish();
    let listed =
        server.documents(database, Builder::new().int("listCollections", 1).document("cursor", &cursor)).await?;
    let names: Vec<&str> = listed.iter().filter_map(|each| bson::get(each, "name")?.text()).collect();
    let journal = namespace::journal(operation_id);
    let unfinished = format!("{journal}.");
    let mut notes = Vec::new();
    for name in names.iter().filter(|name| name.starts_with(&unfinished)) {
        server.drop(database, name).await?;
        notes.push(note("left-out", format!("{database}.{name}"), "an unfinished collection was dropped"));
    }
    if names.contains(&journal.as_str()) {
        let journal = Journal::new(server, database, operation_id);
        for entry in journal.read().await?.iter().filter(|entry| names.contains(&entry.name.as_str())) {
            let object = format!("{database}.{}", entry.name);
            if entry.is_made_in_place() {
                server.drop(database, &entry.name).await?;
                notes.push(note("left-out", object, "it was unfinished, and was dropped"));
            } else {
                notes.push(note("warning", object, "a collection or view of this name is there, and stays"));
            }
        }
        journal.drop().await?;
    }
    Ok(notes)
}
