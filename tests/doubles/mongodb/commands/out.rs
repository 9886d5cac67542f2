//! Stages that write (MongoDB manual, `$out`, `$merge`).

use bson::{Bson, Document};
use bytes::Bytes;

use crate::doubles::mongodb::bson::Key;
use crate::doubles::mongodb::failure::{BAD_VALUE, DUPLICATE_KEY, Failure, Result};
use crate::doubles::mongodb::query::Step;
use crate::doubles::mongodb::store::Store;

/// Whether a stage is one of these.
pub(super) fn is_output(step: &Step) -> bool {
    ["$out", "$merge"].contains(&step.name.as_str())
}

/// Writes the result of a pipeline of `database`.
pub(super) fn write(store: &mut Store, database: &str, step: &Step, documents: &[Bytes]) -> Result<()> {
    let target = match (&step.operand, step.name.as_str()) {
        (Bson::Document(operand), "$merge") => operand.get("into").cloned().unwrap_or(Bson::Null),
        (operand, _) => operand.clone(),
    };
    let target = match &target {
        Bson::String(collection) => format!("{database}.{collection}"),
        Bson::Document(place) => match (place.get_str("db"), place.get_str("coll")) {
            (Ok(database), Ok(collection)) => format!("{database}.{collection}"),
            _ => return Err(Failure::new(BAD_VALUE, format!("{} needs db and coll", step.name))),
        },
        other => return Err(Failure::new(BAD_VALUE, format!("{} to {other}", step.name))),
    };
    if store.collection(&target).is_none() {
        store.create(&target, Document::new())?;
    }
    if step.name == "$out" {
        replace(store, &target, documents)
    } else {
        merge(store, &target, step.operand.as_document().unwrap_or(&Document::new()), documents)
    }
}

/// What is there goes, and its options and indexes stay.
fn replace(store: &mut Store, target: &str, documents: &[Bytes]) -> Result<()> {
    let there = store.collection(target).into_iter();
    let before: Vec<_> = there.flat_map(|c| c.scan(std::ops::Bound::Unbounded, None)).map(|(place, _)| place).collect();
    for place in before {
        store.remove(target, place)?;
    }
    for document in documents {
        store.insert_bytes(target, document.clone())?;
    }
    Ok(())
}

/// Document by document by `_id`; what was done before one fails stays.
fn merge(store: &mut Store, target: &str, operand: &Document, documents: &[Bytes]) -> Result<()> {
    let says = |name: &str, default: &'static str| operand.get_str(name).unwrap_or(default).to_owned();
    let (on, matched, unmatched) = (says("on", "_id"), says("whenMatched", "merge"), says("whenNotMatched", "insert"));
    if on != "_id" || unmatched != "insert" || !["keepExisting", "replace", "fail"].contains(&matched.as_str()) {
        return Err(Failure::not_modelled(&format!("$merge with {operand}")));
    }
    for document in documents {
        let id = Key::of(document, "_id");
        let place = store.collection(target).and_then(|collection| collection.find(&id));
        match (place, matched.as_str()) {
            (None, _) => drop(store.insert_bytes(target, document.clone())?),
            (Some(_), "keepExisting") => {}
            (Some(place), "replace") => store.replace(target, place, document.clone(), document)?,
            (Some(_), _) => {
                return Err(Failure::new(DUPLICATE_KEY, "$merge with whenMatched: fail found an existing document"));
            }
        }
    }
    Ok(())
}
