//! A stream of a backup: bytes go in, and a record of its chunks comes out.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::repository::boundaries::Boundaries;
use crate::repository::cutter::PIECE;
use crate::repository::manifest::StreamRecord;
use crate::repository::pipeline::Pipeline;
use crate::repository::writer::Shared;

/// Pieces that wait for the stream's thread; with [`PIECE`] it bounds what is taken in ahead.
const AHEAD: usize = 2;

/// One content-chunked stream. Several units may be laid end to end in it.
///
/// Cutting, hashing, compressing and sealing happen on a thread of the stream's own. Dropping it stops the thread; what
/// was stored stays as garbage.
pub struct StreamWriter {
    pieces: mpsc::Sender<Piece>,
    worker: Option<JoinHandle<Result<StreamRecord>>>,
    position: u64,
    boundaries: Boundaries,
}

/// What goes to the stream's thread.
enum Piece {
    Bytes(Bytes, Vec<usize>),
    Cut,
    /// Without it the thread knows that the writer was dropped.
    End,
}

impl StreamWriter {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self> {
        let inner = &shared.repository.inner;
        let boundaries = Boundaries::new(inner.config.chunking, inner.keys.rows.clone());
        let mut pipeline = Pipeline::new(shared, Handle::current())?;
        let (pieces, mut incoming) = mpsc::channel(AHEAD);
        let worker = tokio::task::spawn_blocking(move || {
            loop {
                match incoming.blocking_recv() {
                    Some(Piece::Bytes(bytes, ends)) => pipeline.push(&bytes, &ends)?,
                    Some(Piece::Cut) => pipeline.cut()?,
                    Some(Piece::End) => return pipeline.finish(),
                    None => return Err(Error::cancelled("the stream was given up")),
                }
            }
        });
        Ok(Self { pieces, worker: Some(worker), position: 0, boundaries })
    }

    /// Chooses the rows behind which a chunk of this stream may end.
    #[must_use]
    pub fn boundaries(&self) -> Boundaries {
        self.boundaries.clone()
    }

    /// Takes bytes in, as fast as they can be stored. `ends` says behind how many of them a row ends that was chosen by
    /// [`boundaries`](Self::boundaries), rising; equal rows give equal chunks only to a writer that always says so.
    ///
    /// # Errors
    /// Whatever made the stream fail before, told once: "storage" if a chunk couldn't be stored.
    pub async fn write(&mut self, mut bytes: Bytes, ends: &[usize]) -> Result<()> {
        let mut before = 0;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            let length = piece.len();
            let within = ends.iter().filter_map(|end| end.checked_sub(before)).filter(|end| (1..=length).contains(end));
            if self.pieces.send(Piece::Bytes(piece, within.collect())).await.is_err() {
                return Err(self.failure().await);
            }
            self.position += length as u64;
            before += length;
        }
        Ok(())
    }

    /// Ends the current chunk, so that what comes next is cut the same way whatever was before it.
    ///
    /// # Errors
    /// As [`StreamWriter::write`].
    pub async fn cut(&mut self) -> Result<()> {
        match self.pieces.send(Piece::Cut).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Bytes that were written so far: where the next unit begins.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Ends the stream. When it returns, every chunk is durable.
    ///
    /// # Errors
    /// Whatever made the stream fail: "storage" if a chunk couldn't be stored.
    pub async fn finish(self) -> Result<StreamRecord> {
        self.end().await.stored().await
    }

    /// Says that this was all. The stream's thread stores the rest while another stream is written.
    pub async fn end(self) -> EndedStream {
        // If the thread is gone, joining it says why.
        let _ = self.pieces.send(Piece::End).await;
        EndedStream(self)
    }

    async fn failure(&mut self) -> Error {
        match self.join().await {
            Err(error) => error,
            Ok(_) => Error::internal("a stream ended before it was finished"),
        }
    }

    async fn join(&mut self) -> Result<StreamRecord> {
        let Some(worker) = self.worker.take() else {
            return Err(Error::internal("a stream that failed before was used again"));
        };
        worker.await.map_err(|e| Error::internal("a stream's thread ended early").with_cause(e))?
    }
}

/// A stream that has ended and may not be stored as a whole yet. Dropping it changes nothing of that.
#[derive(Debug)]
pub struct EndedStream(StreamWriter);

impl EndedStream {
    /// Waits until every chunk is durable.
    ///
    /// # Errors
    /// Whatever made the stream fail: "storage" if a chunk couldn't be stored.
    pub async fn stored(mut self) -> Result<StreamRecord> {
        self.0.join().await
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWriter").field("position", &self.position).finish_non_exhaustive()
    }
}
