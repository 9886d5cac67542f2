//! Verify: reads every unit of a backup again and holds it against what the host saw when it was made.

use futures::{StreamExt, TryStreamExt};

use super::event::Event;
use super::feed::Progress;
use super::restore::{read, unit};
use super::{Environment, Operation, Outcome, Totals};
use crate::error::{Error, Result};
use crate::repository::{Manifest, Repository};

/// Reads a backup whole.
///
/// # Errors
/// At the first unit that isn't what was backed up.
pub async fn run(
    repository: &Repository,
    manifest: &Manifest,
    jobs: usize,
    environment: Environment,
) -> Result<Outcome> {
    let operation = Operation::begin("verify", &manifest.instance, environment)?;
    let result = tokio::select! {
        result = read_all(&operation, repository, manifest, jobs) => result,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    operation.end(&[], result).await
}

async fn read_all(operation: &Operation, repository: &Repository, manifest: &Manifest, jobs: usize) -> Result<Outcome> {
    operation.event(Event::Planned {
        units: manifest.units.len(),
        estimated_bytes: manifest.units.iter().map(|u| u.bytes).sum(),
        consistency: operation.clean(&manifest.consistency),
        jobs,
    });
    let reader = repository.reader(manifest)?;
    let sink = &operation.context.sink;
    // In the order in which they lie, so that a chunk that many share is read once.
    let mut records: Vec<_> = manifest.units.iter().collect();
    records.sort_by_key(|record| (record.stream, record.offset));
    let totals = futures::stream::iter(records)
        .map(|record| async {
            let mut progress = Progress::begin(sink, &unit(record));
            let measured = read(&reader, record, &mut progress, async |_| Ok(())).await?;
            progress.done(&measured);
            Ok::<_, Error>(measured)
        })
        .buffer_unordered(jobs.max(1))
        .try_fold(Totals::default(), async |totals, measured| {
            Ok(Totals {
                units: totals.units + 1,
                bytes: totals.bytes + measured.bytes,
                rows: totals.rows + measured.rows.unwrap_or(0),
            })
        })
        .await?;
    Ok(Outcome { backup: Some(manifest.id.to_string()), totals, stored_bytes: None, ..Outcome::default() })
}
