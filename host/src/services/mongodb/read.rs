//! Cursors as streams of bytes. Documents pass without being decoded.

use std::time::Duration;

use bson::{RawDocument, RawDocumentBuf};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use mongodb::raw_batch_cursor::{RawBatch, RawBatchCursor};
use tokio::sync::{mpsc, oneshot};

use super::connect::Member;
use super::error::from_driver;
use crate::error::{Error, Result};
use crate::services::Context;
use crate::services::stream::CAPACITY;

/// Bytes of a piece.
const PIECE: usize = 64 << 10;
/// Bytes that a plugin may list at once.
const MOST_LISTED: usize = 64 << 20;

/// A cursor that is being read.
pub(super) struct Reading {
    /// The documents, end to end, in pieces that don't end where documents do.
    pub(super) data: mpsc::Receiver<Bytes>,
    /// How many there were, once the server has no more.
    pub(super) done: oneshot::Receiver<Result<u64>>,
}

/// Runs a command that opens a cursor.
pub(super) async fn open(member: &Member, database: &str, command: Vec<u8>) -> Result<RawBatchCursor> {
    open_waiting(member, database, command, None).await
}

/// Runs a command that opens a cursor; the server holds an empty batch back for so long, where the cursor waits for more.
pub(super) async fn open_waiting(
    member: &Member,
    database: &str,
    command: Vec<u8>,
    wait: Option<Duration>,
) -> Result<RawBatchCursor> {
    let command = document(command)?;
    let batch = batch_size(&command);
    let database = member.client.database(database);
    let mut run = database.run_raw_cursor_command(command).selection_criteria(member.reads.clone());
    if let Some(batch) = batch {
        run = run.batch_size(batch);
    }
    if let Some(wait) = wait {
        run = run.max_time(wait);
    }
    run.batch().await.map_err(|error| from_driver(&error, &member.server))
}

/// Opens a cursor on what was written last.
pub(super) async fn open_at_primary(
    member: &Member,
    database: &str,
    command: RawDocumentBuf,
) -> Result<RawBatchCursor> {
    let opened = member.client.database(database).run_raw_cursor_command(command).batch().await;
    opened.map_err(|error| from_driver(&error, &member.server))
}

/// Bytes that a plugin gave as a document.
pub(super) fn document(bytes: Vec<u8>) -> Result<RawDocumentBuf> {
    RawDocumentBuf::from_bytes(bytes).map_err(|_| Error::invalid_options("the command isn't a BSON document"))
}

/// `batchSize` of find, and of aggregate and the lists in `cursor`.
fn batch_size(command: &RawDocument) -> Option<u32> {
    let size = |document: &RawDocument| document.get_i32("batchSize").ok().and_then(|size| u32::try_from(size).ok());
    size(command).or_else(|| command.get_document("cursor").ok().and_then(size)).filter(|size| *size > 0)
}

/// Reads a cursor to its end. While one batch is handed on, the next is fetched. If nobody takes the pieces any more, or
/// the operation is cancelled, the cursor is closed on the server.
pub(super) fn start(mut cursor: RawBatchCursor, member: Member, context: &Context) -> Reading {
    let (pieces, data) = mpsc::channel(CAPACITY);
    let (done_sender, done) = oneshot::channel();
    let (batches, mut fetched) = mpsc::channel::<Result<Option<RawBatch>>>(1);
    let cancel = context.cancel.clone();
    context.running.spawn(async move {
        loop {
            let next = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Error::cancelled("cancelled")),
                () = batches.closed() => return,
                next = cursor.next() => next.transpose().map_err(|error| from_driver(&error, &member.server)),
            };
            let last = !matches!(next, Ok(Some(_)));
            if batches.send(next).await.is_err() || last {
                return;
            }
        }
    });
    context.running.spawn(async move {
        let handing_on = async {
            let (mut documents, mut piece) = (0, BytesMut::with_capacity(PIECE));
            // The end is said, so that a task that dies can't pass for one.
            while let Some(batch) =
                fetched.recv().await.unwrap_or_else(|| Err(Error::internal("the cursor was lost")))?
            {
                documents += hand_on(&batch, &mut piece, &pieces).await?;
            }
            if !piece.is_empty() {
                pieces.send(piece.freeze()).await.map_err(|_| unread())?;
            }
            Ok(documents)
        };
        let result = handing_on.await;
        drop(pieces);
        // Whoever asked may be gone.
        let _ = done_sender.send(result);
    });
    Reading { data, done }
}

async fn hand_on(batch: &RawBatch, piece: &mut BytesMut, pieces: &mpsc::Sender<Bytes>) -> Result<u64> {
    let mut count = 0;
    for document in batch.doc_slices().map_err(|_| malformed())? {
        let mut rest = document.ok().and_then(|value| value.as_document()).ok_or_else(malformed)?.as_bytes();
        count += 1;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PIECE - piece.len()));
            piece.extend_from_slice(now);
            rest = later;
            if piece.len() == PIECE {
                let full = std::mem::replace(piece, BytesMut::with_capacity(PIECE));
                pieces.send(full.freeze()).await.map_err(|_| unread())?;
            }
        }
    }
    Ok(count)
}

/// All documents of a cursor that has few.
pub(super) async fn list(mut cursor: RawBatchCursor, member: &Member) -> Result<Vec<Vec<u8>>> {
    let (mut documents, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = cursor.next().await {
        let batch = batch.map_err(|error| from_driver(&error, &member.server))?;
        for document in batch.doc_slices().map_err(|_| malformed())? {
            let document = document.ok().and_then(|value| value.as_document()).ok_or_else(malformed)?;
            bytes += document.as_bytes().len();
            if bytes > MOST_LISTED {
                return Err(Error::unsupported("the server's answer is longer than a plugin may take at once"));
            }
            documents.push(document.as_bytes().to_vec());
        }
    }
    Ok(documents)
}

fn malformed() -> Error {
    Error::corrupt("the server sent a batch that isn't one of documents")
}

fn unread() -> Error {
    Error::cancelled("nobody reads the documents any more")
}
