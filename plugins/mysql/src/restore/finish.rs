//! The end of a restore: everything gets its place.

use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Error, Result};

use super::make::{Changes, make_all};
use super::marker;
use crate::catalog;
use crate::session::Session;
use crate::sql;

/// Moves what was filled to `changes.to`, and makes there what hangs on the database's name. The marks are moved too, and
/// dropped last: until then `cleanup` takes all of it away.
///
/// # Errors
/// "already-exists" if somebody filled that database meanwhile; what the server says.
pub async fn finish(
    session: &mut Session,
    operation: &str,
    settings: &catalog::Database,
    changes: &Changes<'_>,
) -> Result<Vec<Note>> {
    let late = marker::kept(session, operation).await?;
    let (scratch, target) = (marker::name(operation), sql::name(changes.to));
    let mut notes = Vec::new();
    session
        .run(format!(
            "CREATE DATABASE IF NOT EXISTS {target} CHARACTER SET {} COLLATE {}",
            sql::text(&settings.charset),
            sql::text(&settings.collation)
        ))
        .await?;
    if !catalog::is_empty(session, changes.to).await? {
        return Err(Error::already_exists(format!("somebody has filled the database {} meanwhile", changes.to)));
    }
    let there = catalog::database(session, changes.to).await?;
    if there.collation != settings.collation {
        let reason =
            format!("it was there, and keeps its collation {} (source: {})", there.collation, settings.collation);
        notes.push(Note { kind: "changed".to_owned(), object: changes.to.to_owned(), reason });
    }
    let moves: Vec<_> = catalog::relations(session, &scratch)
        .await?
        .iter()
        .filter(|relation| relation.name != format!("{scratch}_late"))
        .map(|relation| format!("{0}.{1} TO {target}.{1}", sql::name(&scratch), sql::name(&relation.name)))
        .collect();
    session.run(format!("RENAME TABLE {}", moves.join(", "))).await?;
    session.run(format!("USE {target}")).await?;
    notes.extend(make_all(session, late, changes).await?);
    session.run(format!("DROP DATABASE {}", sql::name(&scratch))).await?;
    session.run(format!("DROP TABLE {target}.{}", sql::name(&marker::name(operation)))).await?;
    Ok(notes)
}
