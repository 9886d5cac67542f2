//! What is in a database, from its own `SHOW` statements and `information_schema`.

use cofferdam_sdk::{Error, Result};

use crate::session::{Rows, Session};
use crate::sql;

/// A database's own settings.
pub struct Database {
    /// The character set of what is made in it without one.
    pub charset: String,
    /// The collation of what is made in it without one.
    pub collation: String,
}

/// Something that holds rows or looks as if.
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

impl Relation {
    /// Whether it has rows of its own.
    pub fn is_table(&self) -> bool {
        matches!(self.kind.as_str(), "BASE TABLE" | "SYSTEM VERSIONED")
    }

    /// Whether the snapshot of a transaction covers its rows.
    pub fn is_transactional(&self) -> bool {
        self.engine.eq_ignore_ascii_case("InnoDB") || self.engine.eq_ignore_ascii_case("ROCKSDB")
    }
}

/// A routine, trigger or event, with what it has to be made with.
pub struct Program {
    /// "PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY", "TRIGGER" or "EVENT".
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub statement: String,
    /// How it is read.
    pub sql_mode: String,
    /// The character set of its text.
    pub charset: String,
    /// The collation that its texts are compared by.
    pub collation: String,
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

/// A table's columns that hold something of their own, as a `SELECT` reads them exactly, and their names.
///
/// # Errors
/// What the server says.
pub async fn columns(session: &mut Session, database: &str, table: &str) -> Result<Vec<(String, String)>> {
    let query = format!(
        "SELECT COLUMN_NAME, DATA_TYPE, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND \
         TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
        sql::text(database),
        sql::text(table)
    );
    let mut columns = Vec::new();
    for row in texts(session.rows(query).await?)? {
        let [name, kind, extra] = row.as_slice() else { continue };
        let extra = extra.to_ascii_uppercase();
        // "DEFAULT_GENERATED" is a default that is an expression, and no generated column.
        if extra.contains("VIRTUAL GENERATED") || extra.contains("STORED GENERATED") {
            continue;
        }
        let quoted = sql::name(name);
        // As text a FLOAT has six digits, which aren't all that it holds; as a DOUBLE it is exact.
        let read = if kind == "float" { format!("CAST({quoted} AS DOUBLE)") } else { quoted.clone() };
        columns.push((quoted, read));
    }
    Ok(columns)
}

/// The statement that makes a table, view or sequence. `USE` must have chosen its database.
///
/// # Errors
/// What the server says.
pub async fn definition(session: &mut Session, kind: &str, name: &str) -> Result<String> {
    let row = session.texts(format!("SHOW CREATE {kind} {}", sql::name(name))).await?;
    row.into_iter().nth(1).ok_or_else(|| Error::corrupt(format!("the server doesn't say how {name} is made")))
}

/// Routines, triggers and events. `USE` must have chosen the database.
///
/// # Errors
/// "permission-denied" for a body that the user may not see: without it nothing could be made.
pub async fn programs(session: &mut Session, database: &str) -> Result<Vec<Program>> {
    let schema = sql::text(database);
    let mut found = Vec::new();
    for (kind, query, text) in [
        (
            "FUNCTION",
            format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE = 'FUNCTION' ORDER BY 1"
            ),
            2,
        ),
        (
            "PROCEDURE",
            format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE = 'PROCEDURE' ORDER BY 1"
            ),
            2,
        ),
        (
            "PACKAGE",
            format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE = 'PACKAGE' ORDER BY 1"
            ),
            2,
        ),
        (
            "PACKAGE BODY",
            format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE = 'PACKAGE BODY' ORDER BY 1"
            ),
            2,
        ),
        (
            "TRIGGER",
            format!(
                "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {schema} ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER"
            ),
            2,
        ),
        (
            "EVENT",
            format!("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {schema} ORDER BY 1"),
            3,
        ),
    ] {
        for name in session.column(query).await? {
            let row = session.rows(format!("SHOW CREATE {kind} {}", sql::name(&name))).await?;
            let row = texts(row)?.into_iter().next().unwrap_or_default();
            // Name, sql_mode, (for events the time zone,) statement, character set, collation.
            let cell = |place: usize| row.get(place).cloned().unwrap_or_default();
            let statement = cell(text);
            if statement.is_empty() {
                return Err(Error::permission_denied(format!("the user may not see the body of the {kind} {name}"))
                    .with_hint("grant it SHOW_ROUTINE (MySQL), or SELECT ON mysql.proc (MariaDB)"));
            }
            found.push(Program {
                kind,
                name,
                statement,
                sql_mode: cell(1),
                charset: cell(text + 1),
                collation: cell(text + 2),
            });
        }
    }
    Ok(found)
}

/// Rows as text; NULL is empty.
fn texts(rows: Rows) -> Result<Vec<Vec<String>>> {
    let text = |value: Option<Vec<u8>>| Ok(String::from_utf8(value.unwrap_or_default())?);
    rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}
