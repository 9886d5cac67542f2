//! Restore: a backup's units, in the order that its plan demands, into a server. A unit that isn't byte for byte what
//! was backed up is never committed.

use std::collections::HashMap;

use super::event::Event;
use super::feed::{Feeding, Progress};
use super::measure::{Framing, Measure, Measured};
use super::target::{Feeder, Filled, Target};
use super::{Environment, Operation, Outcome, Party};
use crate::error::{Error, Result};
use crate::fault;
use crate::plugin::{Finding, Options, RestoreOptions, Source, Tally, Unit};
use crate::repository::{BackupReader, Boundaries, Manifest, Repository, UnitRecord};

/// How a restore is to be done.
#[derive(Clone, Debug)]
pub struct Request {
    /// The database to make, if not the one that the backup was taken of.
    pub database: Option<String>,
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// "fail", "replace" or "append".
    pub if_exists: String,
    /// Sessions that write side by side, from 1.
    pub jobs: usize,
    /// Whether what is restored mustn't act on anything outside of it.
    pub neutral: bool,
    /// Whether what the server refuses is passed over and told, and the rest restored. Only with `if_exists` "fail".
    pub keep_going: bool,
    /// Named values that the engine knows.
    pub settings: Options,
}

/// Restores a backup.
///
/// # Errors
/// If anything of it can't be restored; then the target is as it was, as far as the engine can take back what it made.
/// With `keep_going` what the server refuses is no error: the outcome says how much that is.
pub async fn run(
    party: &Party,
    repository: &Repository,
    manifest: &Manifest,
    request: &Request,
    environment: Environment,
) -> Result<Outcome> {
    let operation = Operation::begin("restore", &party.name, environment)?;
    let result = tokio::select! {
        result = fill(&operation, party, repository, manifest, request) => result,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    operation.end(&[party], result).await
}

/// Says what a restore would do and what would stop it. Changes nothing.
///
/// # Errors
/// If the server can't be reached or refuses.
pub async fn dry_run(
    party: &Party,
    manifest: &Manifest,
    request: &Request,
    environment: Environment,
) -> Result<Vec<Finding>> {
    let operation = Operation::quiet(environment)?;
    let looked = async {
        let target = Target::open(&operation, party, options(&operation, party, request), source(manifest)).await?;
        let found = target.check().await?;
        Ok(found.into_iter().map(|finding| finding.map_text(|text| operation.clean(text))).collect())
    };
    let looked = looked.await;
    operation.close(looked).await
}

pub(super) async fn fill(
    operation: &Operation,
    party: &Party,
    repository: &Repository,
    manifest: &Manifest,
    request: &Request,
) -> Result<Outcome> {
    if party.plugin.inspection().about.name != manifest.engine {
        return Err(Error::invalid_options(format!(
            "{} is a backup of {}, and {} is an instance of {}",
            manifest.id,
            manifest.engine,
            party.name,
            party.plugin.inspection().about.name
        )));
    }
    fill_by(operation, party, manifest, request, &FromBackup::new(repository, manifest)?).await
}

/// Restores what `feeder` has of a backup.
pub(super) async fn fill_by<F: Feeder>(
    operation: &Operation,
    party: &Party,
    manifest: &Manifest,
    request: &Request,
    feeder: &F,
) -> Result<Outcome> {
    let target = Target::open(operation, party, options(operation, party, request), source(manifest)).await?;
    let mut notes = Vec::new();
    target.must_work(&mut notes).await?;
    let ready = target.prepare(request.jobs).await?;
    operation.event(Event::Planned {
        units: ready.units.len(),
        estimated_bytes: ready.bytes(),
        consistency: operation.clean(&manifest.consistency),
        jobs: ready.jobs,
    });
    let carried: Vec<Tally> = manifest.tallies.iter().cloned().map(Tally::from).collect();
    let Filled { totals, tallies, missing_rows } = target.fill(feeder, ready, &carried, &mut notes).await?;
    fault::point("restore-filled").await;
    target.finish(&mut notes).await?;
    fault::point("restore-finished").await;
    let backup = Some(manifest.id.to_string());
    Ok(Outcome { backup, totals, tallies, missing_rows, notes, ..Outcome::default() })
}

fn options(operation: &Operation, party: &Party, request: &Request) -> RestoreOptions {
    RestoreOptions {
        operation: operation.id().to_owned(),
        database: request.database.clone(),
        if_exists: request.if_exists.clone(),
        only: request.only.clone(),
        except: request.except.clone(),
        neutral: request.neutral,
        keep_going: request.keep_going,
        extra: party.with_settings(&request.settings),
    }
}

/// What a backup says of itself.
pub(super) fn source(manifest: &Manifest) -> Source {
    Source {
        engine: manifest.engine.clone(),
        server_version: manifest.server_version.clone(),
        units: manifest.units.iter().map(unit).collect(),
        extra: manifest.extra.clone(),
    }
}

/// A unit as the plugin knew it, with what is known now of its size.
pub(super) fn unit(record: &UnitRecord) -> Unit {
    Unit {
        name: record.name.clone(),
        format: record.format.clone(),
        framing: record.framing.clone(),
        objects: record.objects.clone(),
        after: record.after.clone(),
        estimated_bytes: Some(record.bytes),
        estimated_rows: record.rows,
        leader: false,
        external: record.external,
        extra: record.extra.clone(),
    }
}

/// Feeds units out of a backup, each held against its record.
pub(super) struct FromBackup<'a> {
    reader: BackupReader,
    records: HashMap<&'a str, &'a UnitRecord>,
}

impl<'a> FromBackup<'a> {
    /// # Errors
    /// "permission-denied" if the repository was opened with a writer key.
    pub(super) fn new(repository: &Repository, manifest: &'a Manifest) -> Result<Self> {
        let records = manifest.units.iter().map(|record| (record.name.as_str(), record)).collect();
        Ok(Self { reader: repository.reader(manifest)?, records })
    }

    /// Reads a unit and gives every piece to `sink`.
    pub(super) async fn read(
        &self,
        unit: &Unit,
        progress: &mut Progress,
        mut sink: impl AsyncFnMut(bytes::Bytes) -> Result<()>,
    ) -> Result<Measured> {
        let record = self.records.get(unit.name.as_str());
        let record = record.ok_or_else(|| Error::internal(format!("the unit {} isn't in the manifest", unit.name)))?;
        read(&self.reader, record, progress, None, async |piece, _| sink(piece).await).await
    }
}

impl Feeder for FromBackup<'_> {
    async fn feed(&self, _: usize, unit: &Unit, feeding: Feeding, progress: &mut Progress) -> Result<()> {
        let hand_on = async |piece| feeding.hand_on(piece).await;
        match self.read(unit, progress, hand_on).await {
            Ok(measured) => {
                feeding.end(Ok(measured));
                Ok(())
            }
            Err(error) => {
                feeding.end(Err(Error::cancelled("the backup couldn't be read")));
                Err(error)
            }
        }
    }

    async fn again(&self, _: usize) -> Result<()> {
        Ok(())
    }
}

/// Reads a unit out of a backup and holds it against its record. `sink` is told of each piece where a chunk may end, if
/// there are `boundaries`.
pub(super) async fn read(
    reader: &BackupReader,
    record: &UnitRecord,
    progress: &mut Progress,
    boundaries: Option<Boundaries>,
    mut sink: impl AsyncFnMut(bytes::Bytes, &[usize]) -> Result<()>,
) -> Result<Measured> {
    let mut measure = Measure::new(Framing::parse(&record.framing)?).choosing(boundaries);
    let mut stored = reader.unit(record)?;
    while let Some(piece) = stored.next().await? {
        measure.update(&piece)?;
        progress.at(measure.bytes());
        sink(piece, measure.ends()).await?;
    }
    let measured = measure.finish()?;
    let recorded = Measured::from(record);
    if measured != recorded {
        return Err(Error::corrupt(format!(
            "the unit {} isn't what was backed up: {} bytes and {:?} rows were recorded, {} and {:?} were read",
            record.name, recorded.bytes, recorded.rows, measured.bytes, measured.rows
        )));
    }
    Ok(measured)
}
