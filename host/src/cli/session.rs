//! What a command works with.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::global::Global;
use super::output::Ui;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::operation::Environment;
use crate::plugin::Limits;
use crate::secrets::{Secret, SecretRef};

/// One run of the program.
pub struct Session {
    /// Prints.
    pub ui: Arc<Ui>,
    /// The options that every command has.
    pub global: Global,
    /// Cancelled by Ctrl-C and SIGTERM.
    pub cancel: CancellationToken,
}

impl Session {
    pub(super) fn new(ui: Arc<Ui>, global: Global, cancel: CancellationToken) -> Self {
        Self { ui, global, cancel }
    }

    /// The operator's configuration. Read when it is needed: a command that doesn't must not fail by it.
    pub fn config(&self) -> Result<Config> {
        Config::load(self.global.config.as_deref())
    }

    /// Fetches a secret, warns of how it is kept, and keeps it out of all output from now on.
    pub async fn secret(&self, reference: &SecretRef) -> Result<Secret> {
        let resolved = self.or_cancelled(reference.resolve()).await?;
        self.ui.learn(&resolved.secret);
        resolved.notes.iter().for_each(|note| self.ui.warn(note));
        Ok(resolved.secret)
    }

    /// Has a secret typed in by `ask`, and keeps it out of all output from now on.
    pub async fn typed(&self, ask: impl FnOnce() -> Result<Secret> + Send + 'static) -> Result<Secret> {
        // Typing blocks a thread, which the end of the process may leave behind.
        let asked = tokio::task::spawn_blocking(ask);
        let secret = self
            .or_cancelled(async { asked.await.map_err(|e| Error::internal("can't ask for a secret").with_cause(e))? })
            .await?;
        self.ui.learn(&secret);
        Ok(secret)
    }

    /// What an operation needs. To be made after the last secret was fetched. An operation that fails cancels what still
    /// runs of it, so each has a token of its own: the next one must not be cancelled with it.
    pub fn environment(&self, config: &Config) -> Environment {
        Environment {
            sink: self.ui.sink(),
            redactor: self.ui.redactor(),
            cancel: self.cancel.child_token(),
            limits: limits(config),
        }
    }

    /// Waits for `work`, but not longer than until the operator cancels. For what can be left at any point.
    pub async fn or_cancelled<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = work => result,
            () = self.cancel.cancelled() => Err(Error::cancelled("stopped")),
        }
    }
}

fn limits(config: &Config) -> Limits {
    let default = Limits::default();
    let set = &config.limits;
    Limits {
        memory: set.memory.map_or(default.memory, |m| usize::try_from(m.bytes()).unwrap_or(usize::MAX)),
        cpu: set.cpu.map_or(default.cpu, |p| p.duration()),
        wall: set.wall.map_or(default.wall, |p| p.duration()),
    }
}
