//! What is to know of a database before its server copies it.

use crate::catalog::definitions::database_settings;
use crate::catalog::rows::Catalogue;
use crate::catalog::{database, privileges, security_labels};
use crate::entry::Entry;
use crate::session::Session;
use cofferdam_sdk::{Error, Result};

/// Which server this is: a standby has the identifier of its primary, but started at another time.
const SERVER: &str = "SELECT system_identifier || ' ' || pg_catalog.pg_postmaster_start_time()
    FROM pg_catalog.pg_control_system()";

/// Tables of every kind, those of the system too.
const TABLES: &str = "SELECT count(*) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'm', 'f')";

const SUBSCRIPTIONS: &str = "SELECT count(*) FROM pg_catalog.pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

/// Whether a trigger would act on whoever connects to a copy before it is whole.
const LOGIN_TRIGGERS: &str =
    "SELECT count(*) FROM pg_catalog.pg_event_trigger WHERE evtevent = 'login' AND evtenabled <> 'D'";

const OWNER: &str = "SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database
    WHERE datname = pg_catalog.current_database()";

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
    /// Whom it belongs to.
    pub owner: String,
    /// What is set, granted and said of the database itself, which the server doesn't copy.
    pub own: Vec<Entry>,
    /// How many subscriptions it has, which the server doesn't copy either.
    pub subscriptions: u64,
    /// How many triggers it has that act on every login.
    pub login_triggers: u64,
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
        let subscriptions = connection.value(SUBSCRIPTIONS).await?.ok_or_else(untold)?.parse()?;
        let login_triggers = connection.value(LOGIN_TRIGGERS).await?.ok_or_else(untold)?.parse()?;
        let owner = connection.value(OWNER).await?.ok_or_else(untold)?;
        let tables = tables(session).await?;
        connection.run("BEGIN READ ONLY").await?;
        let own = own(Catalogue { connection, version: session.version }).await?;
        connection.run("COMMIT").await?;
        Ok(Some(Self { server, database, bytes, tables, owner, own, subscriptions, login_triggers }))
    }
}

/// What makes another database's settings, limits, privileges, comment and labels those of this one.
async fn own(catalogue: Catalogue<'_>) -> Result<Vec<Entry>> {
    let mut own = database_settings(catalogue).await?;
    let facts: Vec<database::Row> = catalogue.rows(database::QUERY).await?;
    own.extend(facts.into_iter().flat_map(database::Row::into_entries));
    let granted: Vec<privileges::Row> = catalogue.rows(privileges::QUERY).await?;
    own.extend(granted.into_iter().filter(privileges::Row::on_database).map(|row| row.into_entry(false)));
    let labels: Vec<security_labels::Row> = catalogue.rows(security_labels::QUERY).await?;
    own.extend(labels.into_iter().filter(security_labels::Row::on_database).map(security_labels::Row::into_entry));
    Ok(own)
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
