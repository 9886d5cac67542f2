//! Cursors: what is left to read, and from which moment.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::time::{Duration, Instant};

use bson::Document;
use bytes::Bytes;

use super::stream::Stream;
use super::{Place, SessionId, Store, Time};
use crate::doubles::mongodb::bson::Key;
use crate::doubles::mongodb::failure::{CAPPED_POSITION_LOST, CURSOR_NOT_FOUND, Failure, Result};
use crate::doubles::mongodb::query;

/// An open cursor.
#[derive(Debug)]
pub struct Cursor {
    /// What it reads.
    pub namespace: String,
    /// In which session it was opened.
    pub session: Option<SessionId>,
    /// What is left.
    pub source: Source,
    /// How many documents may still come.
    pub limit: Option<u64>,
    /// Whether it is kept, however long nobody asks.
    pub no_timeout: bool,
    /// When it was used last.
    pub used: Instant,
}

/// What is left of a cursor.
#[derive(Debug)]
pub enum Source {
    /// Documents that were found already.
    Found(VecDeque<Bytes>),
    /// A collection.
    Scan(Box<Scan>),
    /// What changes.
    Stream(Box<Stream>),
}

/// Reading a collection from its beginning to its end.
#[derive(Debug)]
pub struct Scan {
    /// The collection's number: a renaming doesn't end the scan.
    pub number: u64,
    /// The moment; without one, each batch sees what is there when it is read.
    pub at: Option<Time>,
    /// Which documents.
    pub filter: Document,
    /// Which fields.
    pub projection: Document,
    /// Where it goes on.
    pub order: Order,
    /// Whether it waits at the end for more.
    pub tailable: bool,
}

/// The order of a scan, and how far it is.
#[derive(Debug)]
pub enum Order {
    /// As the documents lie; from behind this one.
    Natural(Bound<Place>),
    /// By `_id`, within these bounds.
    Id(Bound<Key>, Bound<Key>),
}

/// All open cursors by their number.
#[derive(Debug, Default)]
pub struct Cursors {
    open: BTreeMap<i64, Cursor>,
    next: i64,
}

impl Cursors {
    /// Keeps a cursor and gives its number.
    pub fn keep(&mut self, cursor: Cursor) -> i64 {
        // Numbers aren't guessable on a server; a large one also finds clients that cut it to 32 bits.
        self.next += 0x0001_0000_0001;
        self.open.insert(self.next, cursor);
        self.next
    }

    /// Puts a cursor back under its number.
    pub fn put_back(&mut self, number: i64, cursor: Cursor) {
        self.open.insert(number, cursor);
    }

    /// Takes a cursor out; one that wasn't used for `timeout` is gone (MongoDB manual, `cursorTimeoutMillis`).
    ///
    /// # Errors
    /// [`CURSOR_NOT_FOUND`].
    pub fn take(&mut self, number: i64, timeout: Duration) -> Result<Cursor> {
        let cursor = self.open.remove(&number).filter(|cursor| cursor.no_timeout || cursor.used.elapsed() <= timeout);
        cursor.ok_or_else(|| Failure::new(CURSOR_NOT_FOUND, format!("cursor id {number} not found")))
    }

    /// Closes a cursor; whether it was there.
    pub fn kill(&mut self, number: i64) -> bool {
        self.open.remove(&number).is_some()
    }

    /// Closes the cursors of a session (MongoDB manual, `endSessions`).
    pub fn end_session(&mut self, session: &[u8]) {
        self.open.retain(|_, cursor| cursor.session.as_deref() != Some(session));
    }

    /// Closes all.
    pub fn clear(&mut self) {
        self.open.clear();
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open.len()
    }
}

impl Store {
    /// The next documents of a cursor: at most `count`, and at most `bytes` unless the first is larger alone. With it
    /// whether that is the end.
    ///
    /// # Errors
    /// If the moment is too old, the collection is gone, or what a tailable cursor had read last is.
    pub fn next_batch(&self, cursor: &mut Cursor, count: usize, bytes: usize) -> Result<(Vec<Bytes>, bool)> {
        let mut batch = Batch { documents: Vec::new(), room: bytes, count, limit: cursor.limit };
        let ended = match &mut cursor.source {
            Source::Found(documents) => {
                while let Some(document) = documents.front().filter(|document| batch.takes(document)) {
                    batch.documents.push(document.clone());
                    documents.pop_front();
                }
                documents.is_empty()
            }
            Source::Stream(stream) => self.stream_on(stream, &mut batch).map(|()| false)?,
            Source::Scan(scan) => self.scan_on(scan, &mut batch)? && !scan.tailable,
        };
        cursor.limit = batch.limit;
        Ok((batch.documents, ended || cursor.limit == Some(0)))
    }

    fn scan_on(&self, scan: &mut Scan, batch: &mut Batch) -> Result<bool> {
        if let Some(at) = scan.at {
            self.check_history(at)?;
        }
        let dropped = || Failure::new(crate::doubles::mongodb::failure::QUERY_PLAN_KILLED, "collection dropped");
        let collection = self.numbered(scan.number).ok_or_else(dropped)?;
        match &mut scan.order {
            Order::Natural(from) => {
                if let Bound::Excluded(place) = *from
                    && scan.tailable
                    && collection.scan(Bound::Unbounded, None).next().is_some_and(|(first, _)| first > place + 1)
                {
                    let message = "CollectionScan died due to position in capped collection being deleted.";
                    return Err(Failure::new(CAPPED_POSITION_LOST, message));
                }
                for (place, document) in collection.scan(*from, scan.at) {
                    if !batch.add(document, &scan.filter, &scan.projection)? {
                        return Ok(false);
                    }
                    *from = Bound::Excluded(place);
                }
            }
            Order::Id(from, to) => {
                for (id, _, document) in collection.by_id((from.clone(), to.clone()), scan.at) {
                    if !batch.add(document, &scan.filter, &scan.projection)? {
                        return Ok(false);
                    }
                    *from = Bound::Excluded(id.clone());
                }
            }
        }
        Ok(true)
    }
}

/// A batch that is being filled.
pub(super) struct Batch {
    pub(super) documents: Vec<Bytes>,
    room: usize,
    count: usize,
    limit: Option<u64>,
}

impl Batch {
    /// Whether this one still goes in.
    pub(super) fn takes(&mut self, document: &Bytes) -> bool {
        let fits = self.documents.is_empty() || document.len() <= self.room;
        if self.documents.len() >= self.count || self.limit == Some(0) || !fits {
            return false;
        }
        self.room = self.room.saturating_sub(document.len());
        self.limit = self.limit.map(|limit| limit - 1);
        true
    }

    /// Adds what is left of a document, if the filter takes it; false if the batch is full before it.
    fn add(&mut self, document: &Bytes, filter: &Document, projection: &Document) -> Result<bool> {
        if self.documents.len() >= self.count || self.limit == Some(0) {
            return Ok(false);
        }
        if !query::matches_document(filter, document)? {
            return Ok(true);
        }
        let document = query::project(document, projection)?;
        let takes = self.takes(&document);
        if takes {
            self.documents.push(document);
        }
        Ok(takes)
    }
}
