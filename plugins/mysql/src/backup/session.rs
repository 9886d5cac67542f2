//! A session of a backup. The leader stops writes for the moment in which everybody takes the snapshot.

use std::rc::Rc;

use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Unit};
use cofferdam_sdk::{Endpoint, Error, Mutex, Reading, Result, options};

use super::{definitions, units};
use crate::catalog;
use crate::session::Session as Server;
use crate::sql;

/// A session of a backup.
pub struct Session {
    server: Rc<Mutex<Server>>,
    /// Holds the lock that stops writes, until everybody is in.
    lock: Mutex<Option<Server>>,
    database: String,
    options: BackupOptions,
}

/// Stops writes and waits for those that are under way; `lock_wait_timeout` bounds the wait, during which others wait too.
const LOCK: &str = "FLUSH TABLES WITH READ LOCK";

impl Session {
    async fn open(source: &Endpoint, options: BackupOptions) -> Result<Self> {
        let database = options.database.clone().or(source.info().database).ok_or_else(|| {
            Error::invalid_options("the instance's URL names no database").with_hint("name one with --database")
        })?;
        let server = Server::open(source, &options.operation_id).await?;
        Ok(Self { server: Rc::new(Mutex::new(server)), lock: Mutex::new(None), database, options })
    }

    /// Takes the snapshot. Only what transactional engines hold is in it.
    async fn snapshot(&self) -> Result<()> {
        let mut server = self.server.lock().await;
        server.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        server.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
        server.run(format!("USE {}", sql::name(&self.database))).await?;
        Ok(())
    }
}

impl BackupSession for Session {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self> {
        let session = Self::open(&source, options).await?;
        let mut lock = Server::open(&source, &session.options.operation_id).await?;
        lock.run(LOCK).await.map_err(|error| match error.engine_code.as_deref() {
            Some("1205") => error
                .while_doing("writes can't be stopped for a moment")
                .with_hint("a statement has been running for over 30 s: make the backup when it is over"),
            _ => error.while_doing("writes have to be stopped for a moment"),
        })?;
        *session.lock.lock().await = Some(lock);
        session.snapshot().await?;
        Ok(session)
    }

    async fn join(source: Endpoint, options: BackupOptions, _: String) -> Result<Self> {
        let session = Self::open(&source, options).await?;
        session.snapshot().await?;
        Ok(session)
    }

    async fn plan(&self) -> Result<Plan> {
        let mut server = self.server.lock().await;
        let settings = catalog::database(&mut server, &self.database).await?;
        let relations = catalog::relations(&mut server, &self.database).await?;
        let (units, notes) = units::of(&relations, &self.options)?;
        let version = server.version.clone();
        let position = position(&mut server).await;
        Ok(Plan {
            // Only while the lock is held: the snapshot of a later one would be another.
            join: Some("locked".to_owned()),
            rejoinable: false,
            consistency: "snapshot".to_owned(),
            taken_at: server
                .column("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')")
                .await?
                .into_iter()
                .next(),
            position,
            server_version: version,
            units,
            tallies: Vec::new(),
            notes,
            extra: options::from_pairs([
                ("database", &self.database),
                ("charset", &settings.charset),
                ("collation", &settings.collation),
            ]),
        })
    }

    async fn joined(&self) -> Result<()> {
        // Closing the session releases the lock.
        *self.lock.lock().await = None;
        Ok(())
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        // A session that reads says itself when it is lost; the others are asked.
        if let Ok(mut server) = self.server.try_lock() {
            server.column("SELECT 1").await?;
        }
        Ok(Vec::new())
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        let (server, database) = (Rc::clone(&self.server), self.database.clone());
        if unit.framing == "lines" && unit.name.starts_with("data/") {
            return Ok(Reading::produced(|mut writer| async move {
                let table = unit.objects.first().cloned().unwrap_or_default();
                // Reads of one session take turns, in the order in which they were asked for.
                let mut server = server.lock().await;
                let columns = catalog::columns(&mut server, &database, &table).await?;
                if columns.is_empty() {
                    return Err(Error::conflict(format!("the table {table} isn't there any more")));
                }
                let read: Vec<_> = columns.into_iter().map(|(_, read)| read).collect();
                let query = format!("SELECT {} FROM {}", read.join(", "), sql::name(&table));
                server.dump(query, &mut writer).await.map_err(|e| e.while_doing(format!("table {table}")))
            }));
        }
        Ok(Reading::produced(|mut writer| async move {
            let mut server = server.lock().await;
            let definitions = definitions::of(&mut server, &database, &unit).await?;
            let rows = definitions.len() as u64;
            for definition in definitions {
                writer.write(definition.line()?).await?;
            }
            Ok(Summary { rows: Some(rows), ..Summary::default() })
        }))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        let mut server = self.server.lock().await;
        server.run("COMMIT").await?;
        Ok(Vec::new())
    }
}

/// Where in the binary log the snapshot is, if there is one and the user may see it.
async fn position(server: &mut Server) -> Option<String> {
    for statement in ["SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"] {
        if let Ok(row) = server.texts(statement).await {
            let mut row = row.into_iter();
            return Some(format!("{}:{}", row.next()?, row.next()?));
        }
    }
    None
}
