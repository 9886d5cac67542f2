//! The server: what is on it, and whether an operation could work there.

use cofferdam_sdk::engine::{DatabaseInfo, Finding, InstanceInfo};
use cofferdam_sdk::{Endpoint, Result};

use crate::catalog::grants::{Grants, Missing};
use crate::session::Session;
use crate::sql;

/// Databases that belong to the server.
const SYSTEM: &str = "('information_schema', 'mysql', 'performance_schema', 'sys')";

/// The server's version and its databases.
///
/// # Errors
/// What the server says.
pub async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
    let mut session = Session::open(endpoint, "inspect").await?;
    let names = session
        .column(format!(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN {SYSTEM} ORDER BY 1"
        ))
        .await?;
    let mut databases = Vec::new();
    for name in names {
        let query = format!(
            "SELECT CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = {}",
            sql::text(&name)
        );
        let bytes = session.column(query).await?.first().and_then(|bytes| bytes.parse().ok());
        databases.push(DatabaseInfo { name, bytes, extra: Vec::new() });
    }
    Ok(InstanceInfo { version: session.version.clone(), databases, extra: Vec::new() })
}

/// What stands against an operation.
///
/// # Errors
/// What the server says.
pub async fn check(endpoint: &Endpoint, operation: &str) -> Result<Vec<Finding>> {
    let mut session = Session::open(endpoint, "check").await?;
    let grants = Grants::read(&mut session).await?;
    let database = endpoint.info().database;
    let (missing, severity) = if operation == "backup" {
        (missing_for_backup(&session, &grants, database.as_deref(), true), "blocker")
    } else {
        // On which database is known only when there is something to restore.
        (grants.missing(&RESTORE, None).into_iter().collect(), "warning")
    };
    if missing.is_empty() {
        return Ok(vec![finding("ok", format!("the user has the privileges that a {operation} needs"), None)]);
    }
    Ok(missing.into_iter().map(|missing| finding(severity, missing.what, Some(missing.remedy))).collect())
}

/// What a restore does in databases that it makes.
pub const RESTORE: [&str; 13] = [
    "CREATE",
    "DROP",
    "ALTER",
    "INSERT",
    "SELECT",
    "DELETE",
    "INDEX",
    "REFERENCES",
    "CREATE VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "TRIGGER",
    "EVENT",
];

/// What the user lacks for a backup of a database, or of any.
pub fn missing_for_backup(session: &Session, grants: &Grants, database: Option<&str>, locked: bool) -> Vec<Missing> {
    let mut missing = Vec::new();
    if locked {
        missing.extend(grants.missing(&["RELOAD"], None));
    }
    missing.extend(grants.missing(&["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "LOCK TABLES"], database));
    if session.is_mariadb() {
        // Without it a routine of another user is not even counted.
        missing.extend(grants.missing_on("mysql", "proc"));
    } else if !grants.everywhere("SHOW_ROUTINE") && !grants.everywhere("SELECT") {
        missing.extend(grants.missing(&["SHOW_ROUTINE"], None));
    }
    missing
}

fn finding(severity: &str, what: String, remedy: Option<String>) -> Finding {
    Finding { severity: severity.to_owned(), object: String::new(), what, remedy }
}
