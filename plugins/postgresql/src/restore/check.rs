//! The dry run: what would happen, and what would stop it.

use super::source::Facts;
use super::target::{Target, exists, occupant};
use crate::backup::units::note;
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::engine::{Note, RestoreOptions};
use cofferdam_sdk::{Endpoint, Result};
use std::collections::HashMap;

/// Looks at the target without changing it.
pub async fn check(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    facts: &Facts,
) -> Result<Vec<Note>> {
    let mut notes = vec![database(endpoint, maintenance, options, facts).await?];
    notes.extend(version(maintenance, facts));
    notes.extend(extensions(maintenance, facts).await?);
    notes.extend(roles(maintenance, facts).await?);
    Ok(notes)
}

async fn database(endpoint: &Endpoint, maintenance: &Session, options: &RestoreOptions, facts: &Facts) -> Result<Note> {
    let name = options.database.as_deref().unwrap_or(&facts.database);
    let object = format!("DATABASE {}", ident(name));
    if !exists(maintenance, name).await? {
        let may = "SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user";
        return Ok(if maintenance.connection.value(may).await?.as_deref() == Some("t") {
            note("carried", object, "it isn't there and will be made")
        } else {
            note("blocker", object, "it isn't there, and the role may not make it: ALTER ROLE ... CREATEDB")
        });
    }
    let session = Target::in_place(name, "UTF8", facts.units).open(endpoint, &options.operation_id).await?;
    Ok(match occupant(&session).await? {
        None => note("carried", object, "it is there and empty, and will be restored into"),
        Some(occupant) => note("blocker", object, format!("it is there and isn't empty: it has {occupant}")),
    })
}

fn version(maintenance: &Session, facts: &Facts) -> Option<Note> {
    let (from, to) = (facts.major?, maintenance.version.major());
    let reason = format!("the backup is of PostgreSQL {from}, the target is {to}: what only {from} knows will fail");
    (from > to).then(|| note("warning", "server", reason))
}

async fn extensions(maintenance: &Session, facts: &Facts) -> Result<Vec<Note>> {
    let rows = maintenance
        .connection
        .column("SELECT name || ' ' || default_version FROM pg_catalog.pg_available_extensions")
        .await?;
    let there: HashMap<&str, &str> = rows.iter().filter_map(|row| row.split_once(' ')).collect();
    let judged = facts.extensions.iter().map(|extension| {
        let object = format!("EXTENSION {}", ident(&extension.name));
        match there.get(extension.name.as_str()) {
            None => Some(note("blocker", object, "the target server has no such extension: install its package")),
            Some(version) if *version != extension.version => {
                Some(note("changed", object, format!("version {version} instead of {}", extension.version)))
            }
            Some(_) => None,
        }
    });
    Ok(judged.flatten().collect())
}

async fn roles(maintenance: &Session, facts: &Facts) -> Result<Vec<Note>> {
    let there = maintenance.connection.column("SELECT rolname FROM pg_catalog.pg_roles").await?;
    let missing = facts.roles.iter().filter(|role| !there.contains(role));
    Ok(missing
        .map(|role| {
            note("warning", format!("ROLE {}", ident(role)), "the target has no such role: its rights are left out")
        })
        .collect())
}
