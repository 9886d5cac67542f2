//! A session of a restore.

use super::definitions::Definitions;
use super::labels::MissingProviders;
use super::marker::Marker;
use super::roles::Roles;
use super::source::Facts;
use super::tablespaces::Tablespaces;
use super::target::Target;
use super::{check, finish, large_objects, prepare};
use crate::backup::units::LARGE_OBJECT_PAGES;
use crate::quote::{idents, qualified};
use crate::session::{Session, refuse_selection};
use crate::table::Table;
use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::postgres::statement;
use cofferdam_sdk::{Endpoint, Error, Mutex, Result, StreamResult, options};
use std::cell::RefCell;

/// A session of a restore.
pub struct Restore {
    endpoint: Endpoint,
    options: RestoreOptions,
    marker: Marker,
    /// Whether the planner's statistics are gathered.
    analyze: bool,
    /// The leader's connection to the database that is named to manage others.
    maintenance: Option<Session>,
    target: RefCell<Option<Target>>,
    /// What isn't as it was, for the end.
    notes: RefCell<Vec<Note>>,
    /// Writes may overlap, but each is a transaction of the one connection.
    writer: Mutex<Option<Writer>>,
}

struct Writer {
    session: Session,
    roles: Roles,
    tablespaces: Tablespaces,
    providers: MissingProviders,
}

impl Restore {
    fn maintenance(&self) -> Result<&Session> {
        self.maintenance.as_ref().ok_or_else(|| Error::internal("only the session that leads can do that"))
    }

    fn target(&self) -> Result<Target> {
        self.target.borrow().clone().ok_or_else(|| Error::internal("the restore isn't prepared"))
    }

    async fn writer(&self, target: &Target) -> Result<Writer> {
        let session = target.open(&self.endpoint, &self.options.operation_id).await?;
        let roles = Roles::read(&session).await?;
        let tablespaces = Tablespaces::read(&session, &self.options.extra).await?;
        let providers = MissingProviders::among(&session, &target.label_providers).await?;
        Ok(Writer { session, roles, tablespaces, providers })
    }

    async fn copy(&self, session: &Session, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
        let table = Table::of(unit)?;
        let name = qualified(&table.schema, &table.name);
        let columns = if table.columns.is_empty() { String::new() } else { format!(" ({})", idents(&table.columns)) };
        let sql = format!(
            "{};\nCOPY {name}{columns} FROM STDIN (ENCODING '{}')",
            self.marker.whole(&unit.name),
            self.target()?.encoding
        );
        let copied = session.connection.copy_in(statement(sql), data, complete).await;
        let rows = copied.map_err(|error| error.while_doing(format!("writing table {name}")))?;
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }
}

/// Whether the planner's statistics are gathered: the setting `analyze`.
fn analyze(options: &RestoreOptions) -> Result<bool> {
    match options::get(&options.extra, "analyze") {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(Error::invalid_options(format!("analyze must be on or off, it is {other:?}"))),
    }
}

impl RestoreSession for Restore {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        refuse_selection(&options.only, &options.except)?;
        if options.neutral && options.if_exists == "append" {
            // What is there already would be switched off with what comes.
            return Err(Error::unsupported("what is appended to a database can't be made neutral")
                .with_hint("restore it into a database of its own"));
        }
        let maintenance = Session::open(&target, None, &options.operation_id).await?;
        Ok(Self {
            marker: Marker::new(&options.operation_id),
            analyze: analyze(&options)?,
            endpoint: target,
            options,
            maintenance: Some(maintenance),
            target: RefCell::default(),
            notes: RefCell::default(),
            writer: Mutex::new(None),
        })
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<Self> {
        let working: Target =
            serde_json::from_str(&token).map_err(|error| Error::internal(format!("the token isn't ours: {error}")))?;
        let session = Self {
            marker: Marker::new(&options.operation_id),
            analyze: analyze(&options)?,
            endpoint: target,
            options,
            maintenance: None,
            target: RefCell::new(Some(working.clone())),
            notes: RefCell::default(),
            writer: Mutex::new(None),
        };
        let writer = session.writer(&working).await?;
        *session.writer.lock().await = Some(writer);
        Ok(session)
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        check::check(&self.endpoint, self.maintenance()?, &self.options, &Facts::of(&source)?).await
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        let facts = Facts::of(&source)?;
        let (target, notes) = prepare::prepare(&self.endpoint, self.maintenance()?, &self.options, &facts).await?;
        *self.notes.borrow_mut() = notes;
        let token = serde_json::to_string(&target).map_err(|error| Error::internal(format!("token: {error}")))?;
        *self.target.borrow_mut() = Some(target);
        Ok(Prepared { token: Some(token), units: None })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let target = self.target()?;
        let mut slot = self.writer.lock().await;
        if slot.is_none() {
            *slot = Some(self.writer(&target).await?);
        }
        let Some(Writer { session, roles, tablespaces, providers }) = slot.as_ref() else {
            return Err(Error::internal("there is no connection to write with"));
        };
        let done = attempt > 0 && self.marker.is_done(session, &unit.name).await?;
        let written = if unit.format == LARGE_OBJECT_PAGES && !done {
            large_objects::write(session, &self.marker, &unit, data, complete).await
        } else if unit.framing != "lines" {
            let definitions = Definitions {
                session,
                roles,
                tablespaces,
                providers,
                target: &target,
                marker: &self.marker,
                unit: &unit,
                again: attempt > 0,
                done,
                analyze: self.analyze,
            };
            definitions.write(data, complete).await
        } else if done {
            drain(data, complete).await
        } else {
            self.copy(session, &unit, data, complete).await
        };
        if written.is_err() {
            // It may be lost, or in a transaction that failed; the next write makes a new one.
            *slot = None;
        }
        written
    }

    async fn close(&self) -> Result<()> {
        *self.writer.lock().await = None;
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        let target = self.target()?;
        // A connection of its own, so that it is known to be closed before the database is renamed.
        *self.writer.lock().await = None;
        let session = target.open(&self.endpoint, &self.options.operation_id).await?;
        let mut notes = self.notes.take();
        notes.extend(finish::unmark(&session, &target, &self.marker, self.options.neutral).await?);
        drop(session);
        notes.extend(finish::rename(self.maintenance()?, &target, &self.options.operation_id).await?);
        Ok(notes)
    }
}

/// Reads rows that are in already to its end, so that whoever sends it sees no failure.
async fn drain(mut data: Data, complete: Complete) -> Result<Summary> {
    let mut rows = 0;
    loop {
        let (result, piece) = data.read(Vec::with_capacity(64 << 10)).await;
        rows += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        if !matches!(result, StreamResult::Complete(_)) {
            break;
        }
    }
    complete.await?;
    Ok(Summary { rows: Some(rows), ..Summary::default() })
}
