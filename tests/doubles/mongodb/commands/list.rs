//! What is there (MongoDB manual, `listDatabases`, `listCollections`, `listIndexes`).

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::{Connection, cursor, reply};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{
    BAD_VALUE, COMMAND_NOT_SUPPORTED_ON_VIEW, Failure, NAMESPACE_NOT_FOUND, Result,
};
use crate::doubles::mongodb::query::matches_document;
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Collection, OPLOG, Store};

pub(super) fn databases(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let filter = request.document("filter")?;
    let (mut found, mut total) = (Vec::new(), 0_i64);
    for name in store.databases() {
        let size: u64 = store.collections(name).map(|(_, collection)| collection.size().max(4096)).sum();
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut entry = doc! { "name": name };
        if !request.flag("nameOnly") && !store.quirks.without_sizes {
            entry.extend(doc! { "sizeOnDisk": size, "empty": false });
        }
        if matches_document(&filter, &encode(&entry)?)? {
            found.push(Bson::Document(entry));
            total += size;
        }
    }
    let mut fields = doc! { "databases": found };
    if !request.flag("nameOnly") && !store.quirks.without_sizes {
        fields.insert("totalSize", total);
    }
    Ok(reply(fields))
}

pub(super) fn collections(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let filter = request.document("filter")?;
    let names_only = request.flag("nameOnly");
    let mut entries = Vec::new();
    for (name, collection) in store.collections(&request.database) {
        entries.push(collection_entry(&request.database, name, collection, names_only));
    }
    for (name, options) in store.views(&request.database) {
        let mut entry =
            doc! { "name": name, "type": if options.contains_key("timeseries") { "timeseries" } else { "view" } };
        if !names_only {
            let mut options = options.clone();
            // A time series shows what it was made with, and not what its view reads.
            if options.contains_key("timeseries") {
                options.remove("viewOn");
                options.remove("pipeline");
            }
            entry.extend(doc! { "options": options, "info": { "readOnly": true } });
        }
        entries.push(entry);
    }
    let mut found = Vec::new();
    for entry in entries {
        let bytes = encode(&entry)?;
        if matches_document(&filter, &bytes)? {
            found.push(bytes);
        }
    }
    cursor::open_found(store, request, &format!("{}.$cmd.listCollections", request.database), found)
}

fn collection_entry(database: &str, name: &str, collection: &Collection, names_only: bool) -> Document {
    let mut entry = doc! { "name": name, "type": "collection" };
    if names_only {
        return entry;
    }
    let uuid = bson::Binary { subtype: bson::spec::BinarySubtype::Uuid, bytes: collection.uuid.to_vec() };
    entry.extend(doc! { "options": collection.options.clone(), "info": { "readOnly": false, "uuid": uuid } });
    let has_id_index = collection.indexes.iter().find(|index| index.name() == "_id_");
    if let Some(index) = has_id_index.filter(|_| format!("{database}.{name}") != OPLOG) {
        entry.insert("idIndex", index.specification.clone());
    }
    entry
}

pub(super) fn indexes(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    if store.view(&namespace).is_some_and(|view| !view.contains_key("timeseries")) {
        let message = format!("Namespace {namespace} is a view, not a collection");
        return Err(Failure::new(COMMAND_NOT_SUPPORTED_ON_VIEW, message));
    }
    let collection = store.collection(&store.stored(&namespace));
    let missing = || Failure::new(NAMESPACE_NOT_FOUND, format!("ns does not exist: {namespace}"));
    let indexes = collection.ok_or_else(missing)?.indexes.iter().map(|index| encode(&index.specification));
    let indexes = indexes.collect::<Result<Vec<_>>>()?;
    cursor::open_found(store, request, &namespace, indexes)
}

fn encode(document: &Document) -> Result<Bytes> {
    document.to_vec().map(Bytes::from).map_err(|e| Failure::new(BAD_VALUE, e.to_string()))
}
