//! The reading side of a backup or a clone: a leader that holds the state, and workers that joined it.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tokio::sync::RwLock;

use super::graph::Graph;
use super::measure::Framing;
use super::{Operation, Party, report};
use crate::error::{Error, Result};
use crate::plugin::{BackupOptions, BackupSession, Capability, Note, Plan, Reading, Tally, Unit};

/// How often the leader is asked whether its state is good and in nobody's way, at the least and at the most.
const ALIVE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Notes of the leader that are passed on while units are moved.
const MOST_TOLD: usize = 1000;

/// What a source that is in use bears. The default is to bear everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// How long others may wait for what the operation holds there.
    pub blocking: Option<Duration>,
    /// How long the operation's snapshot may be kept: while it is, the server can't remove what was deleted.
    pub snapshot_age: Option<Duration>,
}

impl Patience {
    /// How often to look whether somebody waits, so that it isn't noticed much too late.
    fn pause(self) -> Duration {
        let (least, most) = ALIVE;
        self.blocking.map_or(most, |blocking| (blocking / 4).clamp(least, most))
    }
}

pub(super) struct Source<'a> {
    operation: &'a Operation,
    pub(super) party: &'a Party,
    options: BackupOptions,
    leader: BackupSession,
    workers: Vec<RwLock<BackupSession>>,
    patience: Patience,
    /// Before the snapshot was taken.
    began: Instant,
    pub(super) plan: Plan,
}

impl<'a> Source<'a> {
    /// Leads, plans, and lets as many workers join as are wanted and make sense.
    pub(super) async fn open(
        operation: &'a Operation,
        party: &'a Party,
        options: BackupOptions,
        patience: Patience,
        jobs: usize,
    ) -> Result<Self> {
        let began = Instant::now();
        let opening = Self::open_at(operation, party, options, patience, began, jobs);
        tokio::select! {
            opened = opening => opened,
            age = too_old(began, patience) => Err(age),
        }
    }

    async fn open_at(
        operation: &'a Operation,
        party: &'a Party,
        options: BackupOptions,
        patience: Patience,
        began: Instant,
        jobs: usize,
    ) -> Result<Self> {
        party.plugin.require(Capability::Backup)?;
        let sandbox = operation.sandbox(&party.plugin).await?;
        let leader = BackupSession::open(sandbox, &party.endpoint, &options, None).await?;
        let plan = leader.plan().await?;
        let name = &party.plugin.inspection().about.name;
        sensible(&plan).map_err(|e| e.while_doing(format!("the plan of the plugin {name}")))?;
        let mut source = Self { operation, party, options, leader, workers: Vec::new(), patience, began, plan };
        if let Some(token) = source.plan.join.clone() {
            let wanted = jobs.min(source.plan.units.iter().filter(|u| !u.leader).count());
            let joins = (0..wanted).map(|_| source.join(&token));
            let workers = try_join_all(joins).await?;
            source.workers = workers.into_iter().map(RwLock::new).collect();
            source.leader.joined().await?;
        }
        Ok(source)
    }

    async fn join(&self, token: &str) -> Result<BackupSession> {
        let sandbox = self.operation.sandbox(&self.party.plugin).await?;
        BackupSession::open(sandbox, &self.party.endpoint, &self.options, Some(token)).await
    }

    /// What the plan carries and leaves out, once it is known to be everything.
    pub(super) fn report(&self, operation: &Operation) -> Result<Vec<Tally>> {
        let plugin = &self.party.plugin.inspection().about.name;
        if self.plan.tallies.is_empty() {
            let reason = "the plugin doesn't count its objects, so nobody checks that all of them are carried";
            let note = Note { kind: "info".to_owned(), object: self.party.name.clone(), reason: reason.to_owned() };
            operation.note(vec![note], &mut Vec::new());
        }
        report::of_plan(&self.plan, plugin)
    }

    /// How many sessions read side by side.
    pub(super) fn jobs(&self) -> usize {
        self.workers.len().max(1)
    }

    /// Opens a unit's stream on a worker's session; what only the leader can read, or must since somebody waits for a
    /// lock that it already holds, on the leader's.
    pub(super) async fn read(&self, worker: usize, unit: &Unit) -> Result<Reading> {
        let session = match self.workers.get(worker) {
            Some(worker) if !unit.leader => worker.read().await.clone(),
            _ => return self.leader.read(unit).await,
        };
        match session.read(unit).await {
            Err(error) if error.is_conflict() => self.leader.read(unit).await,
            other => other,
        }
    }

    /// Gives a worker a fresh session after a failure, where the state can still be joined. States are never mixed:
    /// if it can't, the operation fails.
    pub(super) async fn rejoin(&self, worker: usize) -> Result<()> {
        let lost = || Error::unreachable("a session of the snapshot was lost, and it can't be joined again");
        let token = self.plan.join.as_deref().filter(|_| self.plan.rejoinable).ok_or_else(lost)?;
        let place = self.workers.get(worker).ok_or_else(lost)?;
        let fresh = self.join(token).await?;
        *place.write().await = fresh;
        Ok(())
    }

    /// Watches the leader; returns when it is lost, stands in the way of others for too long, or gets too old.
    pub(super) async fn watch(&self) -> Error {
        tokio::select! {
            lost = self.ask() => lost,
            age = too_old(self.began, self.patience) => age,
        }
    }

    async fn ask(&self) -> Error {
        let mut told: Vec<Note> = Vec::new();
        loop {
            tokio::time::sleep(self.patience.pause()).await;
            match self.leader.alive().await {
                Ok(notes) => {
                    // What was said before needn't be said every ten seconds.
                    let room = MOST_TOLD.saturating_sub(told.len());
                    let new = notes.into_iter().filter(|note| !told.contains(note)).take(room).collect();
                    self.operation.note(new, &mut told);
                }
                // Nothing was lost: the session gave up.
                Err(error) if error.is_conflict() => return error,
                Err(error) => return error.while_doing("the leading session was lost"),
            }
        }
    }

    /// Closes every session; says what changed on the server since the plan.
    pub(super) async fn close(self) -> Result<Vec<Note>> {
        for worker in self.workers {
            worker.into_inner().close().await?;
        }
        self.leader.close().await
    }
}

/// Returns once the snapshot is as old as it may get.
async fn too_old(began: Instant, patience: Patience) -> Error {
    let Some(most) = patience.snapshot_age else { return std::future::pending().await };
    tokio::time::sleep_until((began + most).into()).await;
    Error::conflict(format!("the source's snapshot is {} s old, and may not get older", most.as_secs()))
        .with_hint("use more jobs, back up at a quieter time, or give --max-snapshot-age more time")
}

/// Says before anything is read what restoring would find out too late.
fn sensible(plan: &Plan) -> Result<()> {
    if plan.units.is_empty() {
        return Err(Error::plugin("it is empty, and an empty backup is none"));
    }
    Graph::new(plan.units.clone())?;
    for unit in &plan.units {
        Framing::parse(&unit.framing).map_err(|e| e.while_doing(format!("unit {}", unit.name)))?;
    }
    Ok(())
}
