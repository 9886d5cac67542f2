//! Bulk inserts of a stream of documents.
//!
//! The `insert` command is made here instead of by the driver's `insert_many`, which gives a document without `_id` one and
//! copies each document three times. What that has over this, a second try after an election or a lost connection, is
//! made here too: the second try takes a document for written if it is there already, byte for byte.

use std::collections::HashSet;

use bson::{Bson, Document, RawArrayBuf, RawDocument, doc, rawdoc};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};

use super::connect::Member;
use super::documents::{Batch, Splitter, has_empty_timestamp};
use super::error::{from_driver, from_server};
use super::read;
use crate::error::{Error, Result};
use crate::services::bindings::cofferdam::host::types;
use crate::services::stream::ByteStream;

/// Bytes at which a batch is full; more doesn't make a server faster, and each of the five batches that a worker has (one is
/// filled, the others are on their way) is in memory a few times: kept for another try, and as the driver's copies, between
/// which the allocator keeps holes that are as large.
const FULL: usize = 256 << 10;
/// Batches on their way at once, so that the next is made while the server works.
const AHEAD: usize = 4;
/// What a server's replies and commands may be larger than a document (MongoDB's BSONObjMaxInternalSize).
const HEADROOM: usize = 16 << 10;
/// How long a majority may take to have a batch, in milliseconds.
const MAJORITY: i32 = 300_000;
/// `_id`s that are looked for at once.
const LOOKED_FOR: usize = 1000;

/// Where documents go.
#[derive(Clone)]
pub(super) struct Insert {
    pub(super) member: Member,
    pub(super) database: String,
    pub(super) collection: String,
    /// The attempt before may have written some of it.
    pub(super) repeated: bool,
    pub(super) ordered: bool,
}

impl Insert {
    /// Inserts a stream's documents.
    ///
    /// # Errors
    /// What the server refuses; `cancelled` if the stream isn't whole. What was inserted before stays.
    pub(super) async fn run(
        self,
        mut data: ByteStream,
        complete: oneshot::Receiver<std::result::Result<(), types::Error>>,
    ) -> Result<u64> {
        let mut splitter = Splitter::new(self.member.hello.max_document + HEADROOM);
        let command = self.command()?;
        let (mut batch, mut on_their_way) = (Batch::new(&command, buffer())?, JoinSet::new());
        let (mut documents, mut free) = (0, Vec::new());
        let ahead = if self.ordered { 1 } else { AHEAD };
        while let Some(piece) = data.next().await {
            splitter.push(&piece);
            while let Some(document) = splitter.next()? {
                let full = batch.count() == self.member.hello.max_batch || batch.bytes() + document.len() > FULL;
                if full && batch.count() > 0 {
                    // A document that is larger than a batch goes alone.
                    let large = batch.bytes() > FULL;
                    while on_their_way.len() >= ahead || large && !on_their_way.is_empty() {
                        free.extend(arrived(on_their_way.join_next().await)?);
                    }
                    let next = Batch::new(&command, free.pop().unwrap_or_else(buffer))?;
                    on_their_way.spawn(self.clone().send(std::mem::replace(&mut batch, next)));
                }
                if !self.member.hello.keeps_empty_timestamps && has_empty_timestamp(&document) {
                    return Err(replaced());
                }
                batch.push(&document);
                documents += 1;
            }
        }
        splitter.end()?;
        // A stream that isn't whole ends here, with its last documents not sent.
        match complete.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Error::from(error)),
            Err(_) => return Err(Error::cancelled("the stream's future was dropped, so the stream isn't whole")),
        }
        while self.ordered && !on_their_way.is_empty() {
            arrived(on_their_way.join_next().await)?;
        }
        if batch.count() > 0 {
            on_their_way.spawn(self.send(batch));
        }
        while !on_their_way.is_empty() {
            arrived(on_their_way.join_next().await)?;
        }
        Ok(documents)
    }

    /// Sends a batch, twice if the first try may not have arrived. Gives its buffer back.
    async fn send(self, batch: Batch) -> Result<Vec<u8>> {
        let command = batch.into_command()?;
        match self.attempt(&command, self.repeated).await {
            Err(error) if error.is_retryable() && !self.ordered => {
                self.attempt(&command, true).await.map_err(|_| error)?;
            }
            other => other?,
        }
        Ok(command)
    }

    fn command(&self) -> Result<Vec<u8>> {
        let mut command = doc! {
            "insert": &self.collection,
            "ordered": self.ordered,
            "bypassDocumentValidation": true,
            "writeConcern": { "w": "majority", "wtimeout": MAJORITY },
        };
        // Without it the server puts its time in the place of a timestamp of zeros.
        if self.member.hello.keeps_empty_timestamps {
            command.insert("bypassEmptyTsReplacement", true);
        }
        command
            .to_vec()
            .map_err(|cause| Error::internal("an insert command can't be made").with_cause(cause.to_string()))
    }

    async fn attempt(&self, command: &[u8], repeated: bool) -> Result<()> {
        let database = self.member.client.database(&self.database);
        let run = database.run_raw_command(read::document(command.to_vec())?);
        let reply = run.await.map_err(|error| from_driver(&error, &self.member.server))?;
        if let Ok(error) = reply.get_document("writeConcernError") {
            return Err(refused(error).retryable(true));
        }
        let errors: Vec<&Document> = match reply.get_array("writeErrors") {
            Ok(errors) => errors.iter().filter_map(Bson::as_document).collect(),
            Err(_) => Vec::new(),
        };
        let command = RawDocument::from_bytes(command).map_err(|_| Error::internal("an insert command is broken"))?;
        let sent: Vec<&RawDocument> = documents(command)?;
        if errors.is_empty() {
            return match count(&reply, "n") {
                Some(n) if n == sent.len() as u64 => Ok(()),
                n => Err(Error::corrupt(format!("{} documents were sent and {n:?} inserted", sent.len()))),
            };
        }
        let other = errors.iter().find(|error| count(error, "code") != Some(DUPLICATE_KEY));
        if let Some(error) = other.or(errors.first().filter(|_| !repeated || self.ordered)) {
            return Err(refused(error));
        }
        let missing = || Error::corrupt("the server doesn't say which documents it refused");
        let there: Vec<&RawDocument> = errors
            .iter()
            .map(|error| {
                let index = count(error, "index").and_then(|index| usize::try_from(index).ok());
                index.and_then(|index| sent.get(index)).copied().ok_or_else(missing)
            })
            .collect::<Result<_>>()?;
        for some in there.chunks(LOOKED_FOR) {
            if !self.are_there(some).await? {
                return Err(errors.first().map_or_else(missing, |error| refused(error)));
            }
        }
        Ok(())
    }

    /// Whether all these documents are in the collection, byte for byte.
    async fn are_there(&self, documents: &[&RawDocument]) -> Result<bool> {
        let broken = |_| Error::corrupt("a document can't be read");
        let mut ids = RawArrayBuf::new();
        for document in documents {
            let id = document.get("_id").map_err(broken)?;
            ids.push(id.ok_or_else(|| Error::corrupt("a document without _id is there already"))?);
        }
        let find = rawdoc! { "find": self.collection.as_str(), "filter": { "_id": { "$in": ids } } };
        let cursor = read::open_at_primary(&self.member, &self.database, find).await?;
        let found = read::list(cursor, &self.member).await?;
        let found: HashSet<&[u8]> = found.iter().map(Vec::as_slice).collect();
        Ok(documents.iter().all(|document| found.contains(document.as_bytes())))
    }
}

/// A buffer for a batch, so large that it needn't grow: what grows leaves holes of many sizes behind.
fn buffer() -> Vec<u8> {
    Vec::with_capacity(FULL + HEADROOM)
}

/// What became of a batch that was on its way: its buffer, unless a single document made it large.
fn arrived(ended: Option<std::result::Result<Result<Vec<u8>>, JoinError>>) -> Result<Option<Vec<u8>>> {
    match ended {
        None => Ok(None),
        Some(Ok(result)) => result.map(|buffer| Some(buffer).filter(|buffer| buffer.capacity() <= 2 * FULL)),
        Some(Err(_)) => Err(Error::internal("an insert was lost")),
    }
}

const DUPLICATE_KEY: u64 = 11000;

fn documents(command: &RawDocument) -> Result<Vec<&RawDocument>> {
    let broken = || Error::internal("an insert command is broken");
    let array = command.get_array("documents").map_err(|_| broken())?;
    array.into_iter().map(|value| value.ok().and_then(|value| value.as_document()).ok_or_else(broken)).collect()
}

fn replaced() -> Error {
    Error::unsupported("a document has an empty timestamp, in whose place this server puts its own time")
        .with_hint("restore to MongoDB 8.0 or later, which keeps it")
}

fn refused(error: &Document) -> Error {
    let number = count(error, "code").and_then(|code| i32::try_from(code).ok()).unwrap_or(0);
    from_server(number, error.get_str("codeName").unwrap_or(""), error.get_str("errmsg").unwrap_or("a write failed"))
}

/// A number that is a count; relatives of MongoDB use other types.
fn count(document: &Document, name: &str) -> Option<u64> {
    match document.get(name)? {
        Bson::Int32(n) => u64::try_from(*n).ok(),
        Bson::Int64(n) => u64::try_from(*n).ok(),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count; others are none")]
        Bson::Double(n) if *n >= 0.0 && n.fract() == 0.0 => Some(*n as u64),
        _ => None,
    }
}
