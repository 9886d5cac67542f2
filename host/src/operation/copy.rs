//! Copy: a backup out of one repository into another, under the same name, read again on the way and sealed to the other
//! repository's key.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tokio::sync::Mutex;

use super::event::Event;
use super::feed::Progress;
use super::record::Done;
use super::restore::{read, unit};
use super::{Environment, Operation, Outcome};
use crate::error::Result;
use crate::plugin::Unit;
use crate::repository::{BackupReader, BackupWriter, Manifest, Repository, UnitRecord};

/// Copies a backup from `source`, which `manifest` came out of, to `target`.
///
/// # Errors
/// "already-exists" if the other repository has it; "corrupt" if it isn't what was backed up: then nothing is copied of it.
pub async fn run(
    source: &Repository,
    manifest: &Manifest,
    target: &Repository,
    jobs: usize,
    environment: Environment,
) -> Result<Outcome> {
    let operation = Operation::begin("copy", &manifest.instance, environment)?;
    let result = make(&operation, source, manifest, target, jobs).await;
    operation.end(&[], result).await
}

async fn make(
    operation: &Operation,
    source: &Repository,
    manifest: &Manifest,
    target: &Repository,
    jobs: usize,
) -> Result<Outcome> {
    let writer = target.writer_as(operation.id(), manifest.id.clone()).await?;
    let writer = writer.cancelled_by(operation.context.cancel.clone());
    let copied = async {
        let plugin = source.plugin(&manifest.plugin.digest).await?;
        let done = streams(operation, source, manifest, &writer, jobs).await?;
        writer.add_plugin(&manifest.plugin.digest, plugin).await?;
        Ok(done)
    };
    // Not around the whole: a lease that isn't given back keeps the next prune waiting.
    let copied = tokio::select! {
        copied = copied => copied,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    let done = match copied {
        Ok(done) => done,
        Err(error) => {
            // The first failure is the one to tell; a lease that stays behind runs out by itself.
            let _ = writer.abandon().await;
            return Err(error);
        }
    };
    let (totals, stored_bytes) = (done.totals, Some(writer.stored_bytes()));
    let (units, streams) = done.records();
    let id = writer.commit(Manifest { units, streams, ..manifest.clone() }).await?;
    Ok(Outcome { backup: Some(id.to_string()), totals, stored_bytes, ..Outcome::default() })
}

/// Copies every unit. What lay in one stream lies in one stream again, in the same order.
async fn streams(
    operation: &Operation,
    source: &Repository,
    manifest: &Manifest,
    writer: &BackupWriter,
    jobs: usize,
) -> Result<Done> {
    operation.event(Event::Planned {
        units: manifest.units.len(),
        estimated_bytes: manifest.units.iter().map(|u| u.bytes).sum(),
        consistency: operation.clean(&manifest.consistency),
        jobs,
    });
    let reader = source.reader(manifest)?;
    let units: Vec<Unit> = manifest.units.iter().map(unit).collect();
    let mut by_stream: BTreeMap<usize, Vec<(&UnitRecord, &Unit)>> = BTreeMap::new();
    for (record, unit) in manifest.units.iter().zip(&units) {
        by_stream.entry(record.stream).or_default().push((record, unit));
    }
    let done = Mutex::new(Done::of(&units));
    futures::stream::iter(by_stream.into_values())
        .map(|units| stream(operation, &reader, writer, units, &done))
        .buffer_unordered(jobs.max(1))
        .try_collect::<()>()
        .await?;
    Ok(done.into_inner())
}

async fn stream(
    operation: &Operation,
    reader: &BackupReader,
    writer: &BackupWriter,
    mut units: Vec<(&UnitRecord, &Unit)>,
    done: &Mutex<Done>,
) -> Result<()> {
    units.sort_by_key(|(record, _)| record.offset);
    let mut stream = writer.stream()?;
    let mut records = Vec::with_capacity(units.len());
    for (record, unit) in units {
        let offset = stream.position();
        let mut progress = Progress::begin(&operation.context.sink, unit);
        let boundaries = Some(stream.boundaries());
        let store = async |piece: Bytes, ends: &[usize]| stream.write(piece, ends).await;
        let measured = read(reader, record, &mut progress, boundaries, store).await;
        let measured = measured.map_err(|e| e.while_doing(format!("unit {}", record.name)))?;
        progress.done(&measured);
        records.push(UnitRecord { offset, ..record.clone() });
    }
    done.lock().await.add(stream.finish().await?, records, Vec::new());
    Ok(())
}
