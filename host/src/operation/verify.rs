//! Verify: reads every unit of a backup again and holds it against what the host saw when it was made; or restores it
//! into a scratch database, reads that, and holds it against the same.

use futures::{StreamExt, TryStreamExt};

use super::compare::{Comparison, compare, of_backup, of_database};
use super::event::Event;
use super::feed::Progress;
use super::restore::{self, read, unit};
use super::{Environment, Operation, Outcome, Party, Totals};
use crate::error::{Error, Result};
use crate::fault;
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

/// Restores a backup into a scratch database, reads all of that again, and drops it, however it goes.
///
/// # Errors
/// If it can't be restored, read or dropped. That it isn't what was backed up is a result, no error.
pub async fn by_restoring(
    party: &Party,
    repository: &Repository,
    manifest: &Manifest,
    jobs: usize,
    environment: Environment,
) -> Result<Comparison> {
    let operation = Operation::begin("verify", &format!("{} on {}", manifest.instance, party.name), environment)?;
    let result = tokio::select! {
        result = restore_and_read(&operation, party, repository, manifest, jobs) => result,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    let (result, comparison) = match result {
        Ok((outcome, comparison)) => (Ok(outcome), comparison),
        Err(error) => (Err(error), Comparison::default()),
    };
    operation.end(&[party], result).await.map(|_| comparison)
}

async fn restore_and_read(
    operation: &Operation,
    party: &Party,
    repository: &Repository,
    manifest: &Manifest,
    jobs: usize,
) -> Result<(Outcome, Comparison)> {
    // By this ending the plugin knows that the database is the operation's own, and takes it away. Of a backup of several
    // databases it stands for all of them, here and where they are read.
    let scratch = format!("verify__cofferdam_{}", operation.id());
    let request = restore::Request {
        database: Some(scratch.clone()),
        only: Vec::new(),
        except: Vec::new(),
        if_exists: "fail".to_owned(),
        jobs,
        neutral: false,
        keep_going: false,
        settings: Vec::new(),
    };
    let restored = restore::fill(operation, party, repository, manifest, &request).await?;
    fault::point("scratch-restored").await;
    let backed_up = of_backup(&repository.reader(manifest)?, manifest).await?;
    let (read, _) = of_database(operation, party, Some(scratch.clone()), jobs).await?;
    let mut comparison = compare(operation, &backed_up, &read);
    comparison.source = format!("backup {}", manifest.id);
    comparison.target = format!("{}/{scratch}", party.name);
    comparison.expect(&restored.notes);
    operation.take_away(party).await.map_err(|error| error.while_doing("dropping the scratch database"))?;
    Ok((restored, comparison))
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
            let measured = read(&reader, record, &mut progress, None, async |_, _| Ok(())).await?;
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
