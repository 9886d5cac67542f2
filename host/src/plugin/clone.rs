//! `cofferdam:engine/clone`: a copy that a server makes by itself.

use super::convert::{Options, Summary};
use super::sandbox::Sandbox;
use crate::error::Result;
use crate::services::Endpoint;
use crate::services::bindings::exports::cofferdam::engine::clone as wit;

/// How a server is to copy a database.
#[derive(Clone, Debug, Default)]
pub struct CloneOptions {
    /// The operation's id.
    pub operation: String,
    /// The database to copy, if not the source's own.
    pub source: Option<String>,
    /// The database to make, if it isn't to bear the same name.
    pub target: Option<String>,
    /// "fail", "replace" or "append".
    pub if_exists: String,
    /// Whether the copy mustn't act on anything outside of it.
    pub neutral: bool,
    /// Named values that the engine knows.
    pub extra: Options,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Cloned {
    /// The server made the copy.
    Copied(Summary),
    /// It can't, for this reason, and nothing was changed.
    NotHere(String),
}

impl Sandbox {
    /// Has the server copy a database by itself, if both endpoints are one server that can.
    ///
    /// # Errors
    /// The plugin's, or its failure; then the copy isn't there under its name.
    pub async fn clone_inside(&self, source: &Endpoint, target: &Endpoint, options: CloneOptions) -> Result<Cloned> {
        let (source, target) = (source.clone(), target.clone());
        let options = wit::CloneOptions {
            operation_id: options.operation,
            source: options.source,
            target: options.target,
            if_exists: options.if_exists,
            neutral: options.neutral,
            extra: options.extra,
        };
        let outcome = self
            .call("clone", move |accessor, exports| {
                Box::pin(async move {
                    let lend = |endpoint| accessor.with(|mut a| a.get().services.lend(endpoint));
                    let (source, target) = (lend(source)?, lend(target)?);
                    let clone = exports.clone.as_ref().ok_or_else(|| wasmtime::Error::msg("it has no clone"))?;
                    clone.call_clone(accessor, source, target, options).await
                })
            })
            .await??;
        Ok(match outcome {
            wit::Outcome::Copied(summary) => Cloned::Copied(summary.into()),
            wit::Outcome::NotHere(reason) => Cloned::NotHere(reason),
        })
    }
}
