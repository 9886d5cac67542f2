//! A session of a restore.

use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::{Endpoint, Error, Lines, Mutex, Result, options};

use super::{marker, rows};
use crate::catalog;
use crate::definition::{Definition, FORMAT, ROWS};
use crate::session::Session as Server;
use crate::sql;

/// A session of a restore.
pub struct Session {
    server: Mutex<Server>,
    operation: String,
    /// The database, once it is known: the operator's, or the source's name.
    database: Mutex<Option<String>>,
    if_exists: String,
    /// Units that must bear a mark in the end; the leader knows.
    units: Mutex<u64>,
}

/// The longest definition.
const LONGEST: usize = 64 << 20;

impl Session {
    async fn open(target: &Endpoint, options: RestoreOptions) -> Result<Self> {
        if !options.only.is_empty() || !options.except.is_empty() {
            return Err(Error::unsupported("this engine restores a database as a whole")
                .with_hint("leave --only and --except away"));
        }
        Ok(Self {
            server: Mutex::new(Server::open(target, &options.operation_id).await?),
            operation: options.operation_id,
            database: Mutex::new(options.database),
            if_exists: options.if_exists,
            units: Mutex::new(0),
        })
    }

    async fn database(&self) -> Result<String> {
        self.database.lock().await.clone().ok_or_else(|| Error::internal("the database isn't chosen yet"))
    }

    /// The operator's database, or else the source's.
    async fn choose(&self, source: &Source) -> Result<String> {
        let mut database = self.database.lock().await;
        if database.is_none() {
            *database = options::get(&source.extra, "database").map(str::to_owned);
        }
        database.clone().ok_or_else(|| Error::corrupt("the backup doesn't say what its database was called"))
    }

    async fn definitions(&self, server: &mut Server, data: Data, complete: Complete) -> Result<u64> {
        let mut lines = Lines::new(data, LONGEST);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await? {
            all.push(Definition::parse(&line)?);
        }
        complete.await?;
        let rows = all.len() as u64;
        // What needs another one that isn't there yet, a view above all, comes again after those that worked.
        while !all.is_empty() {
            let (before, mut again, mut first) = (all.len(), Vec::new(), None);
            for definition in all {
                match make(server, &definition).await {
                    Ok(()) => {}
                    Err(error) if matches!(error.engine_code.as_deref(), Some("1146" | "1356" | "1305")) => {
                        first = first.or(Some(error.while_doing(&definition.object)));
                        again.push(definition);
                    }
                    Err(error) => return Err(error.while_doing(&definition.object)),
                }
            }
            all = again;
            if let (Some(error), true) = (first, all.len() == before) {
                return Err(error);
            }
        }
        Ok(rows)
    }
}

async fn make(server: &mut Server, definition: &Definition) -> Result<()> {
    if let Some((charset, collation)) = &definition.text {
        server
            .run(format!(
                "SET character_set_client = {}, collation_connection = {}",
                sql::text(charset),
                sql::text(collation)
            ))
            .await?;
    }
    let mode = "SET @cofferdam_mode = @@SESSION.sql_mode";
    if let Some(wanted) = &definition.sql_mode {
        server.run(mode).await?;
        server.run(format!("SET SESSION sql_mode = {}", sql::text(wanted))).await?;
    }
    let made = server.run(&definition.sql).await;
    if definition.sql_mode.is_some() {
        server.run("SET SESSION sql_mode = @cofferdam_mode").await?;
    }
    if definition.text.is_some() {
        server.run("SET NAMES utf8mb4").await?;
    }
    made.map(drop)
}

impl RestoreSession for Session {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        Self::open(&target, options).await
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<Self> {
        let session = Self::open(&target, options).await?;
        session.server.lock().await.run(format!("USE {}", sql::name(&token))).await?;
        *session.database.lock().await = Some(token);
        Ok(session)
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        let database = self.choose(&source).await?;
        let mut server = self.server.lock().await;
        let mut findings = Vec::new();
        let mut finding = |severity: &str, what: String, remedy: Option<String>| {
            findings.push(Finding { severity: severity.to_owned(), object: database.clone(), what, remedy });
        };
        if self.if_exists != "fail" {
            finding("blocker", format!("--if-exists {} isn't possible with this engine", self.if_exists), None);
        }
        match catalog::database(&mut server, &database).await {
            Ok(_) => finding(
                "blocker",
                "the database is there already, and this engine fills only one that it makes itself".to_owned(),
                Some(format!("choose another name with --database, or DROP DATABASE {}", sql::name(&database))),
            ),
            Err(error) if error.code == "not-found" => {}
            Err(error) => return Err(error),
        }
        let is_mariadb = |version: &str| version.contains("MariaDB");
        if is_mariadb(&source.server_version) != is_mariadb(&server.version) {
            finding(
                "warning",
                format!(
                    "the backup is of {}, and this is {}: not every definition has a twin",
                    source.server_version, server.version
                ),
                None,
            );
        }
        Ok(findings)
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        let database = self.choose(&source).await?;
        let mut server = self.server.lock().await;
        let setting = |name: &str| options::get(&source.extra, name).unwrap_or("utf8mb4");
        server
            .run(format!(
                "CREATE DATABASE {} CHARACTER SET {} COLLATE {}",
                sql::name(&database),
                sql::text(setting("charset")),
                sql::text(options::get(&source.extra, "collation").unwrap_or("utf8mb4_general_ci")),
            ))
            .await?;
        marker::make(&mut server, &database, &self.operation).await?;
        server.run(format!("USE {}", sql::name(&database))).await?;
        *self.units.lock().await = source.units.len() as u64;
        Ok(Prepared { token: Some(database), units: None })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let database = self.database().await?;
        let mut server = self.server.lock().await;
        let written = |rows| Summary { rows: Some(rows), ..Summary::default() };
        if attempt > 0 && marker::is_marked(&mut server, &database, &self.operation, &unit.name).await? {
            let rows = rows::pass_over(data).await?;
            complete.await?;
            return Ok(written(rows));
        }
        let mark = marker::mark(&database, &self.operation, &unit.name);
        match unit.format.as_str() {
            FORMAT => {
                if attempt > 0 {
                    // A definition commits by itself, so what an earlier attempt left can't be told from the rest.
                    return Err(Error::conflict("definitions can't be tried again; restore again from the beginning"));
                }
                let rows = self.definitions(&mut server, data, complete).await?;
                server.run(mark).await?;
                Ok(written(rows))
            }
            ROWS => {
                let table = unit.objects.first().ok_or_else(|| Error::corrupt("a unit of rows names no table"))?;
                let columns = catalog::columns(&mut server, &database, table).await?;
                let columns: Vec<_> = columns.into_iter().map(|(name, _)| name).collect();
                server.run("START TRANSACTION").await?;
                if attempt > 0 {
                    // An engine without transactions keeps what an attempt that failed has written.
                    server.run(format!("DELETE FROM {}", sql::name(table))).await?;
                }
                server.run(mark).await?;
                let inserted = async {
                    let rows = rows::insert(&mut server, table, &columns, data).await?;
                    complete.await?;
                    server.run("COMMIT").await?;
                    Ok::<_, Error>(rows)
                };
                match inserted.await {
                    Ok(rows) => Ok(written(rows)),
                    Err(error) => {
                        // If this fails too, the server rolls back when the session ends.
                        let _ = server.run("ROLLBACK").await;
                        Err(error.while_doing(format!("table {table}")))
                    }
                }
            }
            other => Err(Error::unsupported(format!("the format \"{other}\" is of a later version of this plugin"))),
        }
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        let database = self.database().await?;
        let mut server = self.server.lock().await;
        let (marked, units) = (marker::count(&mut server, &database, &self.operation).await?, *self.units.lock().await);
        if marked != units {
            return Err(Error::corrupt(format!("{marked} of {units} units are in the database {database}")));
        }
        marker::take_away(&mut server, &database, &self.operation).await?;
        Ok(Vec::new())
    }
}
