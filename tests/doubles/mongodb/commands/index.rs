//! Making and dropping indexes (MongoDB manual, `createIndexes`, `dropIndexes`, "Text Indexes", "2dsphere Indexes").

use bson::{Bson, Document, doc};

use super::{Connection, count, reply};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{
    CANNOT_CREATE_INDEX, Failure, INDEX_KEY_SPECS_CONFLICT, INDEX_NOT_FOUND, INDEX_OPTIONS_CONFLICT,
    INVALID_INDEX_OPTION, NAMESPACE_NOT_FOUND, Result,
};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Collection, Index, Store};

/// What a specification may have; others are refused since MongoDB 3.4 ("Invalid index specification").
const FIELDS: [&str; 22] = [
    "v",
    "key",
    "name",
    "ns",
    "background",
    "unique",
    "sparse",
    "partialFilterExpression",
    "expireAfterSeconds",
    "hidden",
    "collation",
    "weights",
    "default_language",
    "language_override",
    "textIndexVersion",
    "2dsphereIndexVersion",
    "bits",
    "min",
    "max",
    "wildcardProjection",
    "storageEngine",
    "prepareUnique",
];

pub(super) fn create(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = store.stored(&request.namespace()?);
    let wanted = request.array("indexes")?.iter().map(|index| normal(index.as_document().unwrap_or(&Document::new())));
    let wanted = wanted.collect::<Result<Vec<_>>>()?;
    let made = store.collection(&namespace).is_none();
    if made {
        store.create(&namespace, Document::new())?;
    }
    let collection = store.collection_mut(&namespace).ok_or_else(|| missing(&namespace))?;
    let before = collection.indexes.len() as u64;
    let mut added = Vec::new();
    for specification in wanted {
        let built = is_new(collection, &specification)
            .and_then(|new| if new { collection.build(&namespace, specification.clone()).map(Some) } else { Ok(None) });
        match built {
            Ok(None) => {}
            Ok(Some(index)) => {
                collection.indexes.push(index);
                added.push(specification);
            }
            // One build is all or nothing.
            Err(failure) => {
                collection.indexes.truncate(usize::try_from(before).unwrap_or(usize::MAX));
                return Err(failure);
            }
        }
    }
    let (uuid, after) = (collection.uuid, collection.indexes.len() as u64);
    store.log_indexes(&namespace, uuid, &added)?;
    let mut answer = doc! { "numIndexesBefore": count(before), "numIndexesAfter": count(after), "createdCollectionAutomatically": made };
    if added.is_empty() {
        answer.insert("note", "all indexes already exist");
    }
    Ok(reply(answer))
}

/// The specification as the server keeps it.
fn normal(given: &Document) -> Result<Document> {
    let wrong = |message: String| Failure::new(CANNOT_CREATE_INDEX, message);
    if let Some(unknown) = given.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let message = format!("The field '{unknown}' is not valid for an index specification");
        return Err(Failure::new(INVALID_INDEX_OPTION, message));
    }
    let key = given.get_document("key").ok().filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| wrong("an index needs a key".into()))?.clone();
    if given.get_str("name").is_ok_and(|name| !name.is_empty() && name != "*") {
        for (field, direction) in &key {
            let right = match direction {
                Bson::String(kind) => ["text", "2d", "2dsphere", "hashed"].contains(&kind.as_str()),
                Bson::Double(value) => *value != 0.0 && !value.is_nan(),
                other => crate::doubles::mongodb::query::number(other).is_some_and(|value| value != 0),
            };
            if !right {
                return Err(wrong(format!("Values in the index key pattern cannot be {direction} ({field})")));
            }
        }
    } else {
        return Err(wrong("an index needs a name".into()));
    }
    let mut specification = doc! { "v": 2 };
    specification.extend(given.clone());
    specification.remove("ns");
    specification.remove("background");
    let has = |kind: &str| key.values().any(|direction| direction.as_str() == Some(kind));
    if has("text") {
        text(&mut specification, &key)?;
    }
    if has("2dsphere") {
        specification.entry("2dsphereIndexVersion").or_insert(Bson::Int32(3));
    }
    Ok(specification)
}

/// The text fields become `_fts` and `_ftsx`, and their weights say which they were.
fn text(specification: &mut Document, key: &Document) -> Result<()> {
    let mut weights = specification.get_document("weights").cloned().unwrap_or_default();
    let mut pattern = Document::new();
    for (field, direction) in key {
        if direction.as_str() != Some("text") {
            pattern.insert(field, direction.clone());
            continue;
        }
        pattern.insert("_fts", "text");
        pattern.insert("_ftsx", 1);
        if field != "_fts" {
            weights.entry(field.clone()).or_insert(Bson::Int32(1));
        }
    }
    if key.contains_key("_fts") {
        pattern = key.clone();
    }
    if weights.is_empty() {
        return Err(Failure::new(CANNOT_CREATE_INDEX, "a text index needs fields with weights"));
    }
    specification.insert("key", pattern);
    specification.insert("weights", weights);
    specification.entry("default_language").or_insert("english".into());
    specification.entry("language_override").or_insert("language".into());
    specification.entry("textIndexVersion").or_insert(Bson::Int32(3));
    Ok(())
}

/// Whether it isn't there yet.
fn is_new(collection: &Collection, wanted: &Document) -> Result<bool> {
    let name = wanted.get_str("name").unwrap_or_default();
    let key = wanted.get_document("key").cloned().unwrap_or_default();
    for index in &collection.indexes {
        let same_key = index.key() == key
            && index.specification.get("collation") == wanted.get("collation")
            && index.specification.get("partialFilterExpression") == wanted.get("partialFilterExpression");
        if index.name() == "_id_" && same_key {
            return Ok(false);
        }
        match (index.name() == name, same_key) {
            (true, true) => {
                if sorted(&index.specification) == sorted(wanted) {
                    return Ok(false);
                }
                let message = format!(
                    "An equivalent index already exists with the same name but different options. Requested index: {wanted}"
                );
                return Err(Failure::new(INDEX_OPTIONS_CONFLICT, message));
            }
            (true, false) => {
                let message =
                    format!("An existing index has the same name as the requested index. Requested index: {wanted}");
                return Err(Failure::new(INDEX_KEY_SPECS_CONFLICT, message));
            }
            (false, true) => {
                let message = format!("Index already exists with a different name: {}", index.name());
                return Err(Failure::new(INDEX_OPTIONS_CONFLICT, message));
            }
            (false, false) => {}
        }
    }
    Ok(true)
}

fn sorted(specification: &Document) -> std::collections::BTreeMap<String, Bson> {
    specification.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Collection {
    /// An index over what is there.
    fn build(&self, namespace: &str, specification: Document) -> Result<Index> {
        let mut index = Index::new(specification);
        for (place, document) in self.scan(std::ops::Bound::Unbounded, None) {
            index.admit(namespace, document, None)?;
            index.add(document, place);
        }
        Ok(index)
    }
}

pub(super) fn drop(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let namespace = request.namespace()?;
    let collection = store.collection_mut(&namespace).ok_or_else(|| missing(&namespace))?;
    let before = collection.indexes.len();
    let gone: Box<dyn Fn(&Index) -> bool> = match request.body.get("index") {
        Some(Bson::String(all)) if all == "*" => Box::new(|_| true),
        Some(Bson::String(name)) => Box::new(move |index| index.name() == name),
        Some(Bson::Document(key)) => Box::new(move |index| index.key() == *key),
        other => return Err(Failure::not_modelled(&format!("dropIndexes with {other:?}"))),
    };
    collection.indexes.retain(|index| index.name() == "_id_" || !gone(index));
    if before == collection.indexes.len() && request.body.get_str("index").ok() != Some("*") {
        return Err(Failure::new(
            INDEX_NOT_FOUND,
            format!("index not found with name [{:?}]", request.body.get("index")),
        ));
    }
    let uuid = collection.uuid;
    let command = doc! { "dropIndexes": request.body.get("dropIndexes"), "index": request.body.get("index") };
    store.log_now(&request.database, uuid, &command);
    Ok(reply(doc! { "nIndexesWas": count(before as u64) }))
}

/// `collMod` on an index: `expireAfterSeconds` and `hidden` (MongoDB manual, `collMod`).
pub(super) fn modify(collection: &mut Collection, change: &Bson) -> Result<()> {
    let change = change.as_document().cloned().unwrap_or_default();
    let found = collection.indexes.iter_mut().find(|index| {
        change
            .get_str("name")
            .map_or_else(|_| change.get_document("keyPattern").ok() == Some(&index.key()), |name| name == index.name())
    });
    let index = found.ok_or_else(|| Failure::new(INDEX_NOT_FOUND, "cannot find index to modify"))?;
    for (name, value) in change {
        match name.as_str() {
            "name" | "keyPattern" => {}
            "hidden" if value == Bson::Boolean(false) => drop_field(&mut index.specification, "hidden"),
            "expireAfterSeconds" | "hidden" | "prepareUnique" => {
                index.specification.insert(name, value);
            }
            other => return Err(Failure::not_modelled(&format!("{other} of collMod on an index"))),
        }
    }
    Ok(())
}

fn drop_field(specification: &mut Document, name: &str) {
    specification.remove(name);
}

fn missing(namespace: &str) -> Failure {
    Failure::new(NAMESPACE_NOT_FOUND, format!("ns not found {namespace}"))
}
