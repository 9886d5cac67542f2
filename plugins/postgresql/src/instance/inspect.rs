//! What is there.

use crate::catalog::rows::Catalogue;
use crate::session::Session;
use cofferdam_sdk::engine::{DatabaseInfo, InstanceInfo};
use cofferdam_sdk::{Endpoint, Result, options};
use serde::Deserialize;

const QUERY: &str = include_str!("databases.sql");

#[derive(Deserialize)]
struct Row {
    name: String,
    bytes: Option<u64>,
    encoding: String,
    collate: String,
}

/// The server's version and its databases.
pub async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
    let session = Session::open(endpoint, None, "inspect").await?;
    session.connection.run("BEGIN READ ONLY").await?;
    let catalogue = Catalogue::of(&session);
    let rows: Vec<Row> = catalogue.rows(QUERY).await?;
    let version = session.connection.value("SHOW server_version").await?.unwrap_or_default();
    let standby = session.connection.value("SELECT pg_catalog.pg_is_in_recovery()").await?;
    session.connection.run("COMMIT").await?;
    let databases = rows.into_iter().map(|row| DatabaseInfo {
        name: row.name,
        bytes: row.bytes,
        extra: options::from_pairs([("encoding", &row.encoding), ("collate", &row.collate)]),
    });
    let role = if standby.as_deref() == Some("t") { "standby" } else { "primary" };
    Ok(InstanceInfo { version, databases: databases.collect(), extra: options::from_pairs([("role", role)]) })
}
