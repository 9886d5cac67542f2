//! What bears the operation's id on the server: the database that is filled beside its name, the marks of the units that are
//! in it, and what is made last. The marks are the last thing to go.

use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Endpoint, Result};

use crate::definition::Definition;
use crate::session::Session;
use crate::sql;

/// The database that an operation fills, and the table of its marks.
pub fn name(operation: &str) -> String {
    format!("cofferdam_{operation}")
}

/// The table of what is made last.
fn late(operation: &str) -> String {
    qualified(operation, &format!("{}_late", name(operation)))
}

fn marks(operation: &str) -> String {
    qualified(operation, &name(operation))
}

fn qualified(operation: &str, table: &str) -> String {
    format!("{}.{}", sql::name(&name(operation)), sql::name(table))
}

/// Makes the tables in the database that is filled.
///
/// # Errors
/// What the server says.
pub async fn make(session: &mut Session, operation: &str) -> Result<()> {
    let (marks, late) = (marks(operation), late(operation));
    let comment = sql::text(&format!("cofferdam cleanup {operation} takes away what this is in"));
    session.run(format!("CREATE TABLE {marks} (unit BINARY(32) PRIMARY KEY) ENGINE=InnoDB COMMENT={comment}")).await?;
    let columns = "n BIGINT AUTO_INCREMENT PRIMARY KEY, line LONGBLOB NOT NULL";
    session.run(format!("CREATE TABLE {late} ({columns}) ENGINE=InnoDB COMMENT={comment}")).await?;
    Ok(())
}

/// The statement that marks a unit as written, for the unit's own transaction.
pub fn mark(operation: &str, unit: &str) -> String {
    format!("INSERT INTO {} VALUES (UNHEX(SHA2({}, 256)))", marks(operation), sql::text(unit))
}

/// Whether a unit is marked.
///
/// # Errors
/// What the server says.
pub async fn is_marked(session: &mut Session, operation: &str, unit: &str) -> Result<bool> {
    let (marks, unit) = (marks(operation), sql::text(unit));
    let found = session.column(format!("SELECT 1 FROM {marks} WHERE unit = UNHEX(SHA2({unit}, 256))")).await?;
    Ok(!found.is_empty())
}

/// How many units are marked.
///
/// # Errors
/// What the server says.
pub async fn count(session: &mut Session, operation: &str) -> Result<u64> {
    let counted = session.column(format!("SELECT COUNT(*) FROM {}", marks(operation))).await?;
    Ok(counted.first().and_then(|count| count.parse().ok()).unwrap_or_default())
}

/// Keeps a definition for later, in the transaction that is open.
///
/// # Errors
/// What the server says.
pub async fn keep(session: &mut Session, operation: &str, definition: &Definition) -> Result<()> {
    let line = String::from_utf8(definition.line()?)?;
    session.run(format!("INSERT INTO {} (line) VALUES ({})", late(operation), sql::text(&line))).await?;
    Ok(())
}

/// What was kept, in its order.
///
/// # Errors
/// What the server says.
pub async fn kept(session: &mut Session, operation: &str) -> Result<Vec<Definition>> {
    let lines = session.column(format!("SELECT line FROM {} ORDER BY n", late(operation))).await?;
    lines.iter().map(|line| Definition::parse(line.trim_end().as_bytes())).collect()
}

/// Drops whatever databases bear the operation's id, in their name or by its marks.
///
/// # Errors
/// What the server says.
pub async fn cleanup(endpoint: &Endpoint, operation: &str) -> Result<Vec<Note>> {
    let mut session = Session::open(endpoint, operation).await?;
    let name = sql::text(&name(operation));
    let query = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE RIGHT(SCHEMA_NAME, CHAR_LENGTH({name})) = {name} \
         UNION SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = {name}"
    );
    let mut notes = Vec::new();
    for database in session.column(query).await? {
        session.run(format!("DROP DATABASE IF EXISTS {}", sql::name(&database))).await?;
        let reason = "dropped: the operation that filled it is over".to_owned();
        notes.push(Note { kind: "changed".to_owned(), object: database, reason });
    }
    Ok(notes)
}
