//! Runs statements whose rows nobody wants.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Client;
use super::answer::{Answer, Verb};
use crate::error::Result;

/// What statements did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows, as the last statement's command tag says; 0 if it has no number.
    pub affected: u64,
    /// Notices and warnings, in order: the first thousand.
    pub messages: Vec<String>,
}

impl Client {
    /// Runs one or more statements, in the connection's encoding. Rows that they return are thrown away.
    ///
    /// # Errors
    /// What the server says, with the SQLSTATE as engine code; `invalid-options` for a text with a NUL byte and for
    /// COPY from or to the client; what ended the session.
    pub async fn execute(&self, sql: Bytes) -> Result<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.run(sql, Answer::new(Verb::Execute(sender)), None).await?;
        self.wait(receiver).await
    }
}
