//! `insert`, `update`, `delete` (MongoDB manual, the pages of these names): statement by statement, with `writeErrors`, and
//! each statement of a retryable write at most once.

use bson::{Bson, doc};
use bytes::Bytes;

use super::{Connection, count};
use crate::doubles::mongodb::bson::{Key, Writer, fields, get};
use crate::doubles::mongodb::failure::{
    BAD_VALUE, BSON_OBJECT_TOO_LARGE, COMMAND_NOT_SUPPORTED_ON_VIEW, DOCUMENT_VALIDATION_FAILURE, Failure,
    INVALID_LENGTH, NAMESPACE_NOT_FOUND, Result,
};
use crate::doubles::mongodb::query::{decode, matches_document, number, truth};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Place, Store};
use crate::doubles::mongodb::{BATCH_STATEMENTS, DOCUMENT_BYTES, update};

/// What a statement did.
#[derive(Default)]
struct Done {
    number: u64,
    modified: u64,
    upserted: Option<Bson>,
}

/// Runs the statements of a batch.
fn batch(
    store: &mut Store,
    request: &Request,
    statements: &[Bytes],
    mut run: impl FnMut(&mut Store, &str, &Bytes) -> Result<Done>,
) -> Result<Writer> {
    let namespace = request.namespace()?;
    if store.view(&namespace).is_some() {
        let message = format!("Namespace {namespace} is a view, not a collection");
        return Err(Failure::new(COMMAND_NOT_SUPPORTED_ON_VIEW, message));
    }
    if statements.is_empty() || statements.len() > BATCH_STATEMENTS as usize {
        let message =
            format!("Write batch sizes must be between 1 and {BATCH_STATEMENTS}. Got {} operations.", statements.len());
        return Err(Failure::new(INVALID_LENGTH, message));
    }
    let retryable = request.retryable();
    if let Some(write) = &retryable {
        store.sessions.begin(write)?;
    }
    let ordered = request.body.get("ordered").is_none_or(truth);
    let (mut total, mut modified) = (0, 0);
    let (mut errors, mut upserted, mut retried) = (Vec::new(), Vec::new(), Vec::new());
    for (index, statement) in statements.iter().enumerate() {
        let id = statement_id(request, index);
        if let Some(write) = &retryable
            && store.sessions.is_done(write, id)
        {
            total += 1;
            retried.push(id);
            continue;
        }
        match run(store, &namespace, statement) {
            Ok(done) => {
                total += done.number;
                modified += done.modified;
                if let Some(id) = done.upserted {
                    upserted.push(doc! { "index": i32::try_from(index).unwrap_or(i32::MAX), "_id": id });
                }
                if let Some(write) = &retryable {
                    store.sessions.done(write, id);
                }
            }
            Err(failure) => {
                errors.push(failure.write_error(index));
                if ordered {
                    break;
                }
            }
        }
    }
    let mut fields = doc! { "n": count(total) };
    if request.name == "update" {
        fields.insert("nModified", count(modified));
    }
    if !upserted.is_empty() {
        fields.insert("upserted", upserted);
    }
    if !errors.is_empty() {
        fields.insert("writeErrors", errors);
    }
    if !retried.is_empty() {
        fields.insert("retriedStmtIds", retried);
    }
    Ok(super::reply(fields))
}

fn statement_id(request: &Request, index: usize) -> i32 {
    let given = request.array("stmtIds").ok().and_then(|ids| number(ids.get(index)?)).and_then(|id| id.try_into().ok());
    given.unwrap_or_else(|| i32::try_from(index).unwrap_or(i32::MAX))
}

pub(super) fn insert(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let bypass = request.flag("bypassDocumentValidation");
    let keep_empty_timestamps = request.flag("bypassEmptyTsReplacement");
    batch(store, request, request.documents("documents")?, |store, namespace, document| {
        crate::doubles::mongodb::bson::check(document).map_err(|e| Failure::new(BAD_VALUE, e.to_string()))?;
        let document = fix(store, document, keep_empty_timestamps)?;
        if !bypass {
            validate(store, namespace, &document)?;
            // The server's `collection_write_path.cpp`: what makes encrypted fields findable comes from the server alone.
            if store.is_encrypted(namespace) && get(&document, "__safeContent__").is_some() {
                return Err(Failure::new(BAD_VALUE, "Cannot insert a document with field name __safeContent__"));
            }
        }
        store.insert_bytes(namespace, document)?;
        Ok(Done { number: 1, ..Done::default() })
    })
}

/// What the server changes in a document that is inserted (the server's `fixDocumentForInsert`): `_id` is added, and comes
/// first; an empty timestamp at the top gets the time, unless it is the `_id` or the command says otherwise
/// (MongoDB manual, "BSON Types", "Timestamps").
fn fix(store: &Store, document: &Bytes, keep_empty_timestamps: bool) -> Result<Bytes> {
    if document.len() > DOCUMENT_BYTES as usize {
        let message =
            format!("object to insert too large. size in bytes: {}, max size: {DOCUMENT_BYTES}", document.len());
        return Err(Failure::new(BSON_OBJECT_TOO_LARGE, message));
    }
    let id = get(document, "_id");
    if let Some(id) = id
        && matches!(id.tag, 0x04 | 0x06 | 0x0B)
    {
        return Err(Failure::new(BAD_VALUE, "The '_id' value cannot be of type array, regex or undefined"));
    }
    let all = || fields(document);
    let first = all().next().is_some_and(|element| element.name == b"_id");
    let empty = |tag: u8, value: &[u8]| tag == 0x11 && value == [0; 8] && !keep_empty_timestamps;
    if first && !all().skip(1).any(|element| empty(element.tag, element.value)) {
        return Ok(document.clone());
    }
    let mut fixed = Writer::default();
    match id {
        Some(id) => fixed.raw(id.tag, b"_id", id.value),
        None => fixed.value("_id", bson::oid::ObjectId::new()),
    }
    let now = store.clock.wall().timestamp();
    for element in all().filter(|element| element.name != b"_id") {
        if empty(element.tag, element.value) {
            fixed.value(&String::from_utf8_lossy(element.name), now);
        } else {
            fixed.raw(element.tag, element.name, element.value);
        }
    }
    Ok(fixed.finish().into())
}

fn validate(store: &Store, namespace: &str, document: &[u8]) -> Result<()> {
    let options = store.collection(namespace).map(|collection| &collection.options);
    let Some(validator) = options.and_then(|options| options.get_document("validator").ok()) else { return Ok(()) };
    let only_warns = options.is_some_and(|options| options.get_str("validationAction").ok() == Some("warn"));
    let off = options.is_some_and(|options| options.get_str("validationLevel").ok() == Some("off"));
    if only_warns || off || matches_document(validator, document)? {
        Ok(())
    } else {
        Err(Failure::new(DOCUMENT_VALIDATION_FAILURE, "Document failed validation"))
    }
}

pub(super) fn update(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let bypass = request.flag("bypassDocumentValidation");
    batch(store, request, request.documents("updates")?, |store, namespace, statement| {
        let fields = decode(statement)?;
        let filter = fields.get_document("q").cloned().unwrap_or_default();
        let multi = fields.get("multi").is_some_and(truth);
        let change = get(statement, "u").filter(|change| change.tag == 0x03);
        let change = change.ok_or_else(|| Failure::not_modelled("updates by a pipeline"))?.value;
        if let Some(unknown) =
            fields.keys().find(|name| !["q", "u", "multi", "upsert", "hint"].contains(&name.as_str()))
        {
            return Err(Failure::not_modelled(&format!("{unknown} of an update")));
        }
        let places = matching(store, namespace, &filter, multi)?;
        let mut done = Done { number: places.len() as u64, ..Done::default() };
        for place in &places {
            let before = store.collection(namespace).and_then(|collection| collection.current(*place)).cloned();
            let before = before.ok_or_else(|| Failure::new(NAMESPACE_NOT_FOUND, "ns not found"))?;
            let (after, logged) = update::apply(&before, change, false)?;
            if after != before {
                if !bypass {
                    validate(store, namespace, &after)?;
                }
                store.replace(namespace, *place, after, &logged)?;
                done.modified += 1;
            }
        }
        if places.is_empty() && fields.get("upsert").is_some_and(truth) {
            let (document, _) = update::apply(&update::seed(&filter)?, change, true)?;
            let document = fix(store, &document, false)?;
            done.upserted = crate::doubles::mongodb::query::value(Key::of(&document, "_id").value());
            store.insert_bytes(namespace, document)?;
            done.number = 1;
        }
        Ok(done)
    })
}

pub(super) fn delete(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    batch(store, request, request.documents("deletes")?, |store, namespace, statement| {
        let fields = decode(statement)?;
        let filter = fields.get_document("q").cloned().unwrap_or_default();
        let many = fields.get("limit").and_then(number) != Some(1);
        let places = matching(store, namespace, &filter, many)?;
        for place in &places {
            store.remove(namespace, *place)?;
        }
        Ok(Done { number: places.len() as u64, ..Done::default() })
    })
}

/// Where the documents lie that a filter takes; one of them unless all are wanted.
fn matching(store: &Store, namespace: &str, filter: &bson::Document, many: bool) -> Result<Vec<Place>> {
    let Some(collection) = store.collection(namespace) else { return Ok(Vec::new()) };
    if let (Some(id), 1) = (filter.get("_id"), filter.len())
        && !matches!(id, Bson::Document(_) | Bson::RegularExpression(_))
    {
        return Ok(collection.find(&crate::doubles::mongodb::query::key(id)).into_iter().collect());
    }
    if let (Some(keys), true) = (crate::doubles::mongodb::query::listed(filter), many) {
        return Ok(keys.iter().filter_map(|key| collection.find(key)).collect());
    }
    let mut places = Vec::new();
    for (place, document) in collection.scan(std::ops::Bound::Unbounded, None) {
        if matches_document(filter, document)? {
            places.push(place);
            if !many {
                break;
            }
        }
    }
    Ok(places)
}
