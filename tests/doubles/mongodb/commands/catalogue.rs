//! Making, changing and dropping collections and views (MongoDB manual, `create`, `drop`, `dropDatabase`,
//! `renameCollection`, `collMod`, "Time Series Collections", "Clustered Collections"; for encrypted fields the server's
//! `commands/create_command.cpp` and `jstests/fle2`).

use bson::{Bson, Document, doc};

use super::{Connection, index, reply};
use crate::doubles::mongodb::Kind;
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{
    Failure, ILLEGAL_OPERATION, INVALID_OPTIONS, NAMESPACE_NOT_FOUND, Result, UNKNOWN_FIELD,
};
use crate::doubles::mongodb::query::{matches_document, number, truth};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::Store;

/// What `create` takes.
const OPTIONS: [&str; 18] = [
    "capped",
    "size",
    "max",
    "autoIndexId",
    "idIndex",
    "validator",
    "validationLevel",
    "validationAction",
    "collation",
    "timeseries",
    "expireAfterSeconds",
    "clusteredIndex",
    "changeStreamPreAndPostImages",
    "encryptedFields",
    "storageEngine",
    "indexOptionDefaults",
    "viewOn",
    "pipeline",
];

pub(super) fn create(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let fields = request.fields().filter_map(|field| Some((field.to_owned(), request.body.get(field)?.clone())));
    make(store, &namespace, fields.collect(), None).map(|()| Writer::default())
}

/// Makes a collection or a view by the fields of a `create` but its first.
pub(super) fn make(store: &mut Store, namespace: &str, given: Document, uuid: Option<[u8; 16]>) -> Result<()> {
    let mut options = Document::new();
    for (field, value) in given {
        if !OPTIONS.contains(&field.as_str()) {
            return Err(Failure::new(UNKNOWN_FIELD, format!("BSON field 'create.{field}' is an unknown field.")));
        }
        options.insert(field, value);
    }
    check(&options)?;
    check_encrypted(store, &options)?;
    let id_index = options.remove("idIndex");
    if options.contains_key("viewOn") {
        options.entry("pipeline").or_insert_with(|| Bson::Array(Vec::new()));
        return store.create_view(namespace, options);
    }
    if options.contains_key("timeseries") {
        return create_time_series(store, namespace, options);
    }
    if let Some(clustered) = options.get_mut("clusteredIndex") {
        *clustered = Bson::Document(clustered_index(clustered)?);
    }
    // Only a true `capped` is kept, and a size is a 64-bit number then.
    if options.get("capped").is_some_and(|capped| !truth(capped)) {
        options.remove("capped");
    }
    store.create_as(namespace, options, uuid)?;
    if let (Some(Bson::Document(wanted)), Some(collection)) = (id_index, store.collection_mut(namespace)) {
        if wanted.get_document("key").ok() != Some(&doc! { "_id": 1 }) {
            return Err(Failure::new(INVALID_OPTIONS, "the idIndex must be on { _id: 1 }"));
        }
        if let Some(id) = collection.indexes.first_mut() {
            id.specification.extend(wanted);
        }
    }
    Ok(())
}

fn check(options: &Document) -> Result<()> {
    let wrong = |message: &str| Err(Failure::new(INVALID_OPTIONS, message));
    let capped = options.get("capped").is_some_and(truth);
    if capped && options.get("size").and_then(number).unwrap_or_default() <= 0 {
        return wrong("the 'size' field is required when 'capped' is true");
    }
    if !capped && (options.contains_key("size") || options.contains_key("max")) {
        return wrong("the 'capped' field needs to be true when either the 'size' or 'max' fields are present");
    }
    if options.contains_key("viewOn")
        && options.keys().any(|name| !["viewOn", "pipeline", "collation"].contains(&name.as_str()))
    {
        return wrong("a view takes only viewOn, pipeline and collation");
    }
    if options.contains_key("pipeline") && !options.contains_key("viewOn") {
        return wrong("'pipeline' requires 'viewOn' to also be specified");
    }
    if options.contains_key("expireAfterSeconds")
        && !options.contains_key("timeseries")
        && !options.contains_key("clusteredIndex")
    {
        return wrong(
            "'expireAfterSeconds' is only supported on time-series collections or when clusteredIndex is specified",
        );
    }
    if let Ok(validator) = options.get_document("validator") {
        // A validator that isn't modelled is refused now, and not at the first document.
        let empty = Document::new().to_vec().unwrap_or_default();
        matches_document(validator, &empty)?;
    }
    Ok(())
}

/// Which collections can't have encrypted fields, with the server's own numbers.
fn check_encrypted(store: &Store, options: &Document) -> Result<()> {
    if !options.contains_key("encryptedFields") {
        return Ok(());
    }
    if options.get("capped").is_some_and(truth) {
        return Err(Failure::new(6_367_301, "Encrypted fields cannot be used with capped collections"));
    }
    if options.contains_key("viewOn") || options.contains_key("timeseries") {
        return Err(Failure::new(6_346_401, "Encrypted fields cannot be used with views or timeseries collections"));
    }
    if store.kind == Kind::Standalone {
        return Err(Failure::new(6_346_402, "Encrypted collections are not supported on standalone"));
    }
    Ok(())
}

fn clustered_index(given: &Bson) -> Result<Document> {
    let given =
        given.as_document().ok_or_else(|| Failure::new(INVALID_OPTIONS, "clusteredIndex must be a document"))?;
    let by_id = given.get_document("key").is_ok_and(|key| key.len() == 1 && key.get("_id").and_then(number) == Some(1));
    if !by_id || !given.get("unique").is_some_and(truth) {
        return Err(Failure::new(INVALID_OPTIONS, "the clusteredIndex must be unique and on { _id: 1 }"));
    }
    let mut index = doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_", "unique": true };
    index.extend(given.clone());
    Ok(index)
}

/// A time series is a view on a clustered collection of buckets (MongoDB manual, "Time Series Collections",
/// "Internal Index"; the server's `timeseries/README.md`).
fn create_time_series(store: &mut Store, namespace: &str, mut options: Document) -> Result<()> {
    let series = options.get_document_mut("timeseries");
    let series = series.map_err(|_| Failure::new(INVALID_OPTIONS, "timeseries must be a document"))?;
    if series.get_str("timeField").is_err() {
        return Err(Failure::new(INVALID_OPTIONS, "timeseries needs a timeField"));
    }
    if !series.contains_key("granularity") && !series.contains_key("bucketMaxSpanSeconds") {
        series.insert("granularity", "seconds");
    }
    if series.get_str("granularity").ok() == Some("seconds") && !series.contains_key("bucketMaxSpanSeconds") {
        series.insert("bucketMaxSpanSeconds", 3600);
    }
    let series = series.clone();
    let (database, name) = crate::doubles::mongodb::store::split(namespace)?;
    let buckets = format!("system.buckets.{name}");
    let mut view = options.clone();
    view.extend(doc! { "viewOn": &buckets, "pipeline": [] });
    let full = format!("{database}.{buckets}");
    if store.collection(&full).is_none() {
        let mut own = doc! { "clusteredIndex": true, "timeseries": series };
        for kept in ["expireAfterSeconds", "collation"] {
            if let Some(value) = options.get(kept) {
                own.insert(kept, value.clone());
            }
        }
        store.create(&full, own)?;
    }
    store.create_view(namespace, view)
}

pub(super) fn drop(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let series = store.view(&namespace).is_some_and(|view| view.contains_key("timeseries"));
    let number = store.collection(&namespace).map_or(0, |collection| collection.indexes.len() as u64);
    // MongoDB manual, `drop`: since 7.0 dropping what isn't there succeeds.
    if store.collection(&namespace).is_none() && store.view(&namespace).is_none() {
        return Ok(Writer::default());
    }
    store.drop(&namespace)?;
    if series {
        let (database, name) = crate::doubles::mongodb::store::split(&namespace)?;
        store.drop(&format!("{database}.system.buckets.{name}"))?;
    }
    Ok(reply(doc! { "nIndexesWas": super::count(number), "ns": namespace }))
}

pub(super) fn drop_database(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    store.drop_database(&request.database)?;
    Ok(reply(doc! { "dropped": &request.database }))
}

pub(super) fn rename(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let (from, to) = (request.string("renameCollection")?, request.string("to")?);
    for (name, message) in
        [(from, "Cannot rename an encrypted collection"), (to, "Cannot rename to an existing encrypted collection")]
    {
        if store.is_encrypted(name) {
            return Err(Failure::new(ILLEGAL_OPERATION, message));
        }
    }
    store.rename(from, to, request.flag("dropTarget"))?;
    Ok(Writer::default())
}

pub(super) fn modify(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let missing = || Failure::new(NAMESPACE_NOT_FOUND, format!("ns does not exist: {namespace}"));
    if let Some(value) = request.body.get("expireAfterSeconds") {
        store.set_time_series(&namespace, "expireAfterSeconds", value);
    }
    let collection = store.collection_mut(&store.stored(&namespace)).ok_or_else(missing)?;
    for field in request.fields() {
        let Some(value) = request.body.get(field) else { continue };
        match field {
            "validator"
            | "validationLevel"
            | "validationAction"
            | "changeStreamPreAndPostImages"
            | "expireAfterSeconds" => {
                collection.options.insert(field, value.clone());
            }
            "index" => index::modify(collection, value)?,
            other => return Err(Failure::not_modelled(&format!("{other} of collMod"))),
        }
    }
    let uuid = collection.uuid;
    let mut command = bson::doc! { "collMod": request.body.get("collMod") };
    command.extend(request.fields().filter_map(|field| Some((field.to_owned(), request.body.get(field)?.clone()))));
    store.log_now(&request.database, uuid, &command);
    Ok(Writer::default())
}
