//! Change streams, which servers make of the oplog (MongoDB manual, "Change Streams", "Change Events", `$changeStream`): the
//! events that entries become, and how far a stream is.
//!
//! A resume token's `_data` is hexadecimal and in the order of events (manual, "Resume Tokens"); it begins with the cluster time
//! (the server's `resume_token.h`, `key_string`). With a batch goes the token of its last event, or a high-water mark: that of
//! the last entry that was looked at, once there is nothing more to give (the server's `PlanExecutorPipeline`; driver
//! specification "Change Streams", "postBatchResumeToken").

use std::collections::VecDeque;
use std::ops::Bound;

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::cursor::Batch;
use super::{OPLOG, Place, Store, Time};
use crate::doubles::mongodb::failure::{BAD_VALUE, CAPPED_POSITION_LOST, CHANGE_STREAM_HISTORY_LOST, Failure, Result};
use crate::doubles::mongodb::query::{self, Step, decode};

/// What stands behind the time in a high-water mark, and in the token of an event.
const MARK: &str = "2B0229296E04";
const EVENT: &str = "2B022C0100296E5A1004";

/// Databases of which a stream shows nothing (manual, "Watch a Collection, Database, or Deployment").
const HIDDEN: [&str; 3] = ["admin", "config", "local"];

/// A change stream.
#[derive(Debug)]
pub struct Stream {
    /// The database that it is of; none for all.
    pub database: Option<String>,
    /// `showExpandedEvents`.
    pub expanded: bool,
    /// The stages behind `$changeStream`.
    pub steps: Vec<Step>,
    /// How far it is: the `_data` of a token.
    pub token: String,
    from: Bound<Place>,
    /// Events up to this token came before.
    behind: Option<String>,
    found: VecDeque<(String, Bytes)>,
}

impl Store {
    /// A stream that begins with what happened at a time, or behind what a token stands for.
    ///
    /// # Errors
    /// [`CHANGE_STREAM_HISTORY_LOST`] if the oplog doesn't reach back to there.
    pub fn stream(&self, begin: Time, token: Option<String>) -> Result<Stream> {
        let entries = || self.collection(OPLOG).into_iter().flat_map(|oplog| oplog.scan(Bound::Unbounded, None));
        let (mut from, mut first) = (Bound::Unbounded, None);
        for (place, entry) in entries() {
            let entry = decode(entry)?;
            let is_first = entry.get_document("o").is_ok_and(|o| o.get_str("msg").is_ok_and(|m| m == "initiating set"));
            first = first.or(Some((time_of(&entry)?, is_first)));
            if time_of(&entry)? >= begin {
                break;
            }
            from = Bound::Excluded(place);
        }
        if first.is_none_or(|(first, is_first)| first > begin && !is_first) {
            let message =
                "Resume of change stream was not possible, as the resume point may no longer be in the oplog.";
            return Err(Failure::new(CHANGE_STREAM_HISTORY_LOST, message));
        }
        Ok(Stream {
            database: None,
            expanded: false,
            steps: Vec::new(),
            token: token.clone().unwrap_or_else(|| mark(begin)),
            from,
            behind: token,
            found: VecDeque::new(),
        })
    }

    /// The next events of a stream.
    ///
    /// # Errors
    /// [`CAPPED_POSITION_LOST`] if the oplog forgot what the stream hadn't come to yet.
    pub(super) fn stream_on(&self, stream: &mut Stream, batch: &mut Batch) -> Result<()> {
        let Some(oplog) = self.collection(OPLOG) else { return Ok(()) };
        let oldest = oplog.scan(Bound::Unbounded, None).next();
        if let (Bound::Excluded(place), Some((oldest, _))) = (stream.from, oldest)
            && oldest > place + 1
        {
            let message = "CollectionScan died due to position in capped collection being deleted.";
            return Err(Failure::new(CAPPED_POSITION_LOST, message));
        }
        loop {
            while let Some((token, event)) = stream.found.front() {
                if !batch.takes(event) {
                    return Ok(());
                }
                batch.documents.push(event.clone());
                stream.token.clone_from(token);
                stream.found.pop_front();
            }
            let Some((place, entry)) = oplog.scan(stream.from, None).next() else { return Ok(()) };
            let entry = decode(entry)?;
            let at = time_of(&entry)?;
            if self.streams_until.is_some_and(|until| at > until) {
                return Ok(());
            }
            stream.from = Bound::Excluded(place);
            self.look_at(stream, &entry, at)?;
            if stream.found.is_empty() && mark(at) > stream.token {
                stream.token = mark(at);
            }
        }
    }

    /// Finds the events that an entry becomes.
    fn look_at(&self, stream: &mut Stream, entry: &Document, at: Time) -> Result<()> {
        for (n, mut event) in self.events(entry)?.into_iter().enumerate() {
            let token = format!("{}{EVENT}{n:08X}", time_digits(at));
            let database = event.get_document("ns").and_then(|ns| ns.get_str("db")).unwrap_or_default();
            let shown = stream.database.as_ref().is_none_or(|wanted| wanted == database) && !HIDDEN.contains(&database);
            let name = event.get_document("ns").and_then(|ns| ns.get_str("coll")).unwrap_or_default();
            let kind = event.get_str("operationType").unwrap_or_default();
            let shown = shown && !name.starts_with("system.") && (stream.expanded || !is_expanded(kind));
            if !shown || stream.behind.as_ref().is_some_and(|behind| token <= *behind) {
                continue;
            }
            let mut whole = doc! { "_id": { "_data": &token }, "clusterTime": at.timestamp() };
            whole.extend(std::mem::take(&mut event));
            let bytes = whole.to_vec().map_err(|error| Failure::new(BAD_VALUE, error.to_string()))?;
            let left = query::run(&stream.steps, vec![bytes.into()])?;
            stream.found.extend(left.into_iter().map(|event| (token.clone(), event)));
        }
        Ok(())
    }

    /// The events of an entry. A transaction's come with the entry that commits it.
    fn events(&self, entry: &Document) -> Result<Vec<Document>> {
        let Ok(o) = entry.get_document("o") else { return Ok(Vec::new()) };
        if o.contains_key("commitTransaction") {
            let before = entry.get_document("prevOpTime").and_then(|before| before.get_timestamp("ts"));
            let Ok(before) = before else { return Ok(Vec::new()) };
            for (_, entry) in self.collection(OPLOG).into_iter().flat_map(|oplog| oplog.scan(Bound::Unbounded, None)) {
                let entry = decode(entry)?;
                if entry.get_timestamp("ts").is_ok_and(|ts| ts == before) {
                    return Ok(entry.get_document("o").map(operations).unwrap_or_default());
                }
            }
            return Ok(Vec::new());
        }
        if o.contains_key("applyOps") {
            let open = o.contains_key("prepare") || o.contains_key("partialTxn");
            return Ok(if open { Vec::new() } else { operations(o) });
        }
        Ok(event(entry).into_iter().collect())
    }
}

fn operations(apply: &Document) -> Vec<Document> {
    let operations = apply.get_array("applyOps").map(Vec::as_slice).unwrap_or_default();
    let events = operations.iter().filter_map(Bson::as_document).filter_map(event);
    events
        .map(|mut event| {
            event.insert("txnNumber", 1_i64);
            event
        })
        .collect()
}

/// The event of an operation (manual, "Change Events", the page of each).
fn event(entry: &Document) -> Option<Document> {
    let (database, name) = entry.get_str("ns").ok()?.split_once('.')?;
    let o = entry.get_document("o").ok()?;
    let key = |document: &Document| doc! { "_id": document.get("_id").cloned().unwrap_or(Bson::Null) };
    let of = |kind: &str, name: &str| doc! { "operationType": kind, "ns": { "db": database, "coll": name } };
    let mut event = match entry.get_str("op").ok()? {
        "i" => of("insert", name),
        "u" if o.contains_key("$v") => of("update", name),
        "u" => of("replace", name),
        "d" => of("delete", name),
        "c" => return command(o, database, of),
        _ => return None,
    };
    match event.get_str("operationType").ok()? {
        "update" => {
            event.insert("updateDescription", o.clone());
            event.insert("documentKey", key(entry.get_document("o2").ok()?));
        }
        "delete" => drop(event.insert("documentKey", key(o))),
        _ => {
            event.insert("fullDocument", o.clone());
            event.insert("documentKey", key(o));
        }
    }
    Some(event)
}

fn command(o: &Document, database: &str, of: impl Fn(&str, &str) -> Document) -> Option<Document> {
    let (command, first) = o.iter().next()?;
    let name = first.as_str()?;
    let mut event = match command.as_str() {
        "create" | "drop" | "createIndexes" | "dropIndexes" => of(command, name),
        "collMod" => of("modify", name),
        "commitIndexBuild" => of("createIndexes", name),
        "renameCollection" => {
            let (_, from) = name.split_once('.')?;
            let (to, called) = o.get_str("to").ok()?.split_once('.')?;
            let mut event = of("rename", from);
            event.insert("to", doc! { "db": to, "coll": called });
            return Some(event);
        }
        _ => return None,
    };
    if command != "drop" {
        event.insert("operationDescription", doc! { "of": database });
    }
    Some(event)
}

/// Events that only `showExpandedEvents` shows (manual, "Change Events", "Expanded Events").
fn is_expanded(kind: &str) -> bool {
    [
        "create",
        "createIndexes",
        "dropIndexes",
        "modify",
        "shardCollection",
        "refineCollectionShardKey",
        "reshardCollection",
    ]
    .contains(&kind)
}

fn time_of(entry: &Document) -> Result<Time> {
    let at = entry.get_timestamp("ts").map_err(|error| Failure::new(BAD_VALUE, error.to_string()))?;
    Ok(Time::of(at))
}

/// A high-water mark: before whatever happens at its time.
fn mark(at: Time) -> String {
    format!("{}{MARK}", time_digits(at))
}

fn time_digits(at: Time) -> String {
    let at = at.timestamp();
    format!("82{:08X}{:08X}", at.time, at.increment)
}

/// The time of a token.
#[must_use]
pub fn time_of_token(data: &str) -> Option<Time> {
    let digits = data.strip_prefix("82")?;
    let half = |range: std::ops::Range<usize>| u32::from_str_radix(digits.get(range)?, 16).ok();
    Some(Time::of(bson::Timestamp { time: half(0..8)?, increment: half(8..16)? }))
}
