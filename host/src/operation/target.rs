//! The writing side of a restore or a clone: units in the order that their plan demands, as many side by side as there
//! are workers.

use std::collections::HashSet;
use std::time::Duration;

use futures::StreamExt;
use futures::future::try_join_all;
use futures::stream::FuturesUnordered;
use tokio::sync::{Mutex, Notify};
use tokio::time::sleep;

use super::event::Event;
use super::feed::{Feed, Progress, agree, through_or_refused};
use super::graph::Graph;
use super::measure::Measured;
use super::report::{Written, lacks_rows};
use super::{Operation, Party, Totals};
use crate::error::{Error, Result};
use crate::plugin::{Capability, Finding, Note, RestoreOptions, RestoreSession, Source, Summary, Tally, Unit};

/// A unit that may succeed if it is written again is tried so often.
const ATTEMPTS: u32 = 3;

/// Where the streams come from: a backup, or a server.
pub(super) trait Feeder {
    /// Opens a unit's stream for a worker and feeds it until its end. Returns once the stream is over, well or not;
    /// the feed's receiver learns of it.
    async fn feed(
        &self,
        worker: usize,
        unit: &Unit,
        feeding: super::feed::Feeding,
        progress: &mut Progress,
    ) -> Result<()>;

    /// Makes a worker good for another try after a failure.
    async fn again(&self, worker: usize) -> Result<()>;
}

pub(super) struct Target<'a> {
    operation: &'a Operation,
    party: &'a Party,
    options: RestoreOptions,
    source: Source,
    leader: RestoreSession,
}

impl<'a> Target<'a> {
    /// Leads; changes nothing yet.
    pub(super) async fn open(
        operation: &'a Operation,
        party: &'a Party,
        options: RestoreOptions,
        source: Source,
    ) -> Result<Self> {
        party.plugin.require(Capability::Restore)?;
        if options.keep_going && options.if_exists != "fail" {
            return Err(Error::invalid_options(
                "what may be partial never takes the place of what is there, or is added to it",
            )
            .with_hint("restore with --keep-going into a database of its own"));
        }
        let sandbox = operation.sandbox(&party.plugin).await?;
        let leader = RestoreSession::open(sandbox, &party.endpoint, &options, None).await?;
        Ok(Self { operation, party, options, source, leader })
    }

    /// What would happen. A finding of the severity "blocker" says that it can't work.
    pub(super) async fn check(&self) -> Result<Vec<Finding>> {
        self.leader.check(&self.source).await
    }

    /// Fails if something stands against the restore, before anything is changed.
    pub(super) async fn must_work(&self, notes: &mut Vec<Note>) -> Result<()> {
        let found = self.check().await?;
        let blockers: Vec<String> = found
            .iter()
            .filter(|finding| finding.severity == "blocker")
            .map(|finding| finding.clone().into_note())
            .map(|note| if note.object.is_empty() { note.reason } else { format!("{}: {}", note.object, note.reason) })
            .collect();
        if !blockers.is_empty() {
            return Err(Error::conflict(format!("this can't be restored there: {}", blockers.join("; ")))
                .with_hint("nothing was changed; `--dry-run` shows everything that was found"));
        }
        let told = found.into_iter().filter(|finding| finding.severity != "ok").map(Finding::into_note).collect();
        self.operation.note(told, notes);
        Ok(())
    }

    /// Makes the target ready for as many workers as are wanted and make sense.
    pub(super) async fn prepare(&self, jobs: usize) -> Result<Ready> {
        Graph::new(self.source.units.clone())?;
        let prepared = self.leader.prepare(&self.source).await?;
        let name = &self.party.plugin.inspection().about.name;
        let units = wanted(&self.source.units, prepared.units)
            .map_err(|error| error.while_doing(format!("what the plugin {name} prepared")))?;
        let jobs = if prepared.token.is_some() { jobs.min(units.len()).max(1) } else { 1 };
        Ok(Ready { units, jobs, token: prepared.token })
    }

    /// Writes every unit that is wanted. Nothing of it is visible yet. What the source carried must be made or told to
    /// be left out.
    pub(super) async fn fill<F: Feeder>(
        &self,
        feeder: &F,
        ready: Ready,
        carried: &[Tally],
        notes: &mut Vec<Note>,
    ) -> Result<Filled> {
        let units = ready.units.clone();
        let graph = Graph::new(ready.units)?;
        let token = ready.token.as_deref();
        let workers = match token {
            Some(token) => try_join_all((0..ready.jobs).map(|_| self.join(token))).await?,
            None => vec![self.leader.clone()],
        };
        let work = Work {
            target: self,
            feeder,
            token,
            graph: Mutex::new(graph),
            changed: Notify::new(),
            done: Mutex::default(),
        };
        let mut running: FuturesUnordered<_> =
            workers.into_iter().enumerate().map(|(n, session)| work.worker(n, session)).collect();
        while let Some(result) = running.next().await {
            result?;
        }
        drop(running);
        let Done { totals, notes: told, written, missing_rows } = work.done.into_inner();
        notes.extend(told);
        let chosen = !self.options.only.is_empty() || !self.options.except.is_empty();
        let selected = chosen || units.len() < self.source.units.len();
        let plugin = &self.party.plugin.inspection().about.name;
        Ok(Filled { totals, tallies: written.report(carried, &units, selected, plugin)?, missing_rows })
    }

    /// Makes the result visible.
    pub(super) async fn finish(self, notes: &mut Vec<Note>) -> Result<()> {
        let finished = self.leader.finish().await?;
        self.may_have_failed(&finished)?;
        self.operation.note(finished, notes);
        // It is done; a session that doesn't close well changes nothing of that.
        if let Err(error) = self.leader.close().await {
            let reason = format!("its last session didn't close well: {error}");
            let note = Note { kind: "warning".to_owned(), object: self.party.name.clone(), reason };
            self.operation.note(vec![note], notes);
        }
        Ok(())
    }

    /// Fails if a plugin tells of failures, and nobody said that it may go on after one.
    fn may_have_failed(&self, notes: &[Note]) -> Result<()> {
        match notes.iter().find(|note| note.kind == "failed" && !self.options.keep_going) {
            Some(note) => {
                Err(Error::plugin(format!("{} failed, and the plugin went on: {}", note.object, note.reason)))
            }
            None => Ok(()),
        }
    }

    async fn join(&self, token: &str) -> Result<RestoreSession> {
        let sandbox = self.operation.sandbox(&self.party.plugin).await?;
        RestoreSession::open(sandbox, &self.party.endpoint, &self.options, Some(token)).await
    }
}

/// What went into a target.
pub(super) struct Filled {
    pub(super) totals: Totals,
    pub(super) tallies: Vec<Tally>,
    /// Rows that came and aren't there.
    pub(super) missing_rows: u64,
}

/// A target that is ready to be written to.
pub(super) struct Ready {
    /// The units that will be written.
    pub(super) units: Vec<Unit>,
    /// Sessions that write side by side.
    pub(super) jobs: usize,
    /// How workers join; none if the leader writes alone.
    token: Option<String>,
}

impl Ready {
    /// What will be written, in bytes, as far as it is known.
    pub(super) fn bytes(&self) -> u64 {
        self.units.iter().filter_map(|unit| unit.estimated_bytes).fold(0, u64::saturating_add)
    }
}

/// The units of those names, which then wait for each other only.
fn wanted(units: &[Unit], names: Option<Vec<String>>) -> Result<Vec<Unit>> {
    let Some(names) = names else { return Ok(units.to_vec()) };
    let names: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut chosen: Vec<Unit> = units.iter().filter(|unit| names.contains(unit.name.as_str())).cloned().collect();
    if chosen.len() != names.len() {
        return Err(Error::plugin("it wants units that there are none of"));
    }
    if chosen.is_empty() {
        return Err(Error::plugin("it wants nothing at all"));
    }
    for unit in &mut chosen {
        unit.after.retain(|name| names.contains(name.as_str()));
    }
    Ok(chosen)
}

/// What workers share.
struct Work<'a, F> {
    target: &'a Target<'a>,
    feeder: &'a F,
    token: Option<&'a str>,
    graph: Mutex<Graph>,
    changed: Notify,
    done: Mutex<Done>,
}

/// What was written so far.
#[derive(Default)]
struct Done {
    totals: Totals,
    notes: Vec<Note>,
    written: Written,
    /// Rows that came and that the server refused.
    missing_rows: u64,
}

impl<F: Feeder> Work<'_, F> {
    async fn worker(&self, n: usize, mut session: RestoreSession) -> Result<()> {
        while let Some((place, unit)) = self.next().await {
            let mut attempt = 0;
            while let Err(error) = self.write(n, &session, &unit, attempt).await {
                attempt += 1;
                let Some(token) = self.token.filter(|_| error.is_retryable() && attempt < ATTEMPTS) else {
                    return Err(error.while_doing(format!("unit {}", unit.name)));
                };
                let operation = self.target.operation;
                let reason = operation.clean(&error.to_string());
                operation.event(Event::UnitRetried { unit: unit.name.clone(), attempt, reason });
                sleep(Duration::from_millis(500) * 2_u32.pow(attempt)).await;
                session = self.target.join(token).await?;
                self.feeder.again(n).await?;
            }
            self.graph.lock().await.done(place);
            self.changed.notify_waiters();
        }
        // A leader that writes alone is closed when all is finished.
        if self.token.is_some() { session.close().await } else { Ok(()) }
    }

    /// The next unit that may be written; waits while others are on their way. None once all are done.
    async fn next(&self) -> Option<(usize, Unit)> {
        loop {
            // Listening begins before looking, so that nothing happens unheard in between.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut graph = self.graph.lock().await;
                if graph.is_done() {
                    return None;
                }
                if let Some(next) = graph.take() {
                    return Some(next);
                }
            }
            changed.await;
        }
    }

    async fn write(&self, n: usize, session: &RestoreSession, unit: &Unit, attempt: u32) -> Result<()> {
        let plugin = &self.target.party.plugin.inspection().about.name;
        let (feeding, feed) = Feed::reading_on(self.target.options.keep_going);
        let mut progress = Progress::begin(&self.target.operation.context.sink, unit);
        let fed = self.feeder.feed(n, unit, feeding, &mut progress);
        let written = session.write(unit, attempt, feed.data, feed.complete);
        let refused = |summary: &Summary| self.target.options.keep_going && lacks_rows(summary);
        let (summary, measured) = through_or_refused(fed, written, feed.taken, plugin, refused).await?;
        let missing = self.missing(&summary, &measured, plugin)?;
        let mut done = self.done.lock().await;
        done.totals.units += 1;
        done.totals.bytes += measured.bytes;
        done.totals.rows += measured.rows.unwrap_or(0).saturating_sub(missing);
        done.missing_rows += missing;
        done.written.add(unit, &summary);
        let lacks = (missing > 0).then(|| format!("; {missing} rows are missing"));
        let mut notes = summary.notes;
        for note in notes.iter_mut().filter(|note| note.kind == "failed") {
            note.reason.extend(lacks.as_deref());
        }
        self.target.operation.note(notes, &mut done.notes);
        progress.done(&Measured { rows: measured.rows.map(|rows| rows.saturating_sub(missing)), ..measured });
        Ok(())
    }

    /// How many rows of a unit aren't there, of those that came.
    fn missing(&self, summary: &Summary, measured: &Measured, plugin: &str) -> Result<u64> {
        self.target.may_have_failed(&summary.notes)?;
        let failed = summary.failed.iter().any(|(_, number)| *number > 0);
        if failed && !self.target.options.keep_going {
            return Err(Error::plugin(format!("the plugin {plugin} went on after a failure, and wasn't asked to")));
        }
        if failed && !summary.notes.iter().any(|note| note.kind == "failed") {
            return Err(Error::plugin(format!("the plugin {plugin} counts what failed, and doesn't tell what")));
        }
        let who = format!("the plugin {plugin} says that the server took");
        match (measured.rows, summary.rows) {
            (Some(came), Some(taken)) if taken < came && lacks_rows(summary) => Ok(came - taken),
            _ => agree(measured, summary.rows, &who).map(|()| 0),
        }
    }
}
