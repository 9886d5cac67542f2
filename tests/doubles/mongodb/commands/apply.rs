//! `applyOps` (MongoDB manual, `applyOps`; the server's `oplog.cpp`, `create`, and `create_collection.cpp`,
//! `createCollectionForApplyOps`): collections with a UUID that is given, which is what `mongorestore --preserveUUID` needs.
//! Other operations aren't modelled, and neither are the privileges `forceUUID` and `useUUID`.

use bson::{Bson, Document, doc};

use super::{Connection, catalogue, reply};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, Result};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Store, split};

pub(super) fn apply(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let operations = request.array("applyOps")?;
    for operation in operations {
        let operation = operation.as_document().ok_or_else(|| Failure::new(BAD_VALUE, "an operation is a document"))?;
        let object =
            operation.get_document("o").ok().filter(|object| object.keys().next().is_some_and(|n| n == "create"));
        let object = object.ok_or_else(|| Failure::not_modelled("applyOps of anything but create"))?;
        create(store, operation, object)?;
    }
    let number = i32::try_from(operations.len()).unwrap_or(i32::MAX);
    Ok(reply(doc! { "applied": number, "results": vec![true; operations.len()] }))
}

/// A collection that has the UUID already gets the name, and one that has the name already loses it.
fn create(store: &mut Store, operation: &Document, object: &Document) -> Result<()> {
    let wrong = |what: &str| Failure::new(BAD_VALUE, what);
    let (database, _) = split(operation.get_str("ns").map_err(|_| wrong("ns must be a string"))?)?;
    let name = object.get_str("create").map_err(|_| wrong("create must be a string"))?;
    let namespace = format!("{database}.{name}");
    let mut options = object.clone();
    options.remove("create");
    let Some(uuid) = operation.get("ui") else { return catalogue::make(store, &namespace, options, None) };
    let Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Uuid, bytes }) = uuid else {
        return Err(wrong("ui must be a UUID"));
    };
    let uuid: [u8; 16] = bytes.as_slice().try_into().map_err(|_| wrong("ui must be a UUID"))?;
    let called = store.called(uuid);
    if called.as_deref() == Some(namespace.as_str()) {
        return Ok(());
    }
    if store.collection(&namespace).is_some() {
        store.rename(&namespace, &format!("{database}.tmp{}.create", bson::oid::ObjectId::new().to_hex()), false)?;
    }
    match called {
        Some(other) => store.rename(&other, &namespace, false),
        None => catalogue::make(store, &namespace, options, Some(uuid)),
    }
}
