//! What is to know of a database before its server copies it.

use crate::catalog::definitions::database_settings;
use crate::catalog::rows::Catalogue;
use crate::entry::Entry;
use crate::session::Session;
use cofferdam_sdk::{Error, Result};

/// Which server this is: a standby has the identifier of its primary, but started at another time.
const SERVER: &str = "SELECT system_identifier || ' ' || pg_catalog.pg_postmaster_start_time()
    FROM pg_catalog.pg_control_system()";

/// Tables of every kind, those of the system too.
const TABLES: &str = "SELECT count(*) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'm', 'f')";

const SUBSCRIPTIONS: &str = "SELECT subname FROM pg_catalog.pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

/// The database that is to be copied.
#[derive(Debug, Default)]
pub struct Origin {
    /// Its server.
    pub server: String,
    /// Its name.
    pub database: String,
    /// Its size on the disk.
    pub bytes: u64,
    /// How many tables it has, those of the system too.
    pub tables: u64,
    /// What is set for it, which the server doesn't copy.
    pub settings: Vec<Entry>,
    /// Its subscriptions, which the server doesn't copy either.
    pub subscriptions: Vec<String>,
}

impl Origin {
    /// Reads it; none if the server doesn't say which it is.
    pub async fn read(session: &Session) -> Result<Option<Self>> {
        let Some(server) = server(session).await? else { return Ok(None) };
        let connection = &session.connection;
        let untold = || Error::corrupt("the server doesn't know the database that we are connected to");
        let database = connection.value("SELECT pg_catalog.current_database()").await?.ok_or_else(untold)?;
        let size = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())";
        let bytes = connection.value(size).await?.ok_or_else(untold)?.parse()?;
        let subscriptions = connection.column(SUBSCRIPTIONS).await?;
        let tables = tables(session).await?;
        connection.run("BEGIN READ ONLY").await?;
        let settings = database_settings(Catalogue { connection, version: session.version }).await?;
        connection.run("COMMIT").await?;
        Ok(Some(Self { server, database, bytes, tables, settings, subscriptions }))
    }
}

/// Which server this is; none if the role may not know.
pub async fn server(session: &Session) -> Result<Option<String>> {
    match session.connection.value(SERVER).await {
        // Insufficient privilege.
        Err(error) if error.has_engine_code("42501") => Ok(None),
        told => told,
    }
}

/// How many tables the session's database has.
pub async fn tables(session: &Session) -> Result<u64> {
    Ok(session.connection.value(TABLES).await?.map_or(Ok(0), |count| count.parse())?)
}
