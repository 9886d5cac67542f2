//! The reading side of a backup or a clone: a leader that holds the state, and workers that joined it.

use std::time::Duration;

use futures::future::try_join_all;
use tokio::sync::RwLock;

use super::graph::Graph;
use super::measure::Framing;
use super::{Operation, Party, report};
use crate::error::{Error, Result};
use crate::plugin::{BackupOptions, BackupSession, Capability, Note, Plan, Reading, Tally, Unit};

/// How often the leader is asked whether its state is good and in nobody's way.
const ALIVE: Duration = Duration::from_secs(10);
/// Notes of the leader that are passed on while units are moved.
const MOST_TOLD: usize = 1000;

pub(super) struct Source<'a> {
    operation: &'a Operation,
    party: &'a Party,
    options: BackupOptions,
    leader: BackupSession,
    workers: Vec<RwLock<BackupSession>>,
    pub(super) plan: Plan,
}

impl<'a> Source<'a> {
    /// Leads, plans, and lets as many workers join as are wanted and make sense.
    pub(super) async fn open(
        operation: &'a Operation,
        party: &'a Party,
        options: BackupOptions,
        jobs: usize,
    ) -> Result<Self> {
        party.plugin.require(Capability::Backup)?;
        let sandbox = operation.sandbox(&party.plugin).await?;
        let leader = BackupSession::open(sandbox, &party.endpoint, &options, None).await?;
        let plan = leader.plan().await?;
        let name = &party.plugin.inspection().about.name;
        sensible(&plan).map_err(|e| e.while_doing(format!("the plan of the plugin {name}")))?;
        let mut source = Self { operation, party, options, leader, workers: Vec::new(), plan };
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

    /// Watches the leader; returns when it is lost.
    pub(super) async fn watch(&self) -> Error {
        let mut told: Vec<Note> = Vec::new();
        loop {
            tokio::time::sleep(ALIVE).await;
            match self.leader.alive().await {
                Ok(notes) => {
                    // What was said before needn't be said every ten seconds.
                    let room = MOST_TOLD.saturating_sub(told.len());
                    let new = notes.into_iter().filter(|note| !told.contains(note)).take(room).collect();
                    self.operation.note(new, &mut told);
                }
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
