//! A session of a restore.

use super::append::Append;
use super::check::{self, Looked};
use super::definitions::{Definitions, leave_out};
use super::failure::is_own;
use super::labels::MissingProviders;
use super::marker::Marker;
use super::means::Means;
use super::source::Facts;
use super::target::Target;
use super::way::Way;
use super::wishes::Wishes;
use super::{failure, finish, large_objects, long_rows, prepare, replace, scope};
use crate::backup::units::{LARGE_OBJECT_PAGES, note};
use crate::globals;
use crate::long_rows::FORMAT as LONG_ROWS;
use crate::quote::{idents, qualified};
use crate::selection::Chosen;
use crate::session::Session;
use crate::table::Table;
use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::postgres::statement;
use cofferdam_sdk::{Endpoint, Error, Mutex, Result, StreamResult};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A session of a restore.
pub struct Restore {
    endpoint: Endpoint,
    options: RestoreOptions,
    wishes: Wishes,
    marker: Marker,
    /// The leader's connection to a database that isn't the target, to manage that.
    maintenance: Mutex<Option<Rc<Session>>>,
    place: RefCell<Option<Rc<Place>>>,
    /// What stands behind the names that keep what is replaced, once it was told.
    kept: RefCell<Option<String>>,
    /// What isn't as it was, for the end.
    notes: RefCell<Vec<Note>>,
    /// Writes may overlap, but each is a transaction of the one connection.
    writer: Mutex<Writer>,
}

/// Where a restore goes, and what of it. This is what a session needs to join.
#[derive(Serialize, Deserialize)]
struct Place {
    target: Target,
    chosen: Option<Chosen>,
    /// What each object can't be made without, where what is refused is passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needs: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Default)]
enum Writer {
    #[default]
    None,
    /// Each unit is a transaction with a mark.
    Units(Box<(Session, Means)>),
    /// All of them are one.
    Append(Box<Append>),
}

impl Restore {
    fn new(endpoint: Endpoint, options: RestoreOptions) -> Result<Self> {
        Ok(Self {
            marker: Marker::new(&options.operation_id),
            wishes: Wishes::of(&options)?,
            endpoint,
            options,
            maintenance: Mutex::new(None),
            place: RefCell::default(),
            kept: RefCell::default(),
            notes: RefCell::default(),
            writer: Mutex::new(Writer::None),
        })
    }

    /// A connection to a database that isn't `target`: nobody may be connected to one that is renamed. The endpoint's own,
    /// or where that is the target or isn't there, one that every server has.
    async fn maintenance(&self, target: &str) -> Result<Rc<Session>> {
        let mut slot = self.maintenance.lock().await;
        if let Some(session) = slot.as_ref() {
            return Ok(Rc::clone(session));
        }
        let info = self.endpoint.info();
        let own = info.database.or(info.user);
        let candidates = own.into_iter().chain(["postgres", "template1"].map(str::to_owned));
        let mut failed: Option<Error> = None;
        for database in candidates.filter(|database| database != target) {
            match Session::lead(&self.endpoint, Some(database), &self.options.operation_id).await {
                Ok(session) => {
                    let session = Rc::new(session);
                    *slot = Some(Rc::clone(&session));
                    return Ok(session);
                }
                // No such database, or none that this role may connect to.
                Err(error) if ["3D000", "42501"].iter().any(|code| error.has_engine_code(code)) => {
                    failed.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or_else(|| Error::internal("there is no database to connect to")))
    }

    fn place(&self) -> Result<Rc<Place>> {
        self.place.borrow().clone().ok_or_else(|| Error::internal("the restore isn't prepared"))
    }

    async fn look(&self, source: &Source, facts: &Facts) -> Result<(Rc<Session>, Looked)> {
        let maintenance = self.maintenance(self.options.database.as_deref().unwrap_or(&facts.database)).await?;
        let (options, wishes) = (&self.options, &self.wishes);
        let looked = check::look(&self.endpoint, &maintenance, options, wishes, source, facts, &self.kept).await?;
        Ok((maintenance, looked))
    }

    async fn units(&self, target: &Target) -> Result<Writer> {
        let session = target.open(&self.endpoint, &self.options.operation_id).await?;
        let means = Means::read(&session, target, &self.options.extra, &self.wishes).await?;
        Ok(Writer::Units(Box::new((session, means))))
    }

    /// Writes or passes over what belongs to the server. Others read which roles are there when they write their first
    /// unit, which comes after this one.
    async fn globals(&self, target: &Target, again: bool, data: Data, complete: Complete) -> Result<Summary> {
        let session = target.open(&self.endpoint, &self.options.operation_id).await?;
        let mark = self.marker.whole(globals::UNIT);
        let marked = target.way != Way::Adding;
        let done = marked && again && self.marker.is_done(&session, globals::UNIT).await?;
        if self.wishes.globals && !done {
            let missing = MissingProviders::among(&session, &target.label_providers).await?;
            return globals::write(&session, &mark, &missing, data, complete).await;
        }
        let reason = if done { "an attempt before made what wasn't there" } else { "it comes only with --globals" };
        let summary = leave_out(data, complete, reason).await?;
        if marked && !done {
            session.connection.run(mark).await?;
        }
        let told = note("left-out", "roles and what else is the server's", reason);
        Ok(Summary { notes: vec![told], ..summary })
    }

    async fn copy(
        &self,
        session: &Session,
        target: &Target,
        unit: &Unit,
        data: Data,
        complete: Complete,
    ) -> Result<Summary> {
        let table = Table::of(unit)?;
        let name = qualified(&table.schema, &table.name);
        let columns = if table.columns.is_empty() { String::new() } else { format!(" ({})", idents(&table.columns)) };
        let sql = format!(
            "{};\nCOPY {name}{columns} FROM STDIN (ENCODING '{}')",
            self.marker.whole(&unit.name),
            target.encoding
        );
        let copied = session.connection.copy_in(statement(sql), data, complete).await;
        let rows = copied.map_err(|error| error.while_doing(format!("writing table {name}")))?;
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }
}

impl RestoreSession for Restore {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        if options.neutral
            && (options.if_exists == "append" || options.if_exists == "replace" && !options.only.is_empty())
        {
            // What is there already would be switched off with what comes.
            return Err(Error::unsupported("what comes into a database that is there can't be made neutral")
                .with_hint("restore it into a database of its own"));
        }
        Self::new(target, options)
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<Self> {
        let place: Place =
            serde_json::from_str(&token).map_err(|error| Error::internal(format!("the token isn't ours: {error}")))?;
        let session = Self::new(target, options)?;
        *session.place.borrow_mut() = Some(Rc::new(place));
        Ok(session)
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        Ok(self.look(&source, &Facts::of(&source)?).await?.1.findings)
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        let facts = Facts::of(&source)?;
        let (maintenance, looked) = self.look(&source, &facts).await?;
        let (target, notes) =
            prepare::prepare(&self.endpoint, &maintenance, &self.options, &self.wishes, &facts, &looked).await?;
        *self.notes.borrow_mut() = notes;
        let Looked { way, scope, moved, exchange, .. } = looked;
        let needs = self.wishes.keep_going.then(|| scope::contents(&source).map(|contents| contents.needs()));
        let place = Place { target, chosen: scope.chosen, needs: needs.transpose()? };
        let mut token = None;
        if way == Way::Adding {
            let chosen = place.chosen.clone().ok_or_else(|| Error::internal("nothing was chosen to be added"))?;
            let session = place.target.open(&self.endpoint, &self.options.operation_id).await?;
            let means = Means::read(&session, &place.target, &self.options.extra, &self.wishes).await?;
            let id = &self.options.operation_id;
            let settings = (id.as_str(), self.wishes.analyze);
            let append = Append::begin(session, &place.target, means, chosen, (moved, exchange), settings).await?;
            *self.writer.lock().await = Writer::Append(Box::new(append));
        } else {
            let text = serde_json::to_string(&place);
            token = Some(text.map_err(|error| Error::internal(format!("token: {error}")))?);
        }
        *self.place.borrow_mut() = Some(Rc::new(place));
        Ok(Prepared { token, units: scope.units })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let place = self.place()?;
        if unit.name == globals::UNIT {
            return self.globals(&place.target, attempt > 0, data, complete).await;
        }
        let mut writer = self.writer.lock().await;
        if matches!(*writer, Writer::None) {
            *writer = self.units(&place.target).await?;
        }
        let (session, means) = match &*writer {
            Writer::Append(append) => return append.write(&unit, data, complete).await,
            Writer::Units(units) => (&units.0, &units.1),
            Writer::None => return Err(Error::internal("there is no connection to write with")),
        };
        let done = attempt > 0 && self.marker.is_done(session, &unit.name).await?;
        let is_data = unit.format == LARGE_OBJECT_PAGES || unit.framing == "lines";
        if done && is_data && self.wishes.keep_going {
            let failures = self.marker.failures(session, &unit.name, Marker::WHOLE).await?;
            if !failures.is_empty() {
                return Ok(failure::without_rows(&failures));
            }
        }
        let written = if unit.format == LARGE_OBJECT_PAGES && !done {
            large_objects::write(session, &self.marker, &unit, data, complete).await
        } else if unit.format == LONG_ROWS && !done {
            long_rows::write(session, &self.marker, &unit, data, complete).await
        } else if unit.framing != "lines" {
            let definitions = Definitions {
                session,
                means,
                target: &place.target,
                marker: &self.marker,
                chosen: place.chosen.as_ref(),
                unit: &unit,
                again: attempt > 0,
                done,
                analyze: self.wishes.analyze,
                keep_going: place.needs.as_ref(),
            };
            definitions.write(data, complete).await
        } else if done {
            drain(data, complete).await
        } else {
            self.copy(session, &place.target, &unit, data, complete).await
        };
        let written = match written {
            Err(error) if is_data && self.wishes.keep_going && is_own(&error) => {
                failure::pass_over(session, &self.marker, &unit, &address(&unit), &error).await
            }
            written => written,
        };
        if written.is_err() {
            // It may be lost, or in a transaction that failed; the next write makes a new one.
            *writer = Writer::None;
        }
        written
    }

    async fn close(&self) -> Result<()> {
        *self.writer.lock().await = Writer::None;
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        let place = self.place()?;
        let target = &place.target;
        let id = &self.options.operation_id;
        // What writes is closed before the database is renamed.
        let writer = std::mem::take(&mut *self.writer.lock().await);
        let mut notes = self.notes.take();
        if let Writer::Append(append) = writer {
            notes.extend(append.finish(&self.endpoint, &target.name).await?);
            return Ok(notes);
        }
        drop(writer);
        let session = target.open(&self.endpoint, id).await?;
        notes.extend(finish::unmark(&session, target, &self.marker, &self.options).await?);
        drop(session);
        let maintenance = self.maintenance(&target.name).await?;
        match target.way {
            Way::Beside => notes.extend(finish::rename(&maintenance, target, id).await?),
            Way::Replacing => {
                notes.extend(replace::swap(&self.endpoint, &maintenance, target, &self.wishes, id).await?);
            }
            Way::InPlace | Way::Adding => {}
        }
        Ok(notes)
    }
}

/// What a unit's rows are of, as statements call it.
fn address(unit: &Unit) -> String {
    Table::of(unit).map_or_else(|_| unit.objects.join(", "), |table| table.address())
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
