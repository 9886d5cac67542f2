//! The table that says which operation fills a database, and what of it is there already. It is the last thing to go.

use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Endpoint, Result};

use crate::session::Session;
use crate::sql;

/// The marker of an operation.
pub fn name(operation: &str) -> String {
    format!("cofferdam_{operation}")
}

/// Makes the marker, which makes the database this operation's.
///
/// # Errors
/// What the server says.
pub async fn make(session: &mut Session, database: &str, operation: &str) -> Result<()> {
    let table = qualified(database, operation);
    session
        .run(format!(
            "CREATE TABLE {table} (unit BINARY(32) PRIMARY KEY) ENGINE=InnoDB \
             COMMENT='made by cofferdam, which fills this database; cofferdam cleanup {operation} takes both away'"
        ))
        .await?;
    Ok(())
}

/// The statement that marks a unit as written, for the unit's own transaction.
pub fn mark(database: &str, operation: &str, unit: &str) -> String {
    format!("INSERT INTO {} VALUES (UNHEX(SHA2({}, 256)))", qualified(database, operation), sql::text(unit))
}

/// Whether a unit is marked.
///
/// # Errors
/// What the server says.
pub async fn is_marked(session: &mut Session, database: &str, operation: &str, unit: &str) -> Result<bool> {
    let (table, unit) = (qualified(database, operation), sql::text(unit));
    let found = session.column(format!("SELECT 1 FROM {table} WHERE unit = UNHEX(SHA2({unit}, 256))")).await?;
    Ok(!found.is_empty())
}

/// How many units are marked.
///
/// # Errors
/// What the server says.
pub async fn count(session: &mut Session, database: &str, operation: &str) -> Result<u64> {
    let table = qualified(database, operation);
    let counted = session.column(format!("SELECT COUNT(*) FROM {table}")).await?;
    Ok(counted.first().and_then(|count| count.parse().ok()).unwrap_or_default())
}

/// Takes the marker away, which makes the database the user's.
///
/// # Errors
/// What the server says.
pub async fn take_away(session: &mut Session, database: &str, operation: &str) -> Result<()> {
    session.run(format!("DROP TABLE {}", qualified(database, operation))).await?;
    Ok(())
}

/// Drops whatever database still bears the operation's marker.
///
/// # Errors
/// What the server says.
pub async fn cleanup(endpoint: &Endpoint, operation: &str) -> Result<Vec<Note>> {
    let mut session = Session::open(endpoint, operation).await?;
    let query = format!(
        "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = {}",
        sql::text(&name(operation))
    );
    let mut notes = Vec::new();
    for database in session.column(query).await? {
        session.run(format!("DROP DATABASE {}", sql::name(&database))).await?;
        let reason = "dropped: the operation that filled it didn't come to its end".to_owned();
        notes.push(Note { kind: "changed".to_owned(), object: database, reason });
    }
    Ok(notes)
}

fn qualified(database: &str, operation: &str) -> String {
    format!("{}.{}", sql::name(database), sql::name(&name(operation)))
}
