//! The handle to a session, and what it asks of it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::DropGuard;

use super::answer::Answer;
use super::copy_in::Upload;
use super::ending::Ending;
use crate::error::{Error, Result};

/// A session. Clones are handles to the same one.
///
/// Calls may overlap: their statements are sent at once and answered in order. Beside an open COPY, others wait.
/// When the last handle goes while a statement runs, the statement is cancelled on the server and the session is
/// closed.
#[derive(Clone)]
pub struct Client(Arc<Handle>);

struct Handle {
    requests: mpsc::Sender<Request>,
    ending: watch::Receiver<Option<Ending>>,
    _abandon: DropGuard,
}

/// What the session's task is asked to do.
pub(super) enum Request {
    /// To run a text of statements.
    Run { sql: Bytes, answer: Answer, upload: Option<Upload> },
    /// To end the session behind everything that was asked before.
    Close,
}

impl Client {
    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        ending: watch::Receiver<Option<Ending>>,
        abandon: DropGuard,
    ) -> Self {
        Self(Arc::new(Handle { requests, ending, _abandon: abandon }))
    }

    /// Hands `sql` to the session.
    pub(super) async fn run(&self, sql: Bytes, answer: Answer, upload: Option<Upload>) -> Result<()> {
        if sql.contains(&0) {
            // The protocol ends a statement at its first NUL; the rest would be lost in silence.
            return Err(Error::invalid_options("the SQL text has a NUL byte in it"));
        }
        match self.0.requests.send(Request::Run { sql, answer, upload }).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.why_ended().await),
        }
    }

    /// Waits for an answer.
    pub(super) async fn wait<T>(&self, answer: oneshot::Receiver<Result<T>>) -> Result<T> {
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(self.why_ended().await),
        }
    }

    pub(super) async fn ask_to_close(&self) {
        // It has ended already if nobody takes it.
        let _ = self.0.requests.send(Request::Close).await;
    }

    /// Follows the session's end: holds why, as soon as it is known, and is closed when the socket is.
    pub(super) fn ending(&self) -> watch::Receiver<Option<Ending>> {
        self.0.ending.clone()
    }

    async fn why_ended(&self) -> Error {
        let mut ending = self.ending();
        match ending.wait_for(Option::is_some).await {
            Ok(ending) => ending.as_ref().unwrap_or(&Ending::Closed).error(),
            Err(_) => Error::internal("the session's task ended without saying why"),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("ending", &*self.0.ending.borrow()).finish_non_exhaustive()
    }
}
