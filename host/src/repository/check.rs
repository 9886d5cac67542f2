//! Checking a repository: what backups name is there, in full, and if asked for, is what it was.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Result;
use crate::repository::chunk::{ChunkId, Opener};
use crate::repository::fetch;
use crate::repository::layout::{self, ChunkObject};
use crate::repository::manifest::{ChunkRef, Manifest};
use crate::repository::open::Repository;
use crate::repository::store::Store;

/// Chunks that are read at once.
const AT_ONCE: usize = 4;

/// What to check.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckOptions {
    /// Open every chunk and hash it again. Needs a key that reads data.
    pub read_data: bool,
    /// Move damaged chunk objects to `quarantine/`, so that no later backup leans on them.
    pub quarantine: bool,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckProgress {
    /// Chunks that were read.
    pub chunks: u64,
    /// Chunks that there are to read.
    pub total: u64,
    /// Bytes that were read, as stored.
    pub bytes: u64,
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Backups that were looked at.
    pub backups: u64,
    /// Different chunks that they name.
    pub chunks: u64,
    /// Bytes that these have, as stored.
    pub bytes: u64,
    /// What is wrong. Empty if all is well.
    pub problems: Vec<Problem>,
    /// Objects that were put aside.
    pub quarantined: Vec<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The backup that can't be restored in full.
    pub backup: String,
    /// The unit of it; none if it is the manifest or the plugin.
    pub unit: Option<String>,
    /// The object.
    pub object: String,
    /// What is wrong about it.
    pub what: String,
}

/// Every chunk object in the store, and what is wrong about those that aren't sound.
struct Survey {
    copies: HashMap<ChunkId, Vec<ChunkObject>>,
    bad: HashMap<ChunkObject, String>,
    /// Of those, what couldn't be read at all, which proves nothing about it: a disk or a network that stumbled.
    unread: HashSet<ChunkObject>,
}

impl Repository {
    /// Checks every backup. `progress` is called while data is read.
    ///
    /// # Errors
    /// "permission-denied" if data is to be read with a writer key, "storage" if a listing fails. What is wrong with
    /// backups is in the report.
    pub async fn check(&self, options: CheckOptions, mut progress: impl FnMut(CheckProgress) + Send) -> Result<Report> {
        let store = &self.inner.store;
        let opener = options.read_data.then(|| self.opener()).transpose()?;
        // Manifests before chunks: what a manifest names was there before it.
        let names = self.backup_names().await?;
        let mut report = Report::default();
        let wanted = self.wanted(&names, &mut report).await?;
        let mut survey = survey(store).await?;
        report.chunks = wanted.len() as u64;
        report.bytes = wanted.values().map(|c| u64::from(c.stored)).sum();
        if let Some(opener) = opener {
            read(store, &opener, &wanted, &mut survey, &mut progress).await;
        }
        let broken: HashMap<ChunkId, String> =
            wanted.values().filter_map(|chunk| Some((chunk.id, survey.what_is_wrong(chunk)?))).collect();
        if !broken.is_empty() {
            self.blame(&names, &broken, &mut report).await?;
        }
        if options.quarantine {
            for object in survey.bad.keys().filter(|object| !survey.unread.contains(object)) {
                store.rename(&object.name(), &layout::object(layout::QUARANTINE, object.file_name())).await?;
                report.quarantined.push(object.file_name());
            }
        }
        Ok(report)
    }

    /// Every chunk that backups name. Backups that can't be read, and plugins that aren't there, are problems.
    async fn wanted(&self, names: &[String], report: &mut Report) -> Result<HashMap<ChunkObject, ChunkRef>> {
        let writers = self.writers().await?;
        let (mut wanted, mut plugins) = (HashMap::new(), HashMap::new());
        for name in names {
            match self.read_manifest(name, &writers).await {
                Ok(manifest) => {
                    report.backups += 1;
                    wanted.extend(manifest.streams.iter().flat_map(|s| &s.chunks).map(|c| (c.object(), *c)));
                    plugins.entry(manifest.plugin.digest).or_insert_with(|| name.clone());
                }
                Err(e) if e.is_not_found() => {}
                Err(e) => {
                    report.backups += 1;
                    report.problems.push(problem(name, layout::object(layout::BACKUPS, name), &e));
                }
            }
        }
        for (digest, backup) in plugins.into_iter().filter(|(digest, _)| !digest.is_empty()) {
            if let Err(e) = self.plugin(&digest).await {
                report.problems.push(problem(&backup, layout::object(layout::PLUGINS, &digest), &e));
            }
        }
        Ok(wanted)
    }

    /// Names the units that need a chunk in `broken`.
    async fn blame(&self, names: &[String], broken: &HashMap<ChunkId, String>, report: &mut Report) -> Result<()> {
        let writers = self.writers().await?;
        for name in names {
            if let Ok(manifest) = self.read_manifest(name, &writers).await {
                report.problems.extend(blame_units(&manifest, broken));
            }
        }
        Ok(())
    }
}

fn problem(backup: &str, object: String, error: &crate::error::Error) -> Problem {
    let what = std::iter::once(error.to_string()).chain(error.causes()).collect::<Vec<_>>().join(": ");
    Problem { backup: backup.to_owned(), unit: None, object, what }
}

fn blame_units(manifest: &Manifest, broken: &HashMap<ChunkId, String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, stream) in manifest.streams.iter().enumerate() {
        let mut start = 0;
        for chunk in &stream.chunks {
            let end = start + u64::from(chunk.bytes);
            if let Some(what) = broken.get(&chunk.id) {
                let units = manifest.units.iter().filter(|u| {
                    u.stream == number && u.bytes > 0 && u.offset < end && u.offset.saturating_add(u.bytes) > start
                });
                problems.extend(units.map(|unit| Problem {
                    backup: manifest.id.to_string(),
                    unit: Some(unit.name.clone()),
                    object: chunk.object().name(),
                    what: what.clone(),
                }));
            }
            start = end;
        }
    }
    problems
}

async fn survey(store: &Store) -> Result<Survey> {
    let mut survey = Survey { copies: HashMap::new(), bad: HashMap::new(), unread: HashSet::new() };
    let mut objects = store.list(layout::CHUNKS);
    while let Some(object) = objects.try_next().await? {
        let Some(chunk) = ChunkObject::parse(&object.name) else { continue };
        survey.copies.entry(chunk.id).or_default().push(chunk);
        if object.bytes != u64::from(chunk.stored) {
            survey.bad.insert(chunk, format!("it has {} bytes and must have {}", object.bytes, chunk.stored));
        }
    }
    Ok(survey)
}

impl Survey {
    /// None if the chunk can be had, from the named object or from another copy.
    fn what_is_wrong(&self, chunk: &ChunkRef) -> Option<String> {
        let copies = self.copies.get(&chunk.id).map(Vec::as_slice).unwrap_or_default();
        if copies.iter().any(|copy| !self.bad.contains_key(copy)) {
            return None;
        }
        Some(self.bad.get(&chunk.object()).cloned().unwrap_or_else(|| "it isn't there".to_owned()))
    }
}

/// Opens every copy of every wanted chunk that looks sound.
async fn read(
    store: &Store,
    opener: &Arc<Opener>,
    wanted: &HashMap<ChunkObject, ChunkRef>,
    survey: &mut Survey,
    progress: &mut impl FnMut(CheckProgress),
) {
    let lengths: HashMap<ChunkId, u32> = wanted.values().map(|c| (c.id, c.bytes)).collect();
    let sound: HashSet<(ChunkObject, u32)> = lengths
        .iter()
        .filter_map(|(id, length)| Some(survey.copies.get(id)?.iter().map(|copy| (*copy, *length))))
        .flatten()
        .filter(|(copy, _)| !survey.bad.contains_key(copy))
        .collect();
    let mut at = CheckProgress { total: sound.len() as u64, ..CheckProgress::default() };
    let mut reads = stream::iter(sound)
        .map(|(copy, length)| async move { (copy, fetch::object(store, opener, copy, length).await) })
        .buffer_unordered(AT_ONCE);
    while let Some((copy, plain)) = reads.next().await {
        if let Err(e) = plain {
            let what = std::iter::once(e.to_string()).chain(e.causes()).collect::<Vec<_>>().join(": ");
            if e.code() != "corrupt" {
                survey.unread.insert(copy);
            }
            survey.bad.insert(copy, what);
        }
        at.chunks += 1;
        at.bytes += u64::from(copy.stored);
        progress(at);
    }
}
