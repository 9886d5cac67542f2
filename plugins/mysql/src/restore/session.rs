//! A session of a restore.

use std::collections::BTreeMap;

use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::{Endpoint, Error, Lines, Mutex, Result, options};

use super::finish::finish;
use super::make::{Changes, make};
use super::{marker, rows};
use crate::backup::{HISTORY, LATE};
use crate::catalog;
use crate::definition::{Definition, FORMAT, ROWS};
use crate::session::Session as Server;
use crate::sql;

/// A session of a restore.
pub struct Session {
    server: Mutex<Server>,
    operation: String,
    /// The operator's database.
    database: Option<String>,
    if_exists: String,
    neutral: bool,
    /// What is being restored; the leader knows.
    source: Mutex<Option<Source>>,
}

/// The longest definition.
const LONGEST: usize = 64 << 20;

impl Session {
    async fn open(target: &Endpoint, options: RestoreOptions) -> Result<Self> {
        if !options.only.is_empty() || !options.except.is_empty() {
            return Err(Error::unsupported("this engine restores a database as a whole")
                .with_hint("leave --only and --except away"));
        }
        if options.keep_going {
            return Err(Error::unsupported("this engine's restores end at the first failure")
                .with_hint("leave --keep-going away"));
        }
        Ok(Self {
            server: Mutex::new(Server::open(target, &options.operation_id).await?),
            operation: options.operation_id,
            database: options.database,
            if_exists: options.if_exists,
            neutral: options.neutral,
            source: Mutex::new(None),
        })
    }

    /// The operator's database, or else the source's.
    fn target(&self, source: &Source) -> Result<String> {
        let name = self.database.as_deref().or_else(|| options::get(&source.extra, "database"));
        name.map(str::to_owned).ok_or_else(|| Error::corrupt("the backup doesn't say what its database was called"))
    }

    /// Makes the definitions of a unit where it is filled, or keeps them for the end.
    async fn definitions(
        &self,
        server: &mut Server,
        unit: &Unit,
        attempt: u32,
        data: Data,
        complete: Complete,
    ) -> Result<Summary> {
        let (mut lines, mut all) = (Lines::new(data, LONGEST), Vec::new());
        while let Some(line) = lines.next().await? {
            all.push(Definition::parse(&line)?);
        }
        complete.await?;
        let (mut carried, mut notes) = (BTreeMap::<String, u64>::new(), Vec::new());
        for (kind, number) in all.iter().flat_map(|definition| &definition.makes) {
            *carried.entry(kind.clone()).or_default() += number;
        }
        let mark = marker::mark(&self.operation, &unit.name);
        if unit.name == LATE {
            server.run("START TRANSACTION").await?;
            for definition in &all {
                marker::keep(server, &self.operation, definition).await?;
            }
            server.run(mark).await?;
            server.run("COMMIT").await?;
        } else {
            // Nothing in them knows what the database is called.
            let changes = Changes { from: "", to: "", neutral: false };
            for definition in &all {
                let made = make_again(server, definition, attempt, &changes).await;
                notes.extend(made.map_err(|error| error.while_doing(&definition.object))?);
            }
            server.run(mark).await?;
        }
        Ok(Summary { carried: carried.into_iter().collect(), notes, ..Summary::default() })
    }

    /// Writes a unit of rows in one transaction, with its mark.
    async fn rows(
        &self,
        server: &mut Server,
        unit: &Unit,
        attempt: u32,
        data: Data,
        complete: Complete,
    ) -> Result<u64> {
        let table = unit.objects.first().ok_or_else(|| Error::corrupt("a unit of rows names no table"))?;
        let history = options::get(&unit.extra, HISTORY).is_some();
        let columns = catalog::columns(server, &marker::name(&self.operation), table, history).await?;
        server.run("START TRANSACTION").await?;
        if attempt > 0 {
            // An engine without transactions keeps what an attempt that failed has written.
            server.run(format!("DELETE FROM {}", sql::name(table))).await?;
            if history {
                server.run(format!("DELETE HISTORY FROM {}", sql::name(table))).await?;
            }
        }
        server.run(marker::mark(&self.operation, &unit.name)).await?;
        let inserted = async {
            let rows = rows::insert(server, table, &columns, data).await?;
            complete.await?;
            server.run("COMMIT").await?;
            Ok::<_, Error>(rows)
        };
        match inserted.await {
            Ok(rows) => Ok(rows),
            Err(error) => {
                // If this fails too, the server rolls back when the session ends.
                let _ = server.run("ROLLBACK").await;
                Err(error.while_doing(format!("table {table}")))
            }
        }
    }
}

/// Makes a definition, also where an earlier attempt made it already.
async fn make_again(
    server: &mut Server,
    definition: &Definition,
    attempt: u32,
    changes: &Changes<'_>,
) -> Result<Vec<Note>> {
    match make(server, definition, changes).await {
        // A key of that name: all keys of a statement are there, or none.
        Err(error) if attempt > 0 && error.has_engine_code("1061") => Ok(Vec::new()),
        // A table of that name, which nothing was written to yet.
        Err(error) if attempt > 0 && error.has_engine_code("1050") => {
            let Some((_, table)) = definition.object.split_once(' ') else { return Err(error) };
            server.run(format!("DROP TABLE {}", sql::name(table))).await?;
            make(server, definition, changes).await
        }
        made => made,
    }
}

impl RestoreSession for Session {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        Self::open(&target, options).await
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<Self> {
        let session = Self::open(&target, options).await?;
        session.server.lock().await.run(format!("USE {}", sql::name(&token))).await?;
        Ok(session)
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        let database = self.target(&source)?;
        let mut server = self.server.lock().await;
        super::check::check(&mut server, &source, &database, &self.if_exists, self.neutral).await
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        self.target(&source)?;
        let settings = settings(&source);
        let scratch = marker::name(&self.operation);
        let mut server = self.server.lock().await;
        server
            .run(format!(
                "CREATE DATABASE {} CHARACTER SET {} COLLATE {}",
                sql::name(&scratch),
                sql::text(&settings.charset),
                sql::text(&settings.collation)
            ))
            .await?;
        marker::make(&mut server, &self.operation).await?;
        *self.source.lock().await = Some(source);
        Ok(Prepared { token: Some(scratch), units: None })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let mut server = self.server.lock().await;
        if unit.format == FORMAT {
            return self.definitions(&mut server, &unit, attempt, data, complete).await;
        }
        if unit.format != ROWS {
            let format = &unit.format;
            return Err(Error::unsupported(format!("the format \"{format}\" is of a later version of this plugin")));
        }
        let rows = if attempt > 0 && marker::is_marked(&mut server, &self.operation, &unit.name).await? {
            let rows = rows::pass_over(data).await?;
            complete.await?;
            rows
        } else {
            self.rows(&mut server, &unit, attempt, data, complete).await?
        };
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        let source = self.source.lock().await.take().ok_or_else(|| Error::internal("nothing was prepared"))?;
        let to = self.target(&source)?;
        let from = options::get(&source.extra, "database").unwrap_or(&to).to_owned();
        let mut server = self.server.lock().await;
        let (marked, units) = (marker::count(&mut server, &self.operation).await?, source.units.len() as u64);
        if marked != units {
            return Err(Error::corrupt(format!("{marked} of {units} units are in the database {to}")));
        }
        let changes = Changes { from: &from, to: &to, neutral: self.neutral };
        finish(&mut server, &self.operation, &settings(&source), &changes).await
    }
}

/// What the source's database is set to.
fn settings(source: &Source) -> catalog::Database {
    let setting = |name: &str, default: &str| options::get(&source.extra, name).unwrap_or(default).to_owned();
    catalog::Database { charset: setting("charset", "utf8mb4"), collation: setting("collation", "utf8mb4_general_ci") }
}
