//! How many objects of each kind there are, counted by queries of their own: other tables and conditions than those that
//! the definitions are read by.

use cofferdam_sdk::Result;

use crate::session::Session;
use crate::sql;

/// A kind, and how many there are of it.
pub type Counted = (String, u64);

/// Keys and foreign keys. Quick enough only where no lock is held, and right since nobody can alter the tables.
///
/// # Errors
/// What the server says.
pub async fn keys(session: &mut Session, database: &str) -> Result<Vec<Counted>> {
    let name = sql::text(database);
    let keys = format!(
        "SELECT COUNT(DISTINCT TABLE_NAME, INDEX_NAME) FROM information_schema.STATISTICS WHERE INDEX_SCHEMA = {name}"
    );
    let foreign =
        format!("SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {name}");
    Ok(vec![("key".to_owned(), one(session, keys).await?), ("foreign key".to_owned(), one(session, foreign).await?)])
}

/// Everything else.
///
/// # Errors
/// What the server says.
pub async fn objects(session: &mut Session, database: &str) -> Result<Vec<Counted>> {
    let name = sql::text(database);
    let tables = format!("SHOW FULL TABLES FROM {}", sql::name(database));
    let (mut table, mut sequence) = (0, 0);
    for row in session.rows(tables).await? {
        match row.get(1).and_then(Option::as_deref) {
            Some(b"SEQUENCE") => sequence += 1,
            Some(b"VIEW" | b"SYSTEM VIEW") => {}
            _ => table += 1,
        }
    }
    let count = |from: &str| format!("SELECT COUNT(*) FROM information_schema.{from} = {name}");
    let mut counted = vec![
        ("table".to_owned(), table),
        ("rows".to_owned(), table),
        ("sequence".to_owned(), sequence),
        ("view".to_owned(), one(session, count("VIEWS WHERE TABLE_SCHEMA")).await?),
        ("trigger".to_owned(), one(session, count("TRIGGERS WHERE EVENT_OBJECT_SCHEMA")).await?),
        ("event".to_owned(), one(session, count("EVENTS WHERE EVENT_SCHEMA")).await?),
    ];
    for kind in ["package", "package body", "function", "procedure"] {
        // The server's own table also has what a user can't see in the other.
        let query = if session.is_mariadb() {
            format!("SELECT COUNT(*) FROM mysql.proc WHERE db = {name} AND type = '{kind}'")
        } else {
            format!("{} AND ROUTINE_TYPE = '{kind}'", count("ROUTINES WHERE ROUTINE_SCHEMA"))
        };
        counted.push((kind.to_owned(), one(session, query).await?));
    }
    Ok(counted)
}

async fn one(session: &mut Session, query: String) -> Result<u64> {
    let counted = session.column(query).await?;
    Ok(counted.first().map(|count| count.parse()).transpose()?.unwrap_or_default())
}
