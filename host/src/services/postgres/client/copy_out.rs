//! COPY ... TO STDOUT.

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::Client;
use super::answer::{Answer, Verb};
use crate::error::{Error, Result};

/// Pieces that may wait for whoever takes them; when they do, the socket isn't read.
const WAITING_PIECES: usize = 2;

/// A COPY TO STDOUT that the server has begun.
pub struct CopyOut {
    /// The data, in pieces of up to 256 KiB that don't end where rows do. Its end doesn't tell an end from a failure:
    /// only `done` does, which also keeps the session open. If it is dropped early, what is left is read and thrown away; to stop the server
    /// too, drop every handle to the session.
    pub data: mpsc::Receiver<Bytes>,
    /// Resolves once the server has completed the command and is ready for the next: to COPY's row count, or to what
    /// the server or the connection failed with, even behind the last byte. Not before `data` was read to its end or
    /// dropped.
    pub done: BoxFuture<'static, Result<u64>>,
}

impl Client {
    /// Runs statements of which the last is COPY ... TO STDOUT; those before it must return nothing. Returns as soon as
    /// the COPY begins.
    ///
    /// # Errors
    /// As [`Client::execute`]; `invalid-options` if there is no COPY TO STDOUT.
    pub async fn copy_out(&self, sql: Bytes) -> Result<CopyOut> {
        let (data_sender, data) = mpsc::channel(WAITING_PIECES);
        let (started_sender, started) = oneshot::channel();
        let (done_sender, done) = oneshot::channel();
        let download = Download {
            started: Some(started_sender),
            data: Some(data_sender),
            done: done_sender,
            copies: 0,
            rows: None,
        };
        self.run(sql, Answer::new(Verb::CopyOut(download)), None).await?;
        self.wait(started).await?;
        let client = self.clone();
        Ok(CopyOut { data, done: Box::pin(async move { client.wait(done).await }) })
    }
}

/// The session's end of a COPY TO STDOUT.
#[derive(Debug)]
pub(super) struct Download {
    started: Option<oneshot::Sender<Result<()>>>,
    data: Option<mpsc::Sender<Bytes>>,
    done: oneshot::Sender<Result<u64>>,
    /// How many COPYs the text turned out to have.
    copies: u32,
    rows: Option<u64>,
}

impl Download {
    /// The server begins to copy.
    pub(super) fn begin(&mut self) {
        self.copies = self.copies.saturating_add(1);
        match self.started.take() {
            Some(started) => _ = started.send(Ok(())),
            // The data of a second COPY must not pass for that of the first.
            None => self.data = None,
        }
    }

    /// Passes a piece on, as soon as there is room for it.
    pub(super) async fn deliver(&mut self, piece: &mut BytesMut) {
        if let (Some(data), None) = (&self.data, &self.started)
            && data.send(std::mem::take(piece).freeze()).await.is_err()
        {
            self.data = None;
        }
        piece.clear();
    }

    /// A command has completed; COPY's own completion comes first after its data.
    pub(super) fn complete(&mut self, rows: u64) {
        if self.copies > 0 && self.rows.is_none() {
            self.rows = Some(rows);
        }
    }

    pub(super) fn finish(self, error: Option<Error>) {
        let result = match (error, self.rows) {
            (Some(error), _) => Err(error),
            (None, Some(_)) if self.copies > 1 => {
                Err(Error::invalid_options("the SQL text has more than one COPY TO STDOUT"))
            }
            (None, Some(rows)) => Ok(rows),
            (None, None) => Err(Error::invalid_options("the SQL text has no COPY TO STDOUT")),
        };
        // Whoever asked may be gone.
        match self.started {
            Some(started) => _ = started.send(result.map(|_| ())),
            None => _ = self.done.send(result),
        }
    }
}
