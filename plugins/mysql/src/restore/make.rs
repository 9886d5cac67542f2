//! Runs definitions, each in the session that it was written for.

use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Error, Result, lossless};

use crate::definition::Definition;
use crate::session::Session;
use crate::{event, rename, sql};

/// What a restore changes in definitions.
pub struct Changes<'a> {
    /// The database that they come from.
    pub from: &'a str,
    /// The database that they go to.
    pub to: &'a str,
    /// Whether nothing may act on anything outside of the copy.
    pub neutral: bool,
}

/// Runs a definition; tells what was changed in it and what the server warns of.
///
/// # Errors
/// What the server says.
pub async fn make(session: &mut Session, definition: &Definition, changes: &Changes<'_>) -> Result<Vec<Note>> {
    let mut notes = Vec::new();
    let mut tell = |kind: &str, reason: String| {
        notes.push(Note { kind: kind.to_owned(), object: definition.object.clone(), reason });
    };
    let mut statement = definition.sql.clone();
    if changes.from != changes.to {
        match rename::database(&statement, changes.from, changes.to) {
            Some(renamed) if definition.qualified => statement = renamed,
            None if definition.qualified => {
                tell(
                    "warning",
                    format!("it names {} in a way that can't be told from an alias: it still does", changes.from),
                );
            }
            _ if definition.text.is_some() && rename::mentions(&statement, changes.from) => {
                tell("warning", format!("its text seems to name the database {}, and still does", changes.from));
            }
            _ => {}
        }
    }
    if changes.neutral && definition.object.starts_with("EVENT ") {
        match event::switched_off(&statement) {
            Some(off) => statement = off,
            None => return Err(Error::unsupported("whether the event runs by itself can't be told")),
        }
        tell("changed", "the event is switched off".to_owned());
    }
    let mut settings = Vec::new();
    if let Some((charset, collation)) = &definition.text {
        settings.push(format!("character_set_client = {}", sql::text(charset)));
        settings.push(format!("collation_connection = {}", sql::text(collation)));
    }
    settings.extend(definition.time_zone.as_ref().map(|zone| format!("time_zone = {}", sql::text(zone))));
    settings.extend(definition.sql_mode.as_ref().map(|mode| format!("sql_mode = {}", sql::text(mode))));
    if !settings.is_empty() {
        session.run("SET @cofferdam_mode = @@SESSION.sql_mode").await?;
        session.run(format!("SET {}", settings.join(", "))).await?;
    }
    let made = session.execute(lossless::bytes(&statement)).await;
    let warnings = match &made {
        Ok(done) if done.warnings > 0 => session.rows("SHOW WARNINGS").await?,
        _ => Vec::new(),
    };
    if !settings.is_empty() {
        session.run("SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = @cofferdam_mode").await?;
    }
    made?;
    for warning in warnings {
        let said = warning.into_iter().nth(2).flatten().unwrap_or_default();
        tell("warning", format!("the server warns: {}", String::from_utf8_lossy(&said)));
    }
    Ok(notes)
}

/// Runs definitions in their order; what needs another one that isn't there yet, a view above all, comes again after those
/// that worked.
///
/// # Errors
/// What the server says to one that can't be made after all others.
pub async fn make_all(session: &mut Session, all: Vec<Definition>, changes: &Changes<'_>) -> Result<Vec<Note>> {
    let (mut all, mut notes) = (all, Vec::new());
    while !all.is_empty() {
        let (before, mut again, mut first) = (all.len(), Vec::new(), None);
        for definition in all {
            match make(session, &definition, changes).await {
                Ok(told) => notes.extend(told),
                Err(error) if matches!(error.engine_code.as_deref(), Some("1146" | "1356" | "1305")) => {
                    first = first.or(Some(error.while_doing(&definition.object)));
                    again.push(definition);
                }
                Err(error) => return Err(error.while_doing(&definition.object)),
            }
        }
        all = again;
        if let (Some(error), true) = (first, all.len() == before) {
            return Err(error);
        }
    }
    Ok(notes)
}
