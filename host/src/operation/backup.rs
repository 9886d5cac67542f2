//! Backup: a plan's units, read side by side into the repository, and the manifest last.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::try_join;

use super::batch::{AHEAD, Apart, Batch, deal};
use super::event::Event;
use super::feed::{Pieces, Progress, drain};
use super::record::{Done, record};
use super::source::{Patience, Source};
use super::{Environment, Operation, Outcome, Party};
use crate::error::{Error, Result};
use crate::plugin::{BackupOptions, Note, Options, Tally, Unit};
use crate::repository::{
    BackupWriter, Boundaries, EndedStream, Manifest, NoteRecord, PluginRecord, Repository, StreamWriter, TallyRecord,
    UnitRecord,
};

/// What a backup is to hold, and how it is made.
#[derive(Clone, Debug)]
pub struct Request {
    /// The database, if not the endpoint's own.
    pub database: Option<String>,
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// What the source bears.
    pub patience: Patience,
    /// Sessions that read side by side, from 1.
    pub jobs: usize,
    /// The operator's words for it.
    pub tags: Vec<String>,
    /// Named values that the engine knows.
    pub settings: Options,
}

/// A unit that may succeed if it is read again is tried so often.
const ATTEMPTS: u32 = 3;

/// Makes a backup.
///
/// # Errors
/// If anything at all is missing of it; then there is no backup.
pub async fn run(
    party: &Party,
    repository: &Repository,
    request: &Request,
    environment: Environment,
) -> Result<Outcome> {
    let operation = Operation::begin("backup", &party.name, environment)?;
    let result = make(&operation, party, repository, request).await;
    operation.end(&[party], result).await
}

async fn make(operation: &Operation, party: &Party, repository: &Repository, request: &Request) -> Result<Outcome> {
    let started = Timestamp::now();
    // What is in the repository is listed while the server is asked what there is. A lease is always given back, so its
    // writer is waited for whatever becomes of the rest.
    let (writer, source) = tokio::join!(repository.writer(operation.id()), open(operation, party, request));
    let writer = writer?.cancelled_by(operation.context.cancel.clone());
    let made = match source {
        Err(error) => Err(error),
        Ok(source) => {
            let plugin = party.plugin.inspection().digest.as_str();
            let kept = writer.add_plugin(plugin, party.plugin.bytes().clone());
            let made = async { try_join!(read_all(operation, source, request, &writer), kept) };
            tokio::select! {
                made = made => made.map(|(made, ())| made),
                cancelled = operation.cancelled() => Err(cancelled),
            }
        }
    };
    let (done, mut manifest) = match made {
        Ok(made) => made,
        Err(error) => {
            return Err(abandoned(writer, error).await);
        }
    };
    let totals = done.totals;
    manifest.started = started;
    manifest.finished = Timestamp::now();
    (manifest.units, manifest.streams) = done.records();
    let notes = manifest.notes.iter().map(|n| Note {
        kind: n.kind.clone(),
        object: n.object.clone(),
        reason: n.reason.clone(),
    });
    let notes = notes.collect();
    let tallies = manifest.tallies.iter().cloned().map(Tally::from).collect();
    let (stored_bytes, spent) = (Some(writer.stored_bytes()), Some(writer.spent()));
    let id = writer.commit(manifest).await?;
    Ok(Outcome { backup: Some(id.to_string()), totals, stored_bytes, spent, tallies, notes, ..Outcome::default() })
}

/// Gives the lease back. What was stored stays as garbage that the next prune takes; if even that can't be written, the
/// lease runs out by itself, so the first error is the one to tell.
async fn abandoned(writer: BackupWriter, error: Error) -> Error {
    let _ = writer.abandon().await;
    error
}

/// Opens the sessions that read.
async fn open<'a>(operation: &'a Operation, party: &'a Party, request: &Request) -> Result<Source<'a>> {
    let options = BackupOptions {
        operation: operation.id().to_owned(),
        database: request.database.clone(),
        only: request.only.clone(),
        except: request.except.clone(),
        max_blocking: request.patience.blocking,
        extra: party.with_settings(&request.settings),
    };
    tokio::select! {
        opened = Source::open(operation, party, options, request.patience, request.jobs) => opened,
        cancelled = operation.cancelled() => Err(cancelled),
    }
}

/// Reads every unit. The manifest that comes back holds all but the units and the times.
async fn read_all(
    operation: &Operation,
    source: Source<'_>,
    request: &Request,
    writer: &BackupWriter,
) -> Result<(Done, Manifest)> {
    let party = source.party;
    let plan = source.plan.clone();
    let source_tallies = source.report(operation)?;
    let mut notes = Vec::new();
    operation.note(plan.notes.clone(), &mut notes);
    operation.event(Event::Planned {
        units: plan.units.len(),
        estimated_bytes: plan.estimated_bytes(),
        consistency: operation.clean(&plan.consistency),
        jobs: source.jobs(),
    });
    let (last, first): (Vec<Unit>, Vec<Unit>) = plan.units.iter().cloned().partition(|unit| unit.leader);
    let work = Work {
        operation,
        source: &source,
        writer,
        queue: Mutex::new(deal(first).into()),
        done: Mutex::new(Done::of(&plan.units)),
    };
    let ended = tokio::select! {
        result = work.all(last) => result?,
        lost = source.watch() => return Err(lost),
    };
    let done = work.done;
    // What is still to be stored needs no session any more.
    let (closed, stored) = tokio::join!(source.close(), all_stored(&done, ended));
    stored?;
    let (closed, done) = (closed?, done.into_inner());
    if done.totals.units != plan.units.len() {
        let message = format!("{} of {} units were read", done.totals.units, plan.units.len());
        return Err(Error::internal(message));
    }
    notes.extend(done.notes.iter().cloned());
    operation.note(closed, &mut notes);
    let about = &party.plugin.inspection().about;
    let manifest = Manifest {
        // The writer sets these three when it commits.
        version: 0,
        id: writer.id().clone(),
        writer: String::new(),
        operation: operation.id().to_owned(),
        started: Timestamp::now(),
        finished: Timestamp::now(),
        instance: party.name.clone(),
        database: request.database.clone(),
        engine: about.name.clone(),
        plugin: PluginRecord {
            name: about.name.clone(),
            version: about.version.clone(),
            digest: party.plugin.inspection().digest.clone(),
        },
        server_version: plan.server_version,
        consistency: plan.consistency,
        taken_at: plan.taken_at,
        position: plan.position,
        tags: request.tags.clone(),
        options: chosen(request),
        extra: plan.extra,
        notes: notes.into_iter().map(|n| NoteRecord { kind: n.kind, object: n.object, reason: n.reason }).collect(),
        tallies: source_tallies.into_iter().map(TallyRecord::from).collect(),
        units: Vec::new(),
        streams: Vec::new(),
    };
    Ok((done, manifest))
}

/// Counts a batch, once all of its stream is stored.
async fn stored(done: &Mutex<Done>, ended: Ended) -> Result<()> {
    let stream = ended.stream.stored().await?;
    done.lock().await.add(stream, ended.records, ended.notes);
    Ok(())
}

async fn all_stored(done: &Mutex<Done>, batches: Vec<Ended>) -> Result<()> {
    for ended in batches {
        stored(done, ended).await?;
    }
    Ok(())
}

/// What the operator chose, for the manifest.
fn chosen(request: &Request) -> BTreeMap<String, String> {
    let mut options: BTreeMap<String, String> = request.settings.iter().cloned().collect();
    for (name, values) in [("only", &request.only), ("except", &request.except)] {
        if !values.is_empty() {
            options.insert(name.to_owned(), values.join(" "));
        }
    }
    options
}

/// What workers share.
struct Work<'a> {
    operation: &'a Operation,
    source: &'a Source<'a>,
    writer: &'a BackupWriter,
    queue: Mutex<VecDeque<Batch>>,
    done: Mutex<Done>,
}

impl Work<'_> {
    /// Every worker until the queue is empty, then what only the leader can read. Gives what was read and may not be stored
    /// yet.
    async fn all(&self, last: Vec<Unit>) -> Result<Vec<Ended>> {
        let mut workers: FuturesUnordered<_> = (0..self.source.jobs()).map(|n| self.worker(n)).collect();
        let mut read = Vec::new();
        while let Some(ended) = workers.next().await {
            read.extend(ended?);
        }
        for batch in deal(last) {
            let Read { ended, failed } = self.read(0, batch).await?;
            if let Some((unit, error)) = failed.into_iter().next() {
                return Err(error.while_doing(format!("unit {}", unit.name)));
            }
            read.push(ended);
        }
        Ok(read)
    }

    /// Reads until the queue is empty. Gives the last batch, which may not be stored yet.
    async fn worker(&self, n: usize) -> Result<Option<Ended>> {
        let mut before = None;
        loop {
            // Taken in a statement of its own: the queue isn't held while the batch is read.
            let next = self.queue.lock().await.pop_front();
            let Some(batch) = next else { break };
            let attempt = batch.attempt + 1;
            let Read { ended, failed } = self.read(n, batch).await?;
            // One batch's end is stored while the next one is read.
            if let Some(ended) = before.replace(ended) {
                stored(&self.done, ended).await?;
            }
            if failed.is_empty() {
                continue;
            }
            let mut again = Vec::new();
            for (unit, error) in failed {
                if !error.is_retryable() || attempt >= ATTEMPTS {
                    return Err(error.while_doing(format!("unit {}", unit.name)));
                }
                let reason = self.operation.clean(&error.to_string());
                self.operation.event(Event::UnitRetried { unit: unit.name.clone(), attempt, reason });
                again.push(Batch { units: vec![unit], attempt });
            }
            tokio::time::sleep(Duration::from_millis(500) * 2_u32.pow(attempt)).await;
            self.source.rejoin(n).await?;
            self.queue.lock().await.extend(again);
        }
        Ok(before)
    }

    /// Reads a batch into one stream. An error is the repository's: final.
    async fn read(&self, worker: usize, batch: Batch) -> Result<Read> {
        let ahead = if batch.units.len() > 1 { AHEAD } else { 1 };
        let mut stream = self.writer.stream()?;
        let (mut records, mut failed, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let mut readings = futures::stream::iter(batch.units)
            .map(|unit| async { (self.source.read(worker, &unit).await, unit) })
            .buffered(ahead);
        let mut apart = Apart::default();
        while let Some((reading, unit)) = readings.next().await {
            if apart.begins(&unit) {
                stream.cut().await?;
            }
            let offset = stream.position();
            let progress = Progress::begin(&self.operation.context.sink, &unit);
            let drained = match reading {
                Err(error) => Err(error),
                Ok(reading) => {
                    let storing = Stored { into: stream, failed: None };
                    let (Stored { into, failed }, drained) =
                        drain(self.operation, &unit, reading, &progress, storing).await?;
                    stream = into;
                    // No retry of the unit mends the repository.
                    if let Some(error) = failed {
                        return Err(error);
                    }
                    drained
                }
            };
            match drained {
                Err(error) => failed.push((unit, error)),
                Ok(drained) => {
                    self.operation.note(drained.notes, &mut notes);
                    records.push(record(unit, &drained.measured, drained.claimed, offset));
                    progress.done(&drained.measured);
                }
            }
        }
        Ok(Read { ended: Ended { stream: stream.end().await, records, notes }, failed })
    }
}

/// Stores a unit's pieces. What the repository fails with is kept apart from what the unit fails with.
struct Stored {
    into: StreamWriter,
    failed: Option<Error>,
}

impl Pieces for Stored {
    async fn take(&mut self, piece: Bytes, ends: &[usize]) -> Result<()> {
        self.into.write(piece, ends).await.map_err(|error| {
            self.failed = Some(error);
            Error::storage("the repository failed")
        })
    }

    fn boundaries(&self) -> Option<Boundaries> {
        Some(self.into.boundaries())
    }
}

/// A batch that was read.
struct Read {
    ended: Ended,
    failed: Vec<(Unit, Error)>,
}

/// A batch whose stream has ended, and may not be stored as a whole yet.
struct Ended {
    stream: EndedStream,
    records: Vec<UnitRecord>,
    notes: Vec<Note>,
}
