//! Import: a backup, made of a folder of the engine's own files. What is stored is measured as at a backup, so that what
//! comes back later is held against what was read here.

mod folder;
mod plan;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::batch::{Apart, Batch, deal};
use super::event::Event;
use super::feed::{Feed, Feeding, Progress, agree, through};
use super::measure::{Framing, Measure, Measured};
use super::record::{Done, record};
use super::{Environment, Operation, Outcome};
use crate::error::{Error, Result};
use crate::plugin::{Capability, Found, Note, Options, Plugin, Recognised, Sandbox, Unit};
use crate::repository::{BackupWriter, Manifest, NoteRecord, PluginRecord, Repository, StreamWriter};
use folder::Folder;
use plan::Files;

/// What is imported, and under which name.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder.
    pub folder: PathBuf,
    /// The instance that the backup is listed under.
    pub instance: String,
    /// Units that are made side by side, from 1.
    pub jobs: usize,
    /// The operator's words for it.
    pub tags: Vec<String>,
    /// Named values that the engine knows.
    pub settings: Options,
}

/// A file that describes others is at most so large, and all of them together, in bytes.
const DESCRIBING: u64 = 16 << 20;
const ALL_DESCRIBING: u64 = 64 << 20;

/// Makes a backup of a folder.
///
/// # Errors
/// If anything of the folder can't be taken; then there is no backup.
pub async fn run(
    plugin: &Plugin,
    repository: &Repository,
    request: &Request,
    environment: Environment,
) -> Result<Outcome> {
    let operation = Operation::begin("import", &request.instance, environment)?;
    let result = make(&operation, plugin, repository, request).await;
    operation.end(&[], result).await
}

async fn make(operation: &Operation, plugin: &Plugin, repository: &Repository, request: &Request) -> Result<Outcome> {
    plugin.require(Capability::FromFiles)?;
    let started = Timestamp::now();
    let writer = repository.writer(operation.id()).await?.cancelled_by(operation.context.cancel.clone());
    let stored = async {
        let (done, manifest) = store(operation, plugin, request, &writer).await?;
        writer.add_plugin(&plugin.inspection().digest, plugin.bytes().clone()).await?;
        Ok((done, manifest))
    };
    // Not around the whole: a lease that isn't given back keeps the next prune waiting.
    let stored = tokio::select! {
        stored = stored => stored,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    let (done, mut manifest) = match stored {
        Ok(stored) => stored,
        Err(error) => {
            // The first failure is the one to tell; a lease that stays behind runs out by itself.
            let _ = writer.abandon().await;
            return Err(error);
        }
    };
    let (totals, stored_bytes, spent) = (done.totals, Some(writer.stored_bytes()), Some(writer.spent()));
    manifest.started = started;
    manifest.finished = Timestamp::now();
    (manifest.units, manifest.streams) = done.records();
    let note = |n: &NoteRecord| Note { kind: n.kind.clone(), object: n.object.clone(), reason: n.reason.clone() };
    let notes = manifest.notes.iter().map(note).collect();
    let id = writer.commit(manifest).await?;
    Ok(Outcome { backup: Some(id.to_string()), totals, stored_bytes, spent, notes, ..Outcome::default() })
}

/// Stores every unit. The manifest that comes back holds all but the units and the times.
async fn store(
    operation: &Operation,
    plugin: &Plugin,
    request: &Request,
    writer: &BackupWriter,
) -> Result<(Done, Manifest)> {
    let root = request.folder.clone();
    let opened = tokio::task::spawn_blocking(move || Folder::open(&root)).await;
    let (folder, found) = opened.map_err(|e| Error::internal("the folder's reader broke off").with_cause(e))??;
    let files: Files<'_> = found.iter().map(|file| (file.path.as_str(), file)).collect();
    let sandbox = operation.sandbox(plugin).await?;
    let described = described(&sandbox, &folder, &found, &files).await?;
    let seen: BTreeSet<String> = described.iter().map(|(path, _)| path.clone()).collect();
    let plan = sandbox.recognise(&found, described, request.settings.clone()).await?;
    plan::check(&plan, &files, &seen)
        .map_err(|e| e.while_doing(format!("what the plugin {} makes of the folder", sandbox.name())))?;
    let mut notes = Vec::new();
    operation.note(plan.notes.clone(), &mut notes);
    let units: Vec<Unit> = plan.units.iter().map(|made| sized(&made.unit, &made.files, &files)).collect();
    operation.event(Event::Planned {
        units: units.len(),
        estimated_bytes: units.iter().filter_map(|unit| unit.estimated_bytes).sum(),
        consistency: operation.clean(&plan.consistency),
        jobs: request.jobs,
    });
    let work = Work {
        operation,
        sandbox: &sandbox,
        folder: &folder,
        files: &files,
        made: plan.units.iter().map(|made| (made.unit.name.as_str(), made.files.as_slice())).collect(),
        writer,
        done: Mutex::new(Done::of(&units)),
    };
    futures::stream::iter(deal(units))
        .map(|batch| work.batch(batch))
        .buffer_unordered(request.jobs.max(1))
        .try_collect::<()>()
        .await?;
    let done = work.done.into_inner();
    notes.extend(done.notes.iter().cloned());
    Ok((done, manifest(operation, plugin, request, writer, plan, notes)))
}

/// The files that the plugin has to see, whole.
async fn described(
    sandbox: &Sandbox,
    folder: &Folder,
    found: &[Found],
    files: &Files<'_>,
) -> Result<Vec<(String, Bytes)>> {
    let mut left = ALL_DESCRIBING;
    let mut described = Vec::new();
    for path in sandbox.describing(found).await? {
        let Some(file) = files.get(path.as_str()) else {
            let message = format!("the plugin {} wants to see {path:?}, which isn't in the folder", sandbox.name());
            return Err(Error::plugin(message));
        };
        left = left.checked_sub(file.bytes).filter(|_| file.bytes <= DESCRIBING).ok_or_else(|| {
            Error::unsupported(format!("{path} has {} bytes, too many for what describes others", file.bytes))
                .with_hint(format!(
                    "such a file may have {} MiB, and all of them together {} MiB",
                    DESCRIBING >> 20,
                    ALL_DESCRIBING >> 20
                ))
        })?;
        let mut reader = folder.file(file)?;
        let mut content = Vec::new();
        while let Some(piece) = reader.next().await? {
            content.extend_from_slice(&piece);
        }
        described.push((path, content.into()));
    }
    Ok(described)
}

/// The unit with its size, as far as the files tell.
fn sized(unit: &Unit, of: &[String], files: &Files<'_>) -> Unit {
    let bytes = of.iter().filter_map(|path| files.get(path.as_str())).map(|file| file.bytes).sum();
    Unit { estimated_bytes: Some(bytes), ..unit.clone() }
}

fn manifest(
    operation: &Operation,
    plugin: &Plugin,
    request: &Request,
    writer: &BackupWriter,
    plan: Recognised,
    notes: Vec<Note>,
) -> Manifest {
    let inspection = plugin.inspection();
    let about = &inspection.about;
    let mut options: BTreeMap<String, String> = request.settings.iter().cloned().collect();
    options.insert("imported-from".to_owned(), request.folder.display().to_string());
    Manifest {
        // The writer sets these three when it commits.
        version: 0,
        id: writer.id().clone(),
        writer: String::new(),
        operation: operation.id().to_owned(),
        started: Timestamp::now(),
        finished: Timestamp::now(),
        instance: request.instance.clone(),
        database: plan.database,
        engine: about.name.clone(),
        plugin: PluginRecord {
            name: about.name.clone(),
            version: about.version.clone(),
            digest: inspection.digest.clone(),
        },
        server_version: plan.server_version,
        consistency: plan.consistency,
        taken_at: plan.taken_at,
        position: plan.position,
        tags: request.tags.clone(),
        options,
        extra: plan.extra,
        // Files aren't a catalogue that could be counted apart.
        tallies: Vec::new(),
        notes: notes.into_iter().map(|n| NoteRecord { kind: n.kind, object: n.object, reason: n.reason }).collect(),
        units: Vec::new(),
        streams: Vec::new(),
    }
}

/// What is shared by the units.
struct Work<'a> {
    operation: &'a Operation,
    sandbox: &'a Sandbox,
    folder: &'a Folder,
    files: &'a Files<'a>,
    made: HashMap<&'a str, &'a [String]>,
    writer: &'a BackupWriter,
    done: Mutex<Done>,
}

impl Work<'_> {
    /// Stores units end to end in one stream.
    async fn batch(&self, batch: Batch) -> Result<()> {
        let mut stream = self.writer.stream()?;
        let (mut records, mut notes, mut apart) = (Vec::new(), Vec::new(), Apart::default());
        for unit in batch.units {
            if apart.begins(&unit) {
                stream.cut().await?;
            }
            let offset = stream.position();
            let mut progress = Progress::begin(&self.operation.context.sink, &unit);
            let stored = self.unit(&unit, &mut stream, &mut progress, &mut notes).await;
            let (measured, claimed) = stored.map_err(|e| e.while_doing(format!("unit {}", unit.name)))?;
            progress.done(&measured);
            records.push(record(unit, &measured, claimed, offset));
        }
        self.done.lock().await.add(stream.finish().await?, records, notes);
        Ok(())
    }

    /// Stores a unit; gives what was seen of it, and the rows that the plugin claims, if it claims any.
    async fn unit(
        &self,
        unit: &Unit,
        stream: &mut StreamWriter,
        progress: &mut Progress,
        notes: &mut Vec<Note>,
    ) -> Result<(Measured, Option<u64>)> {
        let mut measure = Measure::new(Framing::parse(&unit.framing)?).choosing(Some(stream.boundaries()));
        let mut claimed = Some(0);
        for path in self.made.get(unit.name.as_str()).copied().unwrap_or_default() {
            let file = self.files.get(path.as_str());
            let file = file.ok_or_else(|| Error::internal(format!("the file {path} is gone")))?;
            let (feeding, Feed { data, complete, taken }) = Feed::new();
            let stored = async {
                let mut converted = self.sandbox.of_file(unit, path, data, complete).await?;
                while let Some(piece) = converted.data.next().await {
                    measure.update(&piece)?;
                    progress.at(measure.bytes());
                    stream.write(piece, measure.ends()).await?;
                }
                converted.summary().await
            };
            let (summary, _) = through(self.feed(file, feeding), stored, taken, self.sandbox.name()).await?;
            self.operation.note(summary.notes, notes);
            claimed = claimed.zip(summary.rows).map(|(all, of_file)| all + of_file);
        }
        let measured = measure.finish()?;
        if claimed.is_some() {
            agree(&measured, claimed, &format!("the plugin {} says that the files hold", self.sandbox.name()))?;
        }
        Ok((measured, claimed))
    }

    async fn feed(&self, file: &Found, feeding: Feeding) -> Result<()> {
        let read = async {
            let mut reader = self.folder.file(file)?;
            while let Some(piece) = reader.next().await? {
                feeding.hand_on(piece).await?;
            }
            Ok(())
        };
        match read.await {
            Ok(()) => {
                feeding.end(Ok(Measured { bytes: file.bytes, rows: None, digest: None }));
                Ok(())
            }
            Err(error) => {
                feeding.end(Err(Error::cancelled("the file couldn't be read")));
                Err(error)
            }
        }
    }
}
