//! Export: the engine's own files, made of a backup, for the engine's own tools. No server is needed, and no file is
//! made of a unit that isn't byte for byte what was backed up.

mod folder;
mod names;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use futures::{StreamExt, TryStreamExt};

use super::event::Event;
use super::feed::{Feed, Progress, agree, through};
use super::measure::Measured;
use super::restore::{FromBackup, source, unit};
use super::target::Feeder;
use super::{Environment, Operation, Outcome, Totals};
use crate::error::{Error, Result};
use crate::plugin::{Capability, FilesOptions, LaidOut, Layout, Options, Part, Plugin, Sandbox};
use crate::repository::{Manifest, Repository, UnitRecord};
use folder::{Folder, Writer};

/// What is exported, and where to.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder to make. Nothing may be there.
    pub folder: PathBuf,
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// Files that are written side by side, from 1.
    pub jobs: usize,
    /// Named values that the engine knows.
    pub settings: Options,
}

/// Exports a backup; gives the outcome, and the folder's whole path.
///
/// # Errors
/// If anything of it can't be exported; then there is no folder.
pub async fn run(
    plugin: &Plugin,
    repository: &Repository,
    manifest: &Manifest,
    request: &Request,
    environment: Environment,
) -> Result<(Outcome, PathBuf)> {
    let operation = Operation::begin("export", &manifest.instance, environment)?;
    let made = make(&operation, plugin, repository, manifest, request).await;
    let path = made.as_ref().map(|(_, path)| path.clone()).unwrap_or_default();
    let outcome = operation.end(&[], made.map(|(outcome, _)| outcome)).await?;
    Ok((outcome, path))
}

async fn make(
    operation: &Operation,
    plugin: &Plugin,
    repository: &Repository,
    manifest: &Manifest,
    request: &Request,
) -> Result<(Outcome, PathBuf)> {
    plugin.require(Capability::ToFiles)?;
    let engine = &plugin.inspection().about.name;
    if *engine != manifest.engine {
        let message = format!("{} is a backup of {}, and the plugin is of {engine}", manifest.id, manifest.engine);
        return Err(Error::invalid_options(message));
    }
    let feeder = FromBackup::new(repository, manifest)?;
    let folder = Folder::create(&request.folder, operation.id())?;
    let filled = tokio::select! {
        filled = fill(operation, plugin, &feeder, manifest, request, &folder) => filled,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    match filled.and_then(|outcome| folder.publish().map(|()| outcome)) {
        Ok(outcome) => Ok((outcome, folder.target().to_owned())),
        Err(error) => Err(match folder.remove() {
            Ok(()) => error,
            Err(left) => error.with_hint(format!("{left}; it isn't whole, so take it away yourself")),
        }),
    }
}

async fn fill(
    operation: &Operation,
    plugin: &Plugin,
    feeder: &FromBackup<'_>,
    manifest: &Manifest,
    request: &Request,
    folder: &Folder,
) -> Result<Outcome> {
    let sandbox = operation.sandbox(plugin).await?;
    let (only, except) = (request.only.clone(), request.except.clone());
    let selected = !only.is_empty() || !except.is_empty();
    let options = FilesOptions { only, except, extra: request.settings.clone() };
    let layout = sandbox.lay_out(&source(manifest), options).await?;
    let records = manifest.units.iter().map(|record| (record.name.as_str(), record)).collect();
    let sizes = sensible(&layout, &records, selected)
        .map_err(|e| e.while_doing(format!("the layout of the plugin {}", sandbox.name())))?;
    let mut notes = Vec::new();
    operation.note(layout.notes, &mut notes);
    operation.event(Event::Planned {
        units: sizes.len(),
        estimated_bytes: sizes.iter().sum(),
        consistency: operation.clean(&manifest.consistency),
        jobs: request.jobs,
    });
    let work = Work { operation, sandbox: &sandbox, feeder, records, folder };
    let totals = futures::stream::iter(&layout.files)
        .map(|file| work.file(file))
        .buffer_unordered(request.jobs.max(1))
        .try_fold(Totals::default(), async |all, of_file| Ok(all + of_file))
        .await?;
    Ok(Outcome { backup: Some(manifest.id.to_string()), totals, notes, ..Outcome::default() })
}

/// Says before anything is written what can't be right, and how large the units are that will be read, in bytes.
fn sensible(layout: &Layout, records: &HashMap<&str, &UnitRecord>, selected: bool) -> Result<Vec<u64>> {
    if layout.files.is_empty() {
        return Err(Error::plugin("it has no files"));
    }
    names::check(layout.files.iter().map(|file| file.path.as_str()))?;
    let (mut sizes, mut used) = (Vec::new(), BTreeSet::new());
    for (file, part) in layout.files.iter().flat_map(|file| file.parts.iter().map(move |part| (file, part))) {
        let Part::Unit(name) = part else { continue };
        let Some(record) = records.get(name.as_str()) else {
            return Err(Error::plugin(format!("{:?} is made of a unit {name:?}, which the backup hasn't", file.path)));
        };
        used.insert(name.as_str());
        sizes.push(record.bytes);
    }
    let told = |name: &str| layout.notes.iter().any(|note| note.kind == "left-out" && note.object == name);
    let mut missing = records.keys().filter(|name| !used.contains(*name) && !told(name));
    match missing.next() {
        Some(name) if !selected => Err(Error::plugin(format!("the unit {name:?} is in none of its files"))),
        _ => Ok(sizes),
    }
}

/// What is shared by the files.
struct Work<'a> {
    operation: &'a Operation,
    sandbox: &'a Sandbox,
    feeder: &'a FromBackup<'a>,
    records: HashMap<&'a str, &'a UnitRecord>,
    folder: &'a Folder,
}

impl Work<'_> {
    async fn file(&self, laid_out: &LaidOut) -> Result<Totals> {
        let mut file = self.folder.file(&laid_out.path)?;
        let mut totals = Totals::default();
        for part in &laid_out.parts {
            match part {
                Part::Bytes(bytes) => file.write(bytes).await?,
                Part::Unit(name) => {
                    let record = self.records.get(name.as_str());
                    let record = record.ok_or_else(|| Error::internal(format!("the unit {name} is gone")))?;
                    let measured = self.unit(&mut file, &laid_out.path, record).await;
                    let measured = measured.map_err(|e| e.while_doing(format!("unit {name}")))?;
                    totals = totals + Totals::of(&measured);
                }
            }
        }
        file.finish().await?;
        Ok(totals)
    }

    /// Appends a unit to a file, as the plugin converts it.
    async fn unit(&self, file: &mut Writer, path: &str, record: &UnitRecord) -> Result<Measured> {
        let unit = unit(record);
        let (feeding, Feed { data, complete, taken }) = Feed::new();
        let mut progress = Progress::begin(&self.operation.context.sink, &unit);
        let fed = self.feeder.feed(0, &unit, feeding, &mut progress);
        let written = async {
            let mut converted = self.sandbox.to_file(path, &unit, data, complete).await?;
            while let Some(piece) = converted.data.next().await {
                file.write(&piece).await?;
            }
            converted.summary().await
        };
        let plugin = self.sandbox.name();
        let (summary, measured) = through(fed, written, taken, plugin).await?;
        if summary.rows.is_some() {
            agree(&measured, summary.rows, &format!("the plugin {plugin} says that it wrote"))?;
        }
        progress.done(&measured);
        Ok(measured)
    }
}
