//! Units of definitions on their way in.
//!
//! A transaction holds locks on everything that it made, and the server has room for so many. A long unit is therefore
//! written in parts, each a transaction with a mark of its own: an attempt that failed is gone on with where it stopped.
//! Nobody sees what is there in between, since the database has its name only when all of it is done.
//!
//! A short unit, as the indexes of one table are, is one text and so one round trip: the server takes several statements in
//! one text as one transaction (PostgreSQL documentation 55.2.2.1). Only if that fails it is done statement by statement,
//! which tells the object that can't be made.

use super::failure::{self, Failure, Missing, is_own};
use super::marker::Marker;
use super::means::Means;
use super::rights;
use super::roles::Made;
use super::strangers;
use super::target::Target;
use crate::backup::units::{LAST, note};
use crate::entry::{Entry, LONGEST};
use crate::quote::ident;
use crate::selection::Chosen;
use crate::session::Session;
use cofferdam_sdk::engine::{Complete, Data, Summary, Unit};
use cofferdam_sdk::{Error, Lines, Result, join_all};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Statements that are on their way at once. More than 30, and `join_all` wouldn't start them in their order.
const AT_ONCE: usize = 30;

/// Entries of one part. An object takes a handful of locks, and a server that nobody tuned has room for 6,400.
const PART: usize = 500;

/// Bytes of statements that are one text at most.
const SHORT: usize = 256 << 10;

/// What the entries of a unit begin with that only gather the planner's statistics.
pub const ANALYZE: &str = "ANALYZE ";

/// A unit that is being written.
pub struct Definitions<'a> {
    /// The connection, outside of a transaction.
    pub session: &'a Session,
    /// What the target has to make objects with.
    pub means: &'a Means,
    /// The database.
    pub target: &'a Target,
    /// Where it is marked.
    pub marker: &'a Marker,
    /// What was chosen, if not everything.
    pub chosen: Option<&'a Chosen>,
    /// The unit.
    pub unit: &'a Unit,
    /// Whether it was tried before.
    pub again: bool,
    /// Whether an attempt before has done all of it: then it is only read, for what there is to say of it.
    pub done: bool,
    /// Whether the planner's statistics are gathered.
    pub analyze: bool,
    /// What each object needs, where what is refused is passed over.
    pub keep_going: Option<&'a BTreeMap<String, Vec<String>>>,
}

impl Definitions<'_> {
    /// Runs the unit's statements, but for those of parts that an attempt before has done.
    pub async fn write(&self, data: Data, complete: Complete) -> Result<Summary> {
        if let Some(kept) = self.target.way.keeps(&self.unit.name) {
            let told = note("changed", format!("DATABASE {}", ident(&self.target.name)), kept);
            let left_out = self.leave_out(data, complete, kept).await?;
            return Ok(Summary { notes: vec![told], ..left_out });
        }
        if !rights::may_make(self.session, &self.unit.name).await? {
            return self.leave_out(data, complete, rights::MAY_NOT_MAKE).await;
        }
        let parts_done = if self.again { self.marker.parts_done(self.session, &self.unit.name).await? } else { 0 };
        let (mut lines, mut complete) = (Lines::new(data, LONGEST), Some(complete));
        let (mut notes, mut count, mut rows) = (Vec::new(), Made::default(), 0);
        for number in 1.. {
            let mut entries = part(&mut lines).await?;
            rows += entries.len() as u64;
            let last = entries.len() < PART;
            if let Some(complete) = complete.take_if(|_| last) {
                complete.await?;
            }
            if let Some(chosen) = self.chosen {
                entries.retain(|entry| {
                    let carried = chosen.judge(entry).carries(entry, &mut notes);
                    if !carried {
                        count.leave_out(entry);
                    }
                    carried
                });
            }
            strangers::leave_out(self.session, &mut entries, &mut count, &mut notes).await?;
            for entry in &entries {
                if self.means.providers.allow(entry) {
                    self.means.roles.count(entry, &mut count);
                } else {
                    count.leave_out(entry);
                }
            }
            notes.extend(entries.iter().filter_map(|entry| self.means.providers.note(entry)));
            notes.extend(self.possible(&entries).flat_map(|entry| self.means.roles.notes(entry)));
            let part = if last { Marker::WHOLE } else { number };
            let failures = if self.done || !last && number <= parts_done {
                self.failed_before(part).await?
            } else {
                self.transaction(&entries, part).await?
            };
            failure::tell(&failures, &mut count, &mut notes);
            if last {
                break;
            }
        }
        Ok(Summary {
            // Large objects are rows, of definitions there is no count.
            rows: (self.unit.framing == "lines").then_some(rows),
            notes,
            carried: count.carried.into_list(),
            left_out: count.left_out.into_list(),
            failed: count.failed.into_list(),
            ..Summary::default()
        })
    }

    /// Marks the unit as done without running anything of it, and tells what is missing by that.
    async fn leave_out(&self, data: Data, complete: Complete, reason: &str) -> Result<Summary> {
        let left_out = leave_out(data, complete, reason).await?;
        if !self.done {
            self.session.connection.run(self.marker.whole(&self.unit.name)).await?;
        }
        Ok(left_out)
    }

    pub(super) fn possible<'b>(&'b self, entries: &'b [Entry]) -> impl Iterator<Item = &'b Entry> {
        entries.iter().filter(|entry| self.means.providers.allow(entry))
    }

    /// What failed in a part that an attempt before has done.
    async fn failed_before(&self, part: usize) -> Result<Vec<Failure>> {
        match self.keep_going {
            Some(_) => self.marker.failures(self.session, &self.unit.name, part).await,
            None => Ok(Vec::new()),
        }
    }

    /// Runs a part. What is refused is passed over and given, where that is wanted.
    async fn transaction(&self, entries: &[Entry], part: usize) -> Result<Vec<Failure>> {
        let mark = self.marker.part(&self.unit.name, part);
        let last = LAST.iter().position(|name| *name == self.unit.name);
        let Some(needs) = self.keep_going else {
            return self.at_once(entries, &mark, last).await.map(|()| Vec::new());
        };
        let missing = Missing { failed: self.marker.failed_objects(self.session).await?, needs };
        if last.is_none() && entries.iter().all(|entry| missing.of(entry).is_none()) {
            match self.at_once(entries, &mark, last).await {
                Err(error) if is_own(&error) => self.session.connection.run("ROLLBACK").await.map(drop)?,
                done => return done.map(|()| Vec::new()),
            }
        }
        self.one_by_one(entries, (part, &mark), last, missing).await
    }

    async fn at_once(&self, entries: &[Entry], mark: &str, last: Option<usize>) -> Result<()> {
        let mut statements: Vec<(&str, Cow<'_, str>)> = Vec::new();
        let mut chosen = None;
        for entry in self.possible(entries) {
            if entry.tablespace != chosen {
                chosen.clone_from(&entry.tablespace);
                statements.push((&entry.object, self.means.tablespaces.choose(chosen.as_deref()).into()));
            }
            let wanted = self.means.roles.statements(entry).filter(|sql| self.analyze || !sql.starts_with(ANALYZE));
            statements.extend(wanted.map(|sql| {
                let kept = last.map(|place| self.marker.keep(place, &entry.object, &sql).into());
                (entry.object.as_str(), kept.unwrap_or(sql))
            }));
        }
        if let Some(text) = short(mark, &statements) {
            match self.session.connection.run(text).await {
                // The server's refusal, which doesn't say of what. Whatever else failed, it won't help to ask again.
                Err(error) if error.engine_code.is_some() => {}
                done => return done.map(drop),
            }
        }
        self.session.connection.run(format!("BEGIN; {mark}")).await?;
        for batch in statements.chunks(AT_ONCE) {
            run(self.session, batch).await?;
        }
        self.session.connection.run("COMMIT").await.map(drop)
    }
}

/// Reads a unit without running anything of it, and tells of each object why.
pub async fn leave_out(data: Data, complete: Complete, reason: &str) -> Result<Summary> {
    let mut lines = Lines::new(data, LONGEST);
    let (mut objects, mut made) = (BTreeSet::new(), Made::default());
    while let Some(line) = lines.next().await? {
        let entry = Entry::parse(&line)?;
        made.leave_out(&entry);
        objects.insert(entry.object);
    }
    complete.await?;
    let notes = objects.into_iter().map(|object| note("left-out", object, reason)).collect();
    Ok(Summary { notes, left_out: made.left_out.into_list(), ..Summary::default() })
}

/// The mark and the statements as one text, if it isn't long.
fn short(mark: &str, statements: &[(&str, Cow<'_, str>)]) -> Option<String> {
    let bytes: usize = statements.iter().map(|(_, sql)| sql.len()).sum();
    // A statement may end with a comment, so each has its line.
    let text =
        || std::iter::once(mark).chain(statements.iter().map(|(_, sql)| sql.as_ref())).collect::<Vec<_>>().join(";\n");
    (bytes <= SHORT).then(text)
}

/// The next entries; fewer than a part's at the end.
async fn part(lines: &mut Lines) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    while entries.len() < PART {
        let Some(line) = lines.next().await? else { break };
        entries.push(Entry::parse(&line)?);
    }
    Ok(entries)
}

/// Runs statements; of those that fail the first is the one to tell, the others fail because of it.
async fn run(session: &Session, statements: &[(&str, Cow<'_, str>)]) -> Result<()> {
    let calls = statements.iter().map(|(object, sql)| async move {
        session.connection.run(sql.as_ref()).await.map_err(|error| explained(error, object))
    });
    join_all(calls).await.into_iter().try_for_each(|result| result.map(drop))
}

/// The error with the object that it is about, and what to do where the server doesn't say.
pub fn explained(error: Error, object: &str) -> Error {
    let error = error.while_doing(format!("making {object}"));
    match error.engine_code.as_deref() {
        // Feature not supported or file missing: CREATE EXTENSION without the extension's files.
        Some("0A000" | "58P01") if object.starts_with("EXTENSION") && error.hint.is_none() => {
            error.with_hint("install the extension's package on the target server")
        }
        // Insufficient privilege. An owner needs CREATE on the schema of what it is given.
        Some("42501") if error.hint.is_none() => error.with_hint(
            "the restoring role, or the one that the object is given to, lacks a right here: restore with --no-owner, with \
             --owner OWNER=ROLE, or as a superuser",
        ),
        // Unique violation: the numbers of large objects are their names.
        Some("23505") if object.starts_with("LARGE OBJECT") => {
            error.with_hint("a large object of this number is there already; restore into another database")
        }
        _ => error,
    }
}
