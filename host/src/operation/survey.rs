//! Reads every unit of a source and keeps nothing but its portrait.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::Mutex;

use super::batch::{AHEAD, Batch, deal};
use super::definitions::Definitions;
use super::event::Event;
use super::feed::{Pieces, Progress, drain};
use super::portrait::{Portrait, definitions_of};
use super::source::Source;
use super::{Operation, Totals};
use crate::error::{Error, Result};
use crate::plugin::{Reading, Unit};

/// A unit that may succeed if it is read again is tried so often.
const ATTEMPTS: u32 = 3;

/// Reads a source whole, as many units side by side as it has sessions.
///
/// # Errors
/// If a unit can't be read, or the leading session is lost.
pub(super) async fn survey(operation: &Operation, source: &Source<'_>) -> Result<(Portrait, Totals)> {
    let (last, first): (Vec<Unit>, Vec<Unit>) = source.plan.units.iter().cloned().partition(|unit| unit.leader);
    let portrait = Portrait::new(&source.plan.server_version, &source.plan.extra);
    let work = Survey {
        operation,
        source,
        queue: Mutex::new(deal(first).into()),
        seen: Mutex::new((portrait, Totals::default())),
    };
    tokio::select! {
        read = work.all(last) => read?,
        lost = source.watch() => return Err(lost),
    }
    Ok(work.seen.into_inner())
}

struct Survey<'a> {
    operation: &'a Operation,
    source: &'a Source<'a>,
    queue: Mutex<VecDeque<Batch>>,
    seen: Mutex<(Portrait, Totals)>,
}

impl Survey<'_> {
    async fn all(&self, last: Vec<Unit>) -> Result<()> {
        let mut workers: FuturesUnordered<_> = (0..self.source.jobs()).map(|n| self.worker(n)).collect();
        while let Some(result) = workers.next().await {
            result?;
        }
        for batch in deal(last) {
            if let Some((unit, error)) = self.read(0, batch.units).await.into_iter().next() {
                return Err(error.while_doing(format!("unit {}", unit.name)));
            }
        }
        Ok(())
    }

    async fn worker(&self, n: usize) -> Result<()> {
        loop {
            // Taken in a statement of its own: the queue isn't held while the batch is read.
            let next = self.queue.lock().await.pop_front();
            let Some(batch) = next else { return Ok(()) };
            let attempt = batch.attempt + 1;
            let failed = self.read(n, batch.units).await;
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
    }

    /// Reads units, several ahead so that round trips don't add up; gives back those that failed.
    async fn read(&self, worker: usize, units: Vec<Unit>) -> Vec<(Unit, Error)> {
        let ahead = if units.len() > 1 { AHEAD } else { 1 };
        let mut failed = Vec::new();
        let mut readings = futures::stream::iter(units)
            .map(|unit| async { (self.source.read(worker, &unit).await, unit) })
            .buffered(ahead);
        while let Some((reading, unit)) = readings.next().await {
            let seen = match reading {
                Ok(reading) => self.see(&unit, reading).await,
                Err(error) => Err(error),
            };
            if let Err(error) = seen {
                failed.push((unit, error));
            }
        }
        failed
    }

    async fn see(&self, unit: &Unit, reading: Reading) -> Result<()> {
        let progress = Progress::begin(&self.operation.context.sink, unit);
        let look = Look(definitions_of(unit));
        let (Look(definitions), drained) = drain(self.operation, unit, reading, &progress, look).await?;
        let drained = drained?;
        let mut seen = self.seen.lock().await;
        seen.0.add(unit, &drained.measured, definitions)?;
        seen.1.count(&drained.measured);
        progress.done(&drained.measured);
        Ok(())
    }
}

/// Looks at definitions as they pass, where a unit has some.
struct Look(Option<Definitions>);

impl Pieces for Look {
    async fn take(&mut self, piece: Bytes, _: &[usize]) -> Result<()> {
        self.0.as_mut().map_or(Ok(()), |definitions| definitions.update(&piece))
    }
}
