//! Backup, restore, clone, verify, export, import: what the host does with a plugin and a repository, the same way for every engine.

pub mod backup;
mod batch;
pub mod check;
pub mod cleanup;
pub mod clone;
pub mod compare;
pub mod conformance;
pub mod copy;
mod definitions;
pub mod event;
pub mod export;
mod feed;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod graph;
pub mod import;
mod inside;
mod measure;
pub mod portrait;
mod record;
mod report;
pub mod restore;
mod source;
mod survey;
mod target;
pub mod verify;

pub use source::Patience;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::{Error, Result};
use crate::plugin::{Limits, Note, Options, Plugin, Sandbox, Tally};
use crate::repository::Spent;
use crate::secrets::Redactor;
use crate::services::{Causes, Context, Endpoint};
use event::{Cleaned, Event, Sink};

/// An instance and the plugin that speaks to it.
#[derive(Clone)]
pub struct Party {
    /// The instance's name in the configuration.
    pub name: String,
    /// Its engine.
    pub plugin: Plugin,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Named values that the engine knows and that always hold here.
    pub settings: Options,
}

impl Party {
    /// What was given for this operation, and behind it what always holds here.
    #[must_use]
    pub fn with_settings(&self, given: &Options) -> Options {
        given.iter().chain(&self.settings).cloned().collect()
    }
}

/// What every operation needs of the one who starts it.
pub struct Environment {
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Knows every secret that the operation uses.
    pub redactor: Redactor,
    /// Cancel it to end the operation; what it made is cleaned up.
    pub cancel: CancellationToken,
    /// What each sandbox may use up.
    pub limits: Limits,
}

/// What went through an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Units.
    pub units: usize,
    /// Bytes of their streams.
    pub bytes: u64,
    /// Rows that the host counted.
    pub rows: u64,
}

impl Totals {
    fn of(unit: &measure::Measured) -> Self {
        Self { units: 1, bytes: unit.bytes, rows: unit.rows.unwrap_or(0) }
    }

    /// One more unit that went through.
    fn count(&mut self, measured: &measure::Measured) {
        *self = *self + Self::of(measured);
    }
}

impl std::ops::Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { units: self.units + other.units, bytes: self.bytes + other.bytes, rows: self.rows + other.rows }
    }
}

/// How an operation ended well.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The backup that it made or read.
    pub backup: Option<String>,
    /// What went through.
    pub totals: Totals,
    /// Bytes that the repository took in anew.
    pub stored_bytes: Option<u64>,
    /// Where the time went that storing took, for what makes a backup.
    pub spent: Option<Spent>,
    /// How many objects of each kind there are, and what became of them. Empty if the engine doesn't count.
    pub tallies: Vec<Tally>,
    /// Rows that came and that the target refused, where it was told to go on all the same.
    pub missing_rows: u64,
    /// What became of objects.
    pub notes: Vec<Note>,
}

impl Outcome {
    /// How many objects failed, where what can't be made is passed over: the result is partial unless it is 0. Some of what
    /// fails is no object that is counted: that a materialized view is filled, say.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.tallies
            .iter()
            .map(|tally| tally.failed)
            .sum::<u64>()
            .max(self.noted("failed"))
            .max(self.missing_rows.min(1))
    }

    fn noted(&self, kind: &str) -> u64 {
        self.notes.iter().filter(|note| note.kind == kind).count() as u64
    }

    /// The fidelity report in short; none if the engine doesn't count.
    fn report(&self) -> Option<Event> {
        let sum = |number: fn(&Tally) -> u64| self.tallies.iter().map(number).sum::<u64>();
        (!self.tallies.is_empty()).then(|| Event::Report {
            carried: sum(|tally| tally.carried),
            kinds: self.tallies.iter().filter(|tally| tally.carried > 0).count(),
            changed: self.noted("changed"),
            // Some of what is left out is no object that is counted: the rows behind a foreign table, say.
            left_out: sum(|tally| tally.left_out).max(self.noted("left-out")),
            failed: self.failed(),
        })
    }
}

/// An operation on its way.
pub(crate) struct Operation {
    context: Arc<Context>,
    limits: Limits,
    began: Instant,
}

/// How long sandboxes and sessions get to end once an operation is over.
const CLOSING: Duration = Duration::from_secs(10);

impl Operation {
    /// Begins an operation and tells so.
    fn begin(kind: &'static str, instance: &str, environment: Environment) -> Result<Self> {
        let operation = Self::quiet(environment)?;
        let (id, instance) = (operation.id().to_owned(), instance.to_owned());
        operation.event(Event::Started { operation: kind, id, instance });
        Ok(operation)
    }

    /// An operation that moves nothing and needs no telling.
    fn quiet(environment: Environment) -> Result<Self> {
        let mut id = [0_u8; 6];
        getrandom::fill(&mut id)
            .map_err(|e| Error::internal("the system gives no random bytes").with_cause(e.to_string()))?;
        let context = Context {
            operation: id.iter().map(|b| format!("{b:02x}")).collect(),
            sink: Arc::new(Cleaned::new(environment.sink, environment.redactor.clone())),
            redactor: environment.redactor,
            causes: Causes::default(),
            cancel: environment.cancel,
            running: TaskTracker::new(),
            let_in: AtomicBool::new(false),
        };
        Ok(Self { context: Arc::new(context), limits: environment.limits, began: Instant::now() })
    }

    fn id(&self) -> &str {
        &self.context.operation
    }

    /// A fresh sandbox of a plugin.
    async fn sandbox(&self, plugin: &Plugin) -> Result<Sandbox> {
        Sandbox::start(plugin, &self.context, &self.limits).await
    }

    fn event(&self, event: Event) {
        self.context.sink.event(event);
    }

    /// A plugin's text on its way to a person.
    fn clean(&self, text: &str) -> String {
        self.context.redactor.clean(text)
    }

    fn clean_note(&self, note: &Note) -> Note {
        Note { kind: self.clean(&note.kind), object: self.clean(&note.object), reason: self.clean(&note.reason) }
    }

    /// Tells the operator of notes, and keeps them.
    fn note(&self, notes: Vec<Note>, kept: &mut Vec<Note>) {
        for note in notes {
            let note = self.clean_note(&note);
            self.event(Event::Note {
                kind: note.kind.clone(),
                object: note.object.clone(),
                reason: note.reason.clone(),
            });
            kept.push(note);
        }
    }

    /// Fails as soon as the operator cancels.
    async fn cancelled(&self) -> Error {
        self.context.cancel.cancelled().await;
        Error::cancelled("cancelled; nothing of this operation counts")
    }

    /// An error as the operator is told it.
    fn finished(&self, error: Error) -> Error {
        self.context.causes.restore(error).map_text(|text| self.clean(text))
    }

    /// Ends a quiet operation.
    async fn close<T>(self, result: Result<T>) -> Result<T> {
        self.context.running.close();
        let _ = tokio::time::timeout(CLOSING, self.context.running.wait()).await;
        result.map_err(|error| self.finished(error))
    }

    /// Ends the operation: waits until all of it has ended, cleans up after it if it failed, and tells.
    async fn end(self, parties: &[&Party], result: Result<Outcome>) -> Result<Outcome> {
        // What still runs in a sandbox that was dropped has to come to an end too.
        if result.is_err() {
            self.context.cancel.cancel();
        }
        self.context.running.close();
        let _ = tokio::time::timeout(CLOSING, self.context.running.wait()).await;
        match result {
            Ok(outcome) => {
                outcome.report().into_iter().for_each(|report| self.event(report));
                self.event(Event::Finished {
                    backup: outcome.backup.clone(),
                    units: outcome.totals.units,
                    bytes: outcome.totals.bytes,
                    rows: outcome.totals.rows,
                    seconds: self.began.elapsed().as_secs_f64(),
                    stored_bytes: outcome.stored_bytes,
                    failed: outcome.failed(),
                    missing_rows: outcome.missing_rows,
                });
                Ok(outcome)
            }
            Err(error) => {
                let touched = self.context.let_in.load(Ordering::Relaxed);
                for party in parties.iter().filter(|_| touched) {
                    self.clean_up_after(party).await;
                }
                let error = self.finished(error);
                self.event(Event::Failed {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                    causes: error.causes(),
                    hint: error.hint().map(str::to_owned),
                });
                Err(error)
            }
        }
    }

    /// Takes away what the operation made on a server.
    async fn take_away(&self, party: &Party) -> Result<()> {
        let environment = Environment {
            sink: Arc::clone(&self.context.sink),
            redactor: self.context.redactor.clone(),
            cancel: CancellationToken::new(),
            limits: self.limits,
        };
        cleanup::quietly(party, self.id(), environment).await.map(drop)
    }

    async fn clean_up_after(&self, party: &Party) {
        if let Err(error) = self.take_away(party).await {
            let error = error.map_text(|text| self.clean(text));
            self.event(Event::Note {
                kind: "warning".to_owned(),
                object: party.name.clone(),
                reason: format!(
                    "what this operation may have left there couldn't be taken away ({error}); \
                     run `cofferdam cleanup {} --instance {}` once it can be reached",
                    self.id(),
                    party.name
                ),
            });
        }
    }
}
