//! `cofferdam:engine/backup`: a session that reads units.

use std::time::Duration;

use tokio::sync::oneshot;
use wasmtime::component::{Accessor, FutureReader, ResourceAny, StreamReader};

use super::convert::{self, Note, Options, Summary, Tally, Unit};
use super::sandbox::{Exports, Sandbox, Tenant};
use crate::error::{Error, Result};
use crate::services::Endpoint;
use crate::services::bindings::cofferdam::{engine::units as units_wit, host::types};
use crate::services::bindings::exports::cofferdam::engine::backup as wit;
use crate::services::stream::{self, ByteStream};

/// What a backup is to hold.
#[derive(Clone, Debug, Default)]
pub struct BackupOptions {
    /// The operation's id.
    pub operation: String,
    /// The database, if not the endpoint's own.
    pub database: Option<String>,
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// How long others may wait for what the session holds before it gives up; none to only tell of it.
    pub max_blocking: Option<Duration>,
    /// Named values that the engine knows.
    pub extra: Options,
}

/// What the leading session found and will give.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How other sessions join the same state, if they can.
    pub join: Option<String>,
    /// Whether a session may still join later.
    pub rejoinable: bool,
    /// "snapshot", "point-in-time", "single-transaction", "per-object".
    pub consistency: String,
    /// When, by the server's clock.
    pub taken_at: Option<String>,
    /// Where in the server's log.
    pub position: Option<String>,
    /// The server's version.
    pub server_version: String,
    /// What there is to read.
    pub units: Vec<Unit>,
    /// How many objects there are of each kind, and what becomes of them.
    pub tallies: Vec<Tally>,
    /// What became of objects.
    pub notes: Vec<Note>,
    /// The plugin's own notes.
    pub extra: Options,
}

impl Plan {
    /// What there is to read, in bytes, as far as the plan knows.
    #[must_use]
    pub fn estimated_bytes(&self) -> u64 {
        self.units.iter().filter_map(|unit| unit.estimated_bytes).fold(0, u64::saturating_add)
    }
}

/// What a plugin says of a stream, as the contract has it.
pub(super) type Summarised = std::result::Result<units_wit::Summary, types::Error>;

/// A unit's stream, and what the plugin says once it is over.
pub struct Reading {
    /// The bytes.
    pub data: ByteStream,
    summary: oneshot::Receiver<Summarised>,
    sandbox: Sandbox,
}

impl Reading {
    /// What a call gave back, as handles of the store behind `accessor`.
    pub(super) fn take(
        accessor: &Accessor<Tenant>,
        data: StreamReader<u8>,
        summary: FutureReader<Summarised>,
        sandbox: Sandbox,
    ) -> wasmtime::Result<Self> {
        accessor.with(|mut a| {
            let summary = stream::awaited(summary, &mut a)?;
            Ok(Self { data: ByteStream::take(data, &mut a)?, summary, sandbox })
        })
    }

    /// The plugin that it comes from.
    #[must_use]
    pub fn plugin(&self) -> &str {
        self.sandbox.name()
    }

    /// Whether the stream ended well. Ask after its end.
    ///
    /// # Errors
    /// The plugin's, or its failure; a future that was never written is one.
    pub async fn summary(self) -> Result<Summary> {
        // The stream's end must be gone, or a plugin that still writes would wait for ever.
        drop(self.data);
        match self.summary.await {
            Ok(summary) => Ok(summary?.into()),
            Err(_) if self.sandbox.has_ended() => Err(self.sandbox.ended("read").await),
            Err(_) => Err(Error::plugin("the plugin ended a unit without saying whether it is whole")),
        }
    }
}

/// A session that reads units: the leading one, or one that joined it.
#[derive(Clone)]
pub struct BackupSession {
    sandbox: Sandbox,
    session: ResourceAny,
}

fn exported(exports: &Exports) -> wasmtime::Result<&wit::Guest> {
    exports.backup.as_ref().ok_or_else(|| wasmtime::Error::msg("it has no backup"))
}

impl BackupSession {
    /// Opens the leading session; without a token it leads, with one it joins.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn open(
        sandbox: Sandbox,
        source: &Endpoint,
        options: &BackupOptions,
        token: Option<&str>,
    ) -> Result<Self> {
        let (source, token) = (source.clone(), token.map(str::to_owned));
        let options = wit::BackupOptions {
            operation_id: options.operation.clone(),
            database: options.database.clone(),
            only: options.only.clone(),
            except: options.except.clone(),
            max_blocking: options.max_blocking.map(|most| u64::try_from(most.as_millis()).unwrap_or(u64::MAX)),
            extra: options.extra.clone(),
        };
        let session = sandbox
            .call("opening a session", move |accessor, exports| {
                Box::pin(async move {
                    let source = accessor.with(|mut a| a.get().services.lend(source))?;
                    let sessions = exported(exports)?.session();
                    match token {
                        None => sessions.call_lead(accessor, source, options).await,
                        Some(token) => sessions.call_join(accessor, source, options, token).await,
                    }
                })
            })
            .await??;
        Ok(Self { sandbox, session })
    }

    /// What there is to read.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn plan(&self) -> Result<Plan> {
        let session = self.session;
        let plan = self
            .sandbox
            .call("planning", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_plan(accessor, session).await })
            })
            .await??;
        Ok(Plan {
            join: plan.join,
            rejoinable: plan.rejoinable,
            consistency: plan.consistency,
            taken_at: plan.taken_at,
            position: plan.position,
            server_version: plan.server_version,
            units: plan.units.into_iter().map(Unit::from).collect(),
            tallies: plan.tallies.into_iter().map(Tally::from).collect(),
            notes: convert::notes(plan.notes),
            extra: plan.extra,
        })
    }

    /// Tells the leader that every worker is in.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn joined(&self) -> Result<()> {
        let session = self.session;
        self.sandbox
            .call("joined", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_joined(accessor, session).await })
            })
            .await??;
        Ok(())
    }

    /// Asks the leader whether the snapshot is good and in nobody's way.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn alive(&self) -> Result<Vec<Note>> {
        let session = self.session;
        let notes = self
            .sandbox
            .call("alive", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_alive(accessor, session).await })
            })
            .await??;
        Ok(convert::notes(notes))
    }

    /// Opens a unit's stream. Reads of one session may overlap.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn read(&self, unit: &Unit) -> Result<Reading> {
        let (session, unit) = (self.session, units_wit::Unit::from(unit.clone()));
        let sandbox = self.sandbox.clone();
        let reading = self
            .sandbox
            .call("read", move |accessor, exports| {
                Box::pin(async move {
                    match exported(exports)?.session().call_read(accessor, session, unit).await? {
                        Err(error) => Ok(Err(error)),
                        Ok((data, summary)) => Reading::take(accessor, data, summary, sandbox).map(Ok),
                    }
                })
            })
            .await??;
        Ok(reading)
    }

    /// Closes the session; the leader says what changed on the server since the plan.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn close(self) -> Result<Vec<Note>> {
        let session = self.session;
        let notes = self
            .sandbox
            .call("close", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_close(accessor, session).await })
            })
            .await??;
        Ok(convert::notes(notes))
    }

    /// Whether its sandbox is gone.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.sandbox.has_ended()
    }
}
