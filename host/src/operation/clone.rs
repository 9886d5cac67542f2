//! Clone: inside one server by the server itself, where it can; else one plugin's backup piped into another's restore, unit
//! by unit, with nothing on disk.

use super::event::Event;
use super::feed::{Feeding, Progress, drain};
use super::inside::{self, Copied};
use super::source::{Patience, Source};
use super::target::{Feeder, Filled, Target};
use super::{Environment, Operation, Outcome, Party};
use crate::error::{Error, Result};
use crate::plugin::{self, BackupOptions, Note, Options, RestoreOptions, Unit};

/// What is to be cloned, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The database to read, if not the source's own.
    pub database: Option<String>,
    /// The database to make, if it isn't to bear the same name.
    pub target: Option<String>,
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// What the source bears.
    pub patience: Patience,
    /// "fail", "replace" or "append".
    pub if_exists: String,
    /// Whether the copy mustn't act on anything outside of it.
    pub neutral: bool,
    /// Whether what the target refuses is passed over and told, and the rest copied. Only with `if_exists` "fail".
    pub keep_going: bool,
    /// Sessions that work side by side on each server, from 1.
    pub jobs: usize,
    /// Named values that the engine knows.
    pub settings: Options,
}

/// Clones a database, from one server to another or inside of one.
///
/// # Errors
/// If anything of it can't be read or written; then the target is as it was, as far as the engine can take back what it
/// made.
pub async fn run(source: &Party, target: &Party, request: &Request, environment: Environment) -> Result<Outcome> {
    let operation = Operation::begin("clone", &format!("{} to {}", source.name, target.name), environment)?;
    let result = tokio::select! {
        result = copy(&operation, source, target, request) => result,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    operation.end(&[source, target], result).await
}

/// Like [`run`], but never by the server itself: sessions read side by side, each unit by whichever is free.
pub(super) async fn by_reading(
    source: &Party,
    target: &Party,
    request: &Request,
    environment: Environment,
) -> Result<Outcome> {
    let operation = Operation::begin("clone", &format!("{} to {}", source.name, target.name), environment)?;
    let engine = source.plugin.inspection().about.name.clone();
    let result = tokio::select! {
        result = pipe(&operation, source, target, request, engine, Vec::new()) => result,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    operation.end(&[source, target], result).await
}

async fn copy(operation: &Operation, from: &Party, to: &Party, request: &Request) -> Result<Outcome> {
    let engine = from.plugin.inspection().about.name.clone();
    if to.plugin.inspection().about.name != engine {
        return Err(Error::unsupported(format!(
            "{} is an instance of {engine}, and {} of {}: only one engine's databases can be cloned into each other",
            from.name,
            to.name,
            to.plugin.inspection().about.name
        )));
    }
    match inside::copy(operation, from, to, request).await? {
        Copied::Whole(outcome) => Ok(outcome),
        Copied::NotHere(notes) => pipe(operation, from, to, request, engine, notes).await,
    }
}

/// Pipes the one into the other. `notes` are those that were told before.
async fn pipe(
    operation: &Operation,
    from: &Party,
    to: &Party,
    request: &Request,
    engine: String,
    mut notes: Vec<Note>,
) -> Result<Outcome> {
    let options = BackupOptions {
        operation: operation.id().to_owned(),
        database: request.database.clone(),
        only: request.only.clone(),
        except: request.except.clone(),
        max_blocking: request.patience.blocking,
        extra: from.with_settings(&request.settings),
    };
    let source = Source::open(operation, from, options, request.patience, request.jobs).await?;
    let carried = source.report(operation)?;
    operation.note(source.plan.notes.clone(), &mut notes);
    let restore = RestoreOptions {
        operation: operation.id().to_owned(),
        database: request.target.clone(),
        if_exists: request.if_exists.clone(),
        // The source gives only what was chosen. What it replaces is chosen here: without that it would be the database.
        only: if request.if_exists == "replace" { request.only.clone() } else { Vec::new() },
        except: Vec::new(),
        neutral: request.neutral,
        keep_going: request.keep_going,
        extra: to.with_settings(&request.settings),
    };
    let plan = plugin::Source {
        engine,
        server_version: source.plan.server_version.clone(),
        units: source.plan.units.clone(),
        extra: source.plan.extra.clone(),
    };
    let target = Target::open(operation, to, restore, plan).await?;
    target.must_work(&mut notes).await?;
    let ready = target.prepare(source.jobs()).await?;
    operation.event(Event::Planned {
        units: ready.units.len(),
        estimated_bytes: ready.bytes(),
        consistency: operation.clean(&source.plan.consistency),
        jobs: ready.jobs,
    });
    let feeder = FromServer { operation, source: &source };
    let Filled { totals, tallies, missing_rows } = tokio::select! {
        filled = target.fill(&feeder, ready, &carried, &mut notes) => filled?,
        lost = source.watch() => return Err(lost),
    };
    operation.note(source.close().await?, &mut notes);
    // The source was good until its end: only now does anybody see the copy.
    target.finish(&mut notes).await?;
    Ok(Outcome { totals, tallies, missing_rows, notes, ..Outcome::default() })
}

struct FromServer<'a> {
    operation: &'a Operation,
    source: &'a Source<'a>,
}

impl Feeder for FromServer<'_> {
    async fn feed(&self, worker: usize, unit: &Unit, feeding: Feeding, progress: &mut Progress) -> Result<()> {
        let (feeding, drained) = match self.source.read(worker, unit).await {
            Ok(reading) => drain(self.operation, unit, reading, progress, feeding).await?,
            Err(error) => (feeding, Err(error)),
        };
        match drained {
            Ok(drained) => {
                self.operation.note(drained.notes, &mut Vec::new());
                feeding.end(Ok(drained.measured));
                Ok(())
            }
            Err(error) => {
                feeding.end(Err(Error::cancelled("the source couldn't be read")));
                Err(error)
            }
        }
    }

    async fn again(&self, worker: usize) -> Result<()> {
        self.source.rejoin(worker).await
    }
}
