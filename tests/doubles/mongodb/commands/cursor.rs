//! Opening cursors and reading on (MongoDB manual, `getMore`, `killCursors`, "Cursors").

use std::time::{Duration, Instant};

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::{Connection, reply};
use crate::doubles::mongodb::DOCUMENT_BYTES;
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, Result, UNAUTHORIZED};
use crate::doubles::mongodb::query::number;
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Cursor, Source, Store, Time};

/// How many documents the first batch has, if nothing is said (MongoDB manual, "Cursor Batches").
pub(super) const FIRST_BATCH: usize = 101;

/// Opens a cursor over documents that were found already; `cursor: { batchSize }` says how many come at once.
pub(super) fn open_found(store: &mut Store, request: &Request, namespace: &str, found: Vec<Bytes>) -> Result<Writer> {
    let options = request.document("cursor")?;
    let first = options.get("batchSize").and_then(number).map_or(Ok(FIRST_BATCH), |size| {
        usize::try_from(size).map_err(|_| Failure::new(BAD_VALUE, "BSON field 'batchSize' value must be >= 0"))
    })?;
    let cursor = Cursor {
        namespace: namespace.into(),
        session: request.session(),
        source: Source::Found(found.into()),
        limit: None,
        no_timeout: false,
        used: Instant::now(),
    };
    open(store, cursor, first, false, None)
}

/// Gives the first batch of a cursor, and keeps the cursor if that isn't all.
pub(super) fn open(
    store: &mut Store,
    mut cursor: Cursor,
    first: usize,
    single: bool,
    at: Option<Time>,
) -> Result<Writer> {
    let (batch, ended) = store.next_batch(&mut cursor, first, DOCUMENT_BYTES as usize)?;
    let namespace = cursor.namespace.clone();
    let reached = reached(&cursor);
    let number = if ended || single { 0 } else { store.cursors.keep(cursor) };
    let mut inner = Writer::default();
    inner.documents("firstBatch", &batch);
    inner.fields(&reached);
    if let Some(at) = at {
        inner.value("atClusterTime", at.timestamp());
    }
    inner.int64("id", number);
    inner.value("ns", namespace);
    let mut answer = Writer::default();
    answer.document("cursor", &inner.finish());
    Ok(answer)
}

/// How far a change stream is (driver specification "Change Streams").
fn reached(cursor: &Cursor) -> Document {
    match &cursor.source {
        Source::Stream(stream) => doc! { "postBatchResumeToken": { "_data": &stream.token } },
        Source::Found(_) | Source::Scan(_) => Document::new(),
    }
}

pub(super) fn more(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let id =
        request.body.get_i64("getMore").map_err(|_| Failure::new(BAD_VALUE, "getMore needs a 64-bit cursor id"))?;
    let namespace = format!("{}.{}", request.database, request.string("collection")?);
    let timeout = store.parameters.get("cursorTimeoutMillis").and_then(number).and_then(|ms| u64::try_from(ms).ok());
    let mut cursor = store.cursors.take(id, Duration::from_millis(timeout.unwrap_or(u64::MAX)))?;
    let wrong = if cursor.namespace != namespace {
        Some(format!(
            "Requested getMore on namespace '{namespace}', but cursor belongs to a different namespace {}",
            cursor.namespace
        ))
    } else if cursor.session != request.session() {
        Some(format!("Cannot run getMore on cursor {id}, which was not created in this session"))
    } else {
        None
    };
    if let Some(wrong) = wrong {
        store.cursors.put_back(id, cursor);
        return Err(Failure::new(UNAUTHORIZED, wrong));
    }
    // Later batches are bounded by their bytes alone.
    let size = request.number("batchSize")?.filter(|size| *size > 0).and_then(|size| usize::try_from(size).ok());
    let (batch, ended) = store.next_batch(&mut cursor, size.unwrap_or(usize::MAX), DOCUMENT_BYTES as usize)?;
    cursor.used = Instant::now();
    let reached = reached(&cursor);
    if !ended {
        store.cursors.put_back(id, cursor);
    }
    let mut inner = Writer::default();
    inner.documents("nextBatch", &batch);
    inner.fields(&reached);
    inner.int64("id", if ended { 0 } else { id });
    inner.value("ns", namespace);
    let mut answer = Writer::default();
    answer.document("cursor", &inner.finish());
    Ok(answer)
}

pub(super) fn kill(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let (mut killed, mut missing) = (Vec::new(), Vec::new());
    for id in request.array("cursors")? {
        let known = id.as_i64().is_some_and(|id| store.cursors.kill(id));
        if known { killed.push(id.clone()) } else { missing.push(id.clone()) }
    }
    let none = Vec::<Bson>::new();
    Ok(reply(
        doc! { "cursorsKilled": killed, "cursorsNotFound": missing, "cursorsAlive": none.clone(), "cursorsUnknown": none },
    ))
}
