//! COPY ... FROM STDIN.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::Client;
use super::answer::{Answer, Verb};
use crate::error::{Error, Result};

/// Pieces that may wait for the socket.
const WAITING_PIECES: usize = 4;

/// A COPY FROM STDIN that the server has begun. Dropped without [`CopyIn::finish`], it is undone.
#[derive(Debug)]
pub struct CopyIn {
    client: Client,
    data: mpsc::Sender<Piece>,
    /// Taken once it has told of a failure.
    done: Option<oneshot::Receiver<Result<u64>>>,
}

/// What goes to the server while it copies.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    Finish,
    Abort(String),
}

/// What the reading side tells the writing side about a COPY FROM STDIN; the channel closes when the server is ready
/// for the next request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The server wants data.
    Open,
    /// The server has failed and throws away what still comes.
    Failed,
}

/// The writing side's end of a COPY FROM STDIN.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) data: mpsc::Receiver<Piece>,
    pub(super) signals: mpsc::UnboundedReceiver<Signal>,
}

impl Client {
    /// Runs statements of which the last is COPY ... FROM STDIN; those before it must return nothing. Returns as soon
    /// as the server wants data. All of them are one transaction, unless they or the session say otherwise.
    ///
    /// # Errors
    /// As [`Client::execute`]; `invalid-options` if there is no COPY FROM STDIN.
    pub async fn copy_in(&self, sql: Bytes) -> Result<CopyIn> {
        let (data, data_receiver) = mpsc::channel(WAITING_PIECES);
        let (signal_sender, signals) = mpsc::unbounded_channel();
        let (started_sender, started) = oneshot::channel();
        let (done_sender, done) = oneshot::channel();
        let expected = Expected {
            started: Some(started_sender),
            done: done_sender,
            signals: signal_sender,
            copies: 0,
            rows: None,
        };
        let upload = Upload { data: data_receiver, signals };
        self.run(sql, Answer::new(Verb::CopyIn(expected)), Some(upload)).await?;
        self.wait(started).await?;
        Ok(CopyIn { client: self.clone(), data, done: Some(done) })
    }
}

impl CopyIn {
    /// Sends a piece of data, as soon as there is room for it; pieces needn't end where rows do.
    ///
    /// # Errors
    /// What the server says if it has failed; what ended the session.
    pub async fn send(&mut self, data: Bytes) -> Result<()> {
        match self.data.send(Piece::Data(data)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.result().await.err().unwrap_or_else(|| Error::internal("COPY ended before its data"))),
        }
    }

    /// Says that the data is complete, waits until the server has completed the command, and returns COPY's row count.
    ///
    /// # Errors
    /// What the server says; what ended the session. Nothing was copied then, unless the connection was lost while
    /// we waited for the answer: nobody knows in that case.
    pub async fn finish(mut self) -> Result<u64> {
        // If nobody takes it, the result says why.
        let _ = self.data.send(Piece::Finish).await;
        self.result().await
    }

    /// Makes the server undo it, and waits until it has. `reason` shows in the server's log.
    ///
    /// # Errors
    /// What ended the session; the server undoes it then too.
    pub async fn abort(mut self, reason: &str) -> Result<()> {
        let _ = self.data.send(Piece::Abort(reason.replace('\0', " "))).await;
        match self.result().await {
            // The server's answer to CopyFail is an error, and so is what it may have failed with before.
            Err(error) if error.engine_code().is_none() => Err(error),
            _ => Ok(()),
        }
    }

    async fn result(&mut self) -> Result<u64> {
        match self.done.take() {
            Some(done) => self.client.wait(done).await,
            None => Err(Error::conflict("the COPY has failed already")),
        }
    }
}

/// The reading side's end of a COPY FROM STDIN.
#[derive(Debug)]
pub(super) struct Expected {
    started: Option<oneshot::Sender<Result<()>>>,
    done: oneshot::Sender<Result<u64>>,
    signals: mpsc::UnboundedSender<Signal>,
    /// How many COPYs the text turned out to have.
    copies: u32,
    rows: Option<u64>,
}

impl Expected {
    /// The server wants data. The writing side refuses it to a second COPY.
    pub(super) fn begin(&mut self) {
        self.copies = self.copies.saturating_add(1);
        let _ = self.signals.send(Signal::Open);
        if let Some(started) = self.started.take() {
            let _ = started.send(Ok(()));
        }
    }

    /// The server has failed.
    pub(super) fn fail(&mut self) {
        let _ = self.signals.send(Signal::Failed);
    }

    /// A command has completed; those before the COPY don't count.
    pub(super) fn complete(&mut self, rows: u64) {
        if self.copies > 0 && self.rows.is_none() {
            self.rows = Some(rows);
        }
    }

    pub(super) fn finish(self, error: Option<Error>) {
        let result = match (error, self.rows) {
            (Some(_), _) if self.copies > 1 => {
                Err(Error::invalid_options("the SQL text has more than one COPY FROM STDIN"))
            }
            (Some(error), _) => Err(error),
            (None, Some(rows)) => Ok(rows),
            (None, None) => Err(Error::invalid_options("the SQL text has no COPY FROM STDIN")),
        };
        // Whoever asked may be gone.
        match self.started {
            Some(started) => _ = started.send(result.map(|_| ())),
            None => _ = self.done.send(result),
        }
    }
}
