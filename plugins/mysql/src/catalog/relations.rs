//! Databases, and what in them holds rows or looks as if.

use cofferdam_sdk::{Error, Result};

use super::texts;
use crate::session::Session;
use crate::sql;

/// A database's own settings.
pub struct Database {
    /// The character set of what is made in it without one.
    pub charset: String,
    /// The collation of what is made in it without one.
    pub collation: String,
}

/// Something that holds rows or looks as if.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// "BASE TABLE", "VIEW", "SEQUENCE", "SYSTEM VERSIONED".
    pub kind: String,
    /// The storage engine.
    pub engine: String,
    /// Bytes of its rows, as the server estimates them.
    pub bytes: u64,
    /// Its rows, as the server estimates them.
    pub rows: u64,
}

/// Engines whose rows are somewhere else: in other tables, on other servers, in files, or nowhere.
const ELSEWHERE: [&str; 9] =
    ["MRG_MyISAM", "FEDERATED", "CONNECT", "SPIDER", "OQGRAPH", "BLACKHOLE", "S3", "SPHINX", "NDBCLUSTER"];
/// Of those, the engines that fetch from outside of the server.
const OUTSIDE: [&str; 6] = ["FEDERATED", "CONNECT", "SPIDER", "S3", "SPHINX", "NDBCLUSTER"];

impl Relation {
    /// Whether it is a table, whoever has its rows.
    pub fn is_table(&self) -> bool {
        matches!(self.kind.as_str(), "BASE TABLE" | "SYSTEM VERSIONED")
    }

    /// Whether it is a table with rows of its own.
    pub fn has_rows(&self) -> bool {
        self.is_table() && !ELSEWHERE.iter().any(|engine| self.engine.eq_ignore_ascii_case(engine))
    }

    /// Whether reading it asks another server or reads other files.
    pub fn fetches(&self) -> bool {
        OUTSIDE.iter().any(|engine| self.engine.eq_ignore_ascii_case(engine))
    }

    /// Whether the snapshot of a transaction covers its rows.
    pub fn is_transactional(&self) -> bool {
        self.engine.eq_ignore_ascii_case("InnoDB") || self.engine.eq_ignore_ascii_case("ROCKSDB")
    }

    /// Whether both are the same thing, whatever is estimated of it.
    pub fn is(&self, other: &Self) -> bool {
        (&self.name, &self.kind, &self.engine) == (&other.name, &other.kind, &other.engine)
    }
}

/// A database's settings.
///
/// # Errors
/// "not-found" if there is no such database.
pub async fn database(session: &mut Session, name: &str) -> Result<Database> {
    let query = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME = {}",
        sql::text(name)
    );
    let missing = || Error::not_found(format!("there is no database \"{name}\", or the user can't see it"));
    let row = session.texts(query).await.map_err(|error| if error.code == "not-found" { missing() } else { error })?;
    let mut row = row.into_iter();
    match (row.next(), row.next()) {
        (Some(charset), Some(collation)) => Ok(Database { charset, collation }),
        _ => Err(missing()),
    }
}

/// Whether nothing at all is in a database.
///
/// # Errors
/// What the server says.
pub async fn is_empty(session: &mut Session, database: &str) -> Result<bool> {
    let name = sql::text(database);
    let query = format!(
        "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {name}) + \
         (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {name}) + \
         (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {name})"
    );
    Ok(session.column(query).await?.first().is_some_and(|count| count == "0"))
}

/// Tables, views and sequences, by name.
///
/// # Errors
/// What the server says.
pub async fn relations(session: &mut Session, database: &str) -> Result<Vec<Relation>> {
    let query = format!(
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, DATA_LENGTH, TABLE_ROWS FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {} ORDER BY TABLE_NAME",
        sql::text(database)
    );
    let rows = texts(session.rows(query).await?)?;
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut row = row.into_iter();
            Relation {
                name: row.next().unwrap_or_default(),
                kind: row.next().unwrap_or_default(),
                engine: row.next().unwrap_or_default(),
                bytes: number(row.next()),
                rows: number(row.next()),
            }
        })
        .collect())
}

/// The statement that makes a table or sequence. `USE` must have chosen its database.
///
/// # Errors
/// What the server says.
pub async fn definition(session: &mut Session, kind: &str, name: &str) -> Result<String> {
    let row = session.texts(format!("SHOW CREATE {kind} {}", sql::name(name))).await?;
    row.into_iter().nth(1).ok_or_else(|| Error::corrupt(format!("the server doesn't say how {name} is made")))
}
