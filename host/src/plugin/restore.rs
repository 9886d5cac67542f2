//! `cofferdam:engine/restore`: a session that writes units.

use tokio::sync::oneshot;
use wasmtime::component::ResourceAny;

use super::convert::{self, Finding, Note, Options, Summary, Unit};
use super::handing::hand_in;
use super::sandbox::{Exports, Sandbox};
use crate::error::Result;
use crate::services::Endpoint;
use crate::services::bindings::cofferdam::engine::units as units_wit;
use crate::services::bindings::exports::cofferdam::engine::restore as wit;
use crate::services::stream::ByteStream;

/// How a restore is to be done.
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// The operation's id.
    pub operation: String,
    /// The database to make, if not the one that the backup was taken of.
    pub database: Option<String>,
    /// "fail", "replace" or "append".
    pub if_exists: String,
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// Whether what is restored mustn't act on anything outside of it.
    pub neutral: bool,
    /// Whether what the server refuses is passed over and told.
    pub keep_going: bool,
    /// Named values that the engine knows.
    pub extra: Options,
}

/// What is restored.
#[derive(Clone, Debug)]
pub struct Source {
    /// The engine that made it.
    pub engine: String,
    /// The server that it was made of.
    pub server_version: String,
    /// Its units.
    pub units: Vec<Unit>,
    /// The plan's own notes.
    pub extra: Options,
}

/// A target that is ready.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// How other sessions find it; none if the leader writes everything.
    pub token: Option<String>,
    /// The units that are wanted; none for all of them.
    pub units: Option<Vec<String>>,
}

impl Source {
    pub(super) fn for_plugin(&self) -> units_wit::Source {
        units_wit::Source {
            engine: self.engine.clone(),
            server_version: self.server_version.clone(),
            units: self.units.iter().cloned().map(units_wit::Unit::from).collect(),
            extra: self.extra.clone(),
        }
    }
}

/// A session that writes units: the leading one, or one that joined it.
#[derive(Clone)]
pub struct RestoreSession {
    sandbox: Sandbox,
    session: ResourceAny,
}

fn exported(exports: &Exports) -> wasmtime::Result<&wit::Guest> {
    exports.restore.as_ref().ok_or_else(|| wasmtime::Error::msg("it has no restore"))
}

impl RestoreSession {
    /// Opens a session; without a token it leads, with one it joins.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn open(
        sandbox: Sandbox,
        target: &Endpoint,
        options: &RestoreOptions,
        token: Option<&str>,
    ) -> Result<Self> {
        let (target, token) = (target.clone(), token.map(str::to_owned));
        let options = wit::RestoreOptions {
            operation_id: options.operation.clone(),
            database: options.database.clone(),
            if_exists: options.if_exists.clone(),
            only: options.only.clone(),
            except: options.except.clone(),
            neutral: options.neutral,
            keep_going: options.keep_going,
            extra: options.extra.clone(),
        };
        let session = sandbox
            .call("opening a session", move |accessor, exports| {
                Box::pin(async move {
                    let target = accessor.with(|mut a| a.get().services.lend(target))?;
                    let sessions = exported(exports)?.session();
                    match token {
                        None => sessions.call_lead(accessor, target, options).await,
                        Some(token) => sessions.call_join(accessor, target, options, token).await,
                    }
                })
            })
            .await??;
        Ok(Self { sandbox, session })
    }

    /// What would happen, and what would stop it. Changes nothing.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn check(&self, source: &Source) -> Result<Vec<Finding>> {
        let (session, source) = (self.session, source.for_plugin());
        let findings = self
            .sandbox
            .call("check", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_check(accessor, session, source).await })
            })
            .await??;
        Ok(convert::findings(findings))
    }

    /// Makes the target ready.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn prepare(&self, source: &Source) -> Result<Prepared> {
        let (session, source) = (self.session, source.for_plugin());
        let prepared = self
            .sandbox
            .call("prepare", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_prepare(accessor, session, source).await })
            })
            .await??;
        Ok(Prepared { token: prepared.token, units: prepared.units })
    }

    /// Writes a unit. It counts only if the stream ended and `complete` said that it is whole; a `complete` that is
    /// dropped says that it isn't.
    ///
    /// # Errors
    /// The plugin's, or its failure; then nothing of the unit is there.
    pub async fn write(
        &self,
        unit: &Unit,
        attempt: u32,
        data: ByteStream,
        complete: oneshot::Receiver<Result<()>>,
    ) -> Result<Summary> {
        let (session, unit) = (self.session, units_wit::Unit::from(unit.clone()));
        let summary = self
            .sandbox
            .call("write", move |accessor, exports| {
                Box::pin(async move {
                    let (data, complete) = hand_in(accessor, data, complete)?;
                    let sessions = exported(exports)?.session();
                    sessions.call_write(accessor, session, unit, attempt, data, complete).await
                })
            })
            .await??;
        Ok(summary.into())
    }

    /// Closes the session.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn close(self) -> Result<()> {
        let session = self.session;
        self.sandbox
            .call("close", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_close(accessor, session).await })
            })
            .await??;
        Ok(())
    }

    /// Makes the result visible; by the leader, after every worker has closed.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn finish(&self) -> Result<Vec<Note>> {
        let session = self.session;
        let notes = self
            .sandbox
            .call("finish", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.session().call_finish(accessor, session).await })
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
