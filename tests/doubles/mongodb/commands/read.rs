//! `find` and `count` (MongoDB manual, the pages of these names, `cursor.min`, "Read Concern "snapshot"").

use std::ops::Bound;
use std::time::Instant;

use bson::{Bson, Document};
use bytes::Bytes;

use super::{Connection, count as whole, cursor, reply};
use crate::doubles::mongodb::bson::{Key, Writer};
use crate::doubles::mongodb::failure::{
    BAD_VALUE, Failure, INVALID_OPTIONS, MIN_MAX_NEEDS_HINT, Result, SNAPSHOT_UNAVAILABLE,
};
use crate::doubles::mongodb::query::{self, matches_document, number};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Collection, Cursor, Order, Scan, Source, Store, Time};

/// The moment that a snapshot read sees: `atClusterTime`, else the last write's; nothing for other reads.
pub(super) fn moment(store: &Store, request: &Request, namespace: &str) -> Result<Option<Time>> {
    let concern = request.document("readConcern")?;
    if concern.get_str("level").ok() != Some("snapshot") {
        return Ok(None);
    }
    if namespace.starts_with("local.") || namespace.starts_with("config.") {
        let message = "Reading from non replicated collection with readConcern: snapshot is not supported";
        return Err(Failure::new(SNAPSHOT_UNAVAILABLE, message));
    }
    let capped = store.collection(namespace).is_some_and(Collection::is_capped);
    if capped {
        let message = "Reading from capped collection with readConcern \"snapshot\" is not supported";
        return Err(Failure::new(SNAPSHOT_UNAVAILABLE, message));
    }
    let at = match concern.get("atClusterTime") {
        None => store.clock.now(),
        Some(Bson::Timestamp(timestamp)) => Time::of(*timestamp),
        Some(_) => return Err(Failure::new(BAD_VALUE, "atClusterTime must be a timestamp")),
    };
    if at > store.clock.wall() {
        let message = "readConcern atClusterTime value must not be greater than the current clusterTime";
        return Err(Failure::new(INVALID_OPTIONS, message));
    }
    store.check_history(at)?;
    Ok(Some(at))
}

pub(super) fn find(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let at = moment(store, request, &namespace)?;
    let first = request.number("batchSize")?.and_then(|size| usize::try_from(size).ok());
    let limit = request.number("limit")?.filter(|limit| *limit > 0);
    let source = source(store, request, &namespace, at)?;
    let cursor = Cursor {
        namespace,
        session: request.session(),
        source,
        limit,
        no_timeout: request.flag("noCursorTimeout"),
        used: Instant::now(),
    };
    cursor::open(store, cursor, first.unwrap_or(cursor::FIRST_BATCH), request.flag("singleBatch"), at)
}

/// A scan where the order is one in which documents are kept; else they are found and sorted now.
fn source(store: &Store, request: &Request, namespace: &str, at: Option<Time>) -> Result<Source> {
    let (filter, sort, projection) =
        (request.document("filter")?, request.document("sort")?, request.document("projection")?);
    if let Some(view) = store.view(namespace) {
        let documents = super::aggregate::view(store, namespace, view, at)?;
        return found(documents, &filter, &sort, &projection, request);
    }
    let Some(number_of) = store.number(namespace, at) else {
        return Ok(Source::Found(std::collections::VecDeque::new()));
    };
    if let (Some(keys), true) = (query::listed(&filter), sort.is_empty() && request.body.get("hint").is_none()) {
        let documents = store.numbered(number_of).map(|c| by_keys(c, keys, at)).unwrap_or_default();
        return found(documents, &filter, &sort, &projection, request);
    }
    let order = order(request, &sort)?;
    let by_id = matches!(order, Order::Id(..));
    let single = |name: &str, direction| sort.len() == 1 && sort.get(name).and_then(number) == Some(direction);
    let skip = request.number("skip")?.unwrap_or_default();
    if skip == 0 && (sort.is_empty() || single("$natural", 1) || (by_id && single("_id", 1))) {
        let tailable = request.flag("tailable");
        if tailable && !store.numbered(number_of).is_some_and(Collection::is_capped) {
            return Err(Failure::new(
                BAD_VALUE,
                "error processing query: tailable cursor requested on non capped collection",
            ));
        }
        return Ok(Source::Scan(Box::new(Scan { number: number_of, at, filter, projection, order, tailable })));
    }
    let collection = store.numbered(number_of);
    let mut documents: Vec<Bytes> = match (order, collection) {
        (_, None) => Vec::new(),
        (Order::Natural(from), Some(collection)) if single("$natural", -1) => {
            collection.scan(from, at).rev().map(|(_, document)| document.clone()).collect()
        }
        (Order::Natural(from), Some(collection)) => collection.scan(from, at).map(|(_, d)| d.clone()).collect(),
        (Order::Id(from, to), Some(collection)) => {
            collection.by_id((from, to), at).map(|(_, _, d)| d.clone()).collect()
        }
    };
    if single("$natural", -1) || single("$natural", 1) {
        documents = filtered(documents, &filter)?;
        return found(documents, &Document::new(), &Document::new(), &projection, request);
    }
    found(documents, &filter, &sort, &projection, request)
}

fn by_keys(collection: &Collection, keys: Vec<Key>, at: Option<Time>) -> Vec<Bytes> {
    let one = |key: Key| collection.by_id((Bound::Included(key.clone()), Bound::Included(key)), at).next();
    keys.into_iter().filter_map(|key| one(key).map(|(_, _, document)| document.clone())).collect()
}

fn filtered(documents: Vec<Bytes>, filter: &Document) -> Result<Vec<Bytes>> {
    let taken = documents.into_iter().filter_map(|document| match matches_document(filter, &document) {
        Ok(taken) => taken.then_some(Ok(document)),
        Err(failure) => Some(Err(failure)),
    });
    taken.collect()
}

fn found(
    documents: Vec<Bytes>,
    filter: &Document,
    sort: &Document,
    projection: &Document,
    request: &Request,
) -> Result<Source> {
    let mut documents = filtered(documents, filter)?;
    query::sort(&mut documents, sort);
    let skip = request.number("skip")?.and_then(|skip| usize::try_from(skip).ok()).unwrap_or_default();
    let left = documents.into_iter().skip(skip).map(|document| query::project(&document, projection));
    Ok(Source::Found(left.collect::<Result<_>>()?))
}

/// By `_id` where a hint, a bound or the sort says so, else as the documents lie.
fn order(request: &Request, sort: &Document) -> Result<Order> {
    let (min, max) = (bound(request, "min")?, bound(request, "max")?);
    let by_id = match request.body.get("hint") {
        None => sort.len() == 1 && sort.contains_key("_id"),
        Some(Bson::String(name)) if name == "_id_" => true,
        Some(Bson::Document(pattern)) if pattern.len() == 1 && pattern.get("_id").and_then(number) == Some(1) => true,
        Some(Bson::Document(pattern)) if pattern.len() == 1 && pattern.contains_key("$natural") => false,
        Some(other) => return Err(Failure::not_modelled(&format!("the hint {other}"))),
    };
    if !by_id && (min.is_some() || max.is_some()) {
        // The server's query planner: bounds need the index that they are in.
        return Err(Failure::new(MIN_MAX_NEEDS_HINT, "min and max need a hint, of the index of these fields"));
    }
    if !by_id {
        return Ok(Order::Natural(Bound::Unbounded));
    }
    Ok(Order::Id(min.map_or(Bound::Unbounded, Bound::Included), max.map_or(Bound::Unbounded, Bound::Excluded)))
}

/// `min` is inclusive and `max` exclusive; both are keys of all types, unlike what `$gte` and `$lt` compare.
fn bound(request: &Request, name: &str) -> Result<Option<Key>> {
    let bound = request.document(name)?;
    match (bound.get("_id"), bound.len()) {
        (_, 0) => Ok(None),
        (Some(value), 1) => Ok(Some(query::key(value))),
        _ => Err(Failure::not_modelled(&format!("{name} on other fields than _id"))),
    }
}

pub(super) fn count(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let filter = request.document("query")?;
    let documents = documents(store, &namespace, None)?;
    let number = filtered(documents, &filter)?.len() as u64;
    let number = number.saturating_sub(request.number("skip")?.unwrap_or_default());
    let limit = request.number("limit")?.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
    Ok(reply(bson::doc! { "n": whole(number.min(limit)) }))
}

/// All documents of a collection or a view.
pub(super) fn documents(store: &Store, namespace: &str, at: Option<Time>) -> Result<Vec<Bytes>> {
    if let Some(view) = store.view(namespace) {
        return super::aggregate::view(store, namespace, view, at);
    }
    if let Some(at) = at {
        store.check_history(at)?;
    }
    let collection = store.number(namespace, at).and_then(|number| store.numbered(number));
    let documents = collection.into_iter().flat_map(|c| c.scan(Bound::Unbounded, at)).map(|(_, d)| d.clone());
    Ok(documents.collect())
}
