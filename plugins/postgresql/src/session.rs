//! Connections with the settings that make their results the same wherever they run.

use crate::pooler::{self, pooled};
use crate::quote::literal;
use crate::version::Version;
use cofferdam_sdk::postgres::Connection;
use cofferdam_sdk::{Endpoint, Error, Result};
use std::cell::Cell;
use std::rc::Rc;

/// How long we wait for a lock before we say who is in the way, so that nobody queues behind us for longer.
pub const LOCK_TIMEOUT: &str = "30s";

/// What every session sets. The values' text mustn't depend on the server's or the role's defaults, names must come with
/// their schemas, and hidden rows must be an error instead of missing.
const SETTINGS: &str = "
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';
SET extra_float_digits = 3;
SET bytea_output = 'hex';
SET lc_monetary = 'C';
SET array_nulls = on;
SET row_security = off;
SET search_path = '';
SET synchronize_seqscans = off;
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET idle_session_timeout = 0; -- from 14
SET transaction_timeout = 0; -- from 17
";

/// The name under which the server knows an operation's sessions.
pub fn application_name(operation_id: &str) -> String {
    format!("cofferdam {operation_id}")
}

/// The encoding of databases that have none.
const WITHOUT_ENCODING: &str = "SQL_ASCII";

/// A connection and what is known of its server.
pub struct Session {
    /// The connection.
    pub connection: Connection,
    /// The server's version.
    pub version: Version,
    /// The number of the server's process.
    pub process: String,
    /// The database's encoding, by the server's name for it.
    pub encoding: String,
    copies: Rc<Cell<usize>>,
}

/// Stands for a COPY that is open, for as long as it lives.
pub struct Copying(Rc<Cell<usize>>);

impl Drop for Copying {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Session {
    /// Like [`Self::open`], for the session that begins an operation: makes sure that nobody else is given it.
    pub async fn lead(endpoint: &Endpoint, database: Option<String>, operation_id: &str) -> Result<Self> {
        let session = Self::open(endpoint, database.clone(), operation_id).await?;
        pooler::refuse(&session, &Self::open(endpoint, database, operation_id).await?).await?;
        Ok(session)
    }

    /// Connects, refuses what isn't a session of a server that we know, and applies the settings.
    pub async fn open(endpoint: &Endpoint, database: Option<String>, operation_id: &str) -> Result<Self> {
        let connection = Connection::connect(endpoint, database).await?;
        let first = connection
            .rows("SELECT current_setting('server_version_num'), pg_backend_pid(), current_setting('server_encoding')")
            .await?;
        let mut first = first.into_iter().flatten().flatten().map(String::from_utf8);
        let mut next =
            || first.next().ok_or_else(|| Error::corrupt("the server didn't tell its version"))?.map_err(Error::from);
        let (number, process, encoding) = (next()?, next()?, next()?);
        let version = Version::parse(&number)?;
        version.supported()?;
        let name = format!("SET application_name = {};\n", literal(&application_name(operation_id)));
        connection.run(name + &version.assemble(SETTINGS)).await?;
        if encoding == WITHOUT_ENCODING {
            // Such a database gives and takes bytes as they are; asked for UTF-8 it would refuse some of them.
            connection.run("SET client_encoding = 'SQL_ASCII'").await?;
        }
        if version.major() >= 14 {
            notice_lost_clients(&connection).await?;
        }
        let again = connection.value("SELECT pg_catalog.pg_backend_pid()").await?;
        if again.as_deref() != Some(process.as_str()) {
            return Err(pooled());
        }
        Ok(Self { connection, version, process, encoding, copies: Rc::default() })
    }

    /// Notes that a COPY is open until what is returned is dropped.
    pub fn copying(&self) -> Copying {
        self.copies.set(self.copies.get() + 1);
        Copying(Rc::clone(&self.copies))
    }

    /// Whether a COPY is open, so that other statements would have to wait for its end.
    pub fn is_copying(&self) -> bool {
        self.copies.get() > 0
    }

    /// What reading needs beyond that. Every name is quoted, as a later version may reserve a word that this one doesn't.
    /// Queries of the catalogue run once: compiling them, to which a large one tempts the planner, takes longer than they do.
    ///
    /// What isn't a table isn't expanded, where the server can refuse to: a table that somebody replaces by a view while it
    /// is read could run their code with our rights (CVE-2024-7348). Some releases of 13 to 16 have that setting too, so it
    /// is asked for instead of derived from the version.
    pub async fn prepare_reading(&self) -> Result<()> {
        const SET: &str = "SELECT pg_catalog.set_config('quote_all_identifiers', 'on', false), pg_catalog.set_config('jit', 'off', false);
            SELECT pg_catalog.set_config(name, 'view, foreign-table', false)
            FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind'";
        self.connection.rows(SET).await.map(drop)
    }
}

/// Has the server end our statements soon after we are gone. Systems that can't notice a closed connection refuse the
/// setting; there the server gives up later.
async fn notice_lost_clients(connection: &Connection) -> Result<()> {
    match connection.run("SET client_connection_check_interval = '10s'").await {
        Err(error) if !error.has_engine_code("22023") => Err(error),
        _ => Ok(()),
    }
}
