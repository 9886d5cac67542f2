//! The server: what is on it, and whether an operation could work there.

use cofferdam_sdk::engine::{DatabaseInfo, Finding, InstanceInfo};
use cofferdam_sdk::{Endpoint, Result};

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
    let user = session.column("SELECT CURRENT_USER()").await?.into_iter().next().unwrap_or_default();
    let grants = session.column("SHOW GRANTS").await?;
    // On everything; what is granted on a database alone can't be told from a name here.
    let has = |privilege: &str| {
        grants.iter().filter(|grant| grant.contains(" ON *.* ")).any(|grant| {
            let list = grant.strip_prefix("GRANT ").and_then(|grant| grant.split(" ON ").next()).unwrap_or_default();
            list.split(", ").any(|granted| granted == "ALL PRIVILEGES" || granted == privilege)
        })
    };
    let needed: &[&str] = match operation {
        "backup" => &["SELECT", "RELOAD", "SHOW VIEW", "TRIGGER", "EVENT"],
        _ => &[
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
            "TRIGGER",
            "EVENT",
        ],
    };
    let severity = if operation == "backup" { "blocker" } else { "warning" };
    let account = user
        .split_once('@')
        .map_or_else(|| sql::text(&user), |(name, host)| format!("{}@{}", sql::text(name), sql::text(host)));
    let missing: Vec<_> = needed.iter().copied().filter(|privilege| !has(privilege)).collect();
    if missing.is_empty() {
        return Ok(vec![finding("ok", format!("{user} has the privileges that a {operation} needs"), None)]);
    }
    let list = missing.join(", ");
    let what = format!("{user} hasn't got on every database: {list}");
    Ok(vec![finding(severity, what, Some(format!("GRANT {list} ON *.* TO {account}")))])
}

fn finding(severity: &str, what: String, remedy: Option<String>) -> Finding {
    Finding { severity: severity.to_owned(), object: String::new(), what, remedy }
}
