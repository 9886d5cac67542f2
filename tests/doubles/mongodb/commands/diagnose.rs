//! What a server says of itself (MongoDB manual, "Diagnostic Commands", `getParameter`, `setParameter`).

use bson::{Bson, Document, doc};

use super::{Connection, count, reply};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, INVALID_OPTIONS, Result};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Collection, Store};

/// What the double says that it is.
const VERSION: &str = "8.0.99";

pub(super) fn build_info(_: &mut Store, _: &mut Connection, _: &Request) -> Result<Writer> {
    Ok(reply(doc! {
        "version": VERSION,
        "versionArray": [8, 0, 99, 0],
        "modules": [],
        "bits": 64,
        "debug": false,
        "maxBsonObjectSize": crate::doubles::mongodb::DOCUMENT_BYTES,
        "storageEngines": ["double"],
    }))
}

pub(super) fn get_parameter(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let mut known = store.parameters.clone();
    known.insert("featureCompatibilityVersion", doc! { "version": "8.0" });
    let all = request.body.get("getParameter") == Some(&Bson::String("*".into()));
    let mut found = Document::new();
    for (name, value) in known {
        if all || request.body.contains_key(&name) {
            found.insert(name, value);
        }
    }
    if found.is_empty() { Err(Failure::new(INVALID_OPTIONS, "no option found to get")) } else { Ok(reply(found)) }
}

pub(super) fn set_parameter(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let mut was = Document::new();
    for name in request.fields() {
        let Some(value) = request.body.get(name) else { continue };
        let unknown = || Failure::new(INVALID_OPTIONS, format!("attempted to set unrecognized parameter [{name}]"));
        let before = store.parameters.get(name).cloned().ok_or_else(unknown)?;
        if std::mem::discriminant(&before) == std::mem::discriminant(&Bson::Boolean(true)) {
            store.parameters.insert(name, crate::doubles::mongodb::query::truth(value));
        } else if crate::doubles::mongodb::query::number(value).is_some() {
            store.parameters.insert(name, value.clone());
        } else {
            return Err(Failure::new(BAD_VALUE, format!("{name} must be a number")));
        }
        was.insert("was", before);
    }
    Ok(reply(was))
}

pub(super) fn server_status(store: &mut Store, connection: &mut Connection, _: &Request) -> Result<Writer> {
    let mut fields = doc! { "host": &connection.address, "version": VERSION, "process": "mongod", "uptime": 1.0 };
    fields.insert("metrics", doc! { "cursor": { "open": { "total": count(store.cursors.count() as u64) } } });
    fields.insert("storageEngine", doc! { "name": "double" });
    Ok(reply(fields))
}

pub(super) fn database_statistics(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let sum = |of: fn(&Collection) -> u64| store.collections(&request.database).map(|(_, c)| of(c)).sum::<u64>();
    Ok(reply(doc! {
        "db": &request.database,
        "collections": count(sum(|_| 1)),
        "views": count(store.views(&request.database).count() as u64),
        "objects": count(sum(Collection::count)),
        "dataSize": count(sum(Collection::size)),
        "storageSize": count(sum(Collection::size)),
        "indexes": count(sum(|collection| collection.indexes.len() as u64)),
    }))
}

pub(super) fn collection_statistics(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let mut fields = doc! { "ns": &namespace };
    fields.extend(statistics(store.collection(&namespace)));
    Ok(reply(fields))
}

/// Counts and sizes; zeros where there is no such collection (MongoDB manual, `collStats`).
pub(super) fn statistics(collection: Option<&Collection>) -> Document {
    let (number, size) = collection.map_or((0, 0), |collection| (collection.count(), collection.size()));
    let mut fields = doc! { "size": count(size), "count": count(number), "storageSize": count(size) };
    if let Some(average) = size.checked_div(number) {
        fields.insert("avgObjSize", count(average));
    }
    fields.insert("capped", collection.is_some_and(Collection::is_capped));
    fields.insert("nindexes", count(collection.map_or(0, |collection| collection.indexes.len() as u64)));
    fields.insert("totalIndexSize", 0);
    fields
}
