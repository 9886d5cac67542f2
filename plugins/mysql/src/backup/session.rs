//! A session of a backup.

use std::rc::Rc;

use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Unit};
use cofferdam_sdk::{Endpoint, Error, Mutex, Reading, Result, Writer, options};

use super::lead::{Held, lead};
use super::lock::pin_most;
use super::{definitions, units};
use crate::catalog;
use crate::session::Session as Server;
use crate::{sql, table};

/// A session of a backup.
pub struct Session {
    server: Rc<Mutex<Server>>,
    held: Option<Rc<Mutex<Held>>>,
    /// Tables that others altered, or waited to, before this session came to them.
    contested: Vec<String>,
    database: String,
    options: BackupOptions,
}

/// The setting that does without the lock.
pub const LOCK: &str = "lock";

/// Whether commits are to be stopped for a moment, so that several sessions see one state.
fn locked(options: &BackupOptions) -> Result<bool> {
    match options::get(&options.extra, LOCK) {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(Error::invalid_options(format!("the setting {LOCK} is on or off, and not \"{other}\""))),
    }
}

impl Session {
    async fn open(source: &Endpoint, options: BackupOptions) -> Result<Self> {
        let database = options.database.clone().or(source.info().database).ok_or_else(|| {
            Error::invalid_options("the instance's URL names no database").with_hint("name one with --database")
        })?;
        if !options.only.is_empty() || !options.except.is_empty() {
            return Err(Error::unsupported("this engine backs up a database as a whole")
                .with_hint("leave --only and --except away"));
        }
        let server = Server::open(source, &options.operation_id).await?;
        Ok(Self { server: Rc::new(Mutex::new(server)), held: None, contested: Vec::new(), database, options })
    }
}

impl BackupSession for Session {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self> {
        let mut session = Self::open(&source, options).await?;
        let locked = locked(&session.options)?;
        let mut server = session.server.lock().await;
        let held = lead(&source, &mut server, &session.options.operation_id, &session.database, locked).await?;
        drop(server);
        session.held = Some(Rc::new(Mutex::new(held)));
        Ok(session)
    }

    async fn join(source: Endpoint, options: BackupOptions, _: String) -> Result<Self> {
        let mut session = Self::open(&source, options).await?;
        let mut server = session.server.lock().await;
        server.run(format!("USE {}", sql::name(&session.database))).await?;
        server.run("SET SESSION lock_wait_timeout = 1").await?;
        server.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        server.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
        // Who waits to alter a table waits for the leader, and we would wait behind them.
        let relations = catalog::relations(&mut server, &session.database).await?;
        let tables: Vec<_> = relations.iter().filter(|r| r.has_rows()).map(|r| r.name.as_str()).collect();
        let contested = pin_most(&mut server, &tables).await?.into_iter().map(str::to_owned).collect();
        drop(server);
        session.contested = contested;
        Ok(session)
    }

    async fn plan(&self) -> Result<Plan> {
        let held = self.held.as_ref().ok_or_else(|| Error::internal("only the leader plans"))?.lock().await;
        let mut server = self.server.lock().await;
        let settings = catalog::database(&mut server, &self.database).await?;
        let position = position(&mut server).await;
        let packet = server.column("SELECT @@GLOBAL.max_allowed_packet").await?.into_iter().next().unwrap_or_default();
        let now = server.column("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')").await?;
        Ok(Plan {
            // Only while the lock is held: the snapshot of a later one would be another.
            join: locked(&self.options)?.then(|| "locked".to_owned()),
            rejoinable: false,
            consistency: "snapshot".to_owned(),
            taken_at: now.into_iter().next(),
            position,
            server_version: server.version.clone(),
            units: units::of(&held.state),
            tallies: held.state.tallies(),
            notes: held.state.notes.clone(),
            extra: options::from_pairs([
                ("database", &self.database),
                ("charset", &settings.charset),
                ("collation", &settings.collation),
                ("max_allowed_packet", &packet),
            ]),
        })
    }

    async fn joined(&self) -> Result<()> {
        match &self.held {
            Some(held) => held.lock().await.lock.release().await,
            None => Ok(()),
        }
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        let Some(held) = &self.held else { return Ok(Vec::new()) };
        let mut held = held.lock().await;
        if let Some(tables) = &mut held.tables {
            tables.column("SELECT 1").await?;
        }
        let Some(seconds) = held.lock.longest_wait(&self.database).await? else { return Ok(Vec::new()) };
        let what = "somebody waits to alter a table, or to write to one without transactions, until the backup is over";
        match self.options.max_blocking {
            Some(most) if seconds * 1000 >= most => Err(Error::conflict(format!("{what}: for {seconds} s already"))
                .with_hint("make the backup when nothing is altered, or let it block for longer (--max-blocking)")),
            _ => Ok(vec![units::note("warning", &self.database, what)]),
        }
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        if unit.objects.iter().any(|table| self.contested.contains(table)) {
            return Err(Error::conflict("somebody waits to alter the table, and only the leader has it already"));
        }
        let (server, database, held) = (Rc::clone(&self.server), self.database.clone(), self.held.clone());
        Ok(Reading::produced(|mut writer| async move {
            // Reads of one session take turns, in the order in which they were asked for.
            let mut server = server.lock().await;
            let object = || unit.objects.first().cloned().ok_or_else(|| Error::internal("the unit names no table"));
            if unit.name.starts_with("data/") {
                let table = object()?;
                return rows(&mut server, &database, &table, &unit, &mut writer).await;
            }
            if unit.name.starts_with("keys/") {
                let table = object()?;
                let parts = table::take_apart(&catalog::definition(&mut server, "TABLE", &table).await?, true);
                for definition in definitions::keys(&table, &parts) {
                    writer.write(definition.line()?).await?;
                }
                return Ok(Summary::default());
            }
            let held = held.ok_or_else(|| Error::internal("only the leader reads that"))?;
            // What the leader holds is asked of in between.
            if unit.name == units::LATE {
                let late = std::mem::take(&mut held.lock().await.state.late);
                for definition in late {
                    writer.write(definition.line()?).await?;
                }
                return Ok(Summary::default());
            }
            let relations = held.lock().await.state.relations.clone();
            let (sequences, tables): (Vec<_>, Vec<_>) =
                relations.iter().filter(|r| r.has_rows() || r.kind == "SEQUENCE").partition(|r| r.kind == "SEQUENCE");
            for relation in sequences.into_iter().chain(tables) {
                for definition in definitions::of_relation(&mut server, relation).await? {
                    writer.write(definition.line()?).await?;
                }
            }
            Ok(Summary::default())
        }))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        let mut server = self.server.lock().await;
        server.run("COMMIT").await?;
        Ok(Vec::new())
    }
}

async fn rows(server: &mut Server, database: &str, table: &str, unit: &Unit, writer: &mut Writer) -> Result<Summary> {
    let history = options::get(&unit.extra, units::HISTORY).is_some();
    let columns = catalog::columns(server, database, table, history).await?;
    if columns.read.is_empty() {
        return Err(Error::unsupported(format!("the table {table} has no columns of its own")));
    }
    let all = if history { " FOR SYSTEM_TIME ALL" } else { "" };
    let query = format!("SELECT {} FROM {}{all}", columns.read.join(", "), sql::name(table));
    server.dump(query, writer).await.map_err(|error| error.while_doing(format!("table {table}")))
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
