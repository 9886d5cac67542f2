//! Changing a document (MongoDB manual, "Update Operators"): a replacement, or `$set`, `$setOnInsert`, `$unset`, `$inc`
//! and `$push` on top-level fields.

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::bson::{Writer, fields, get};
use super::failure::{BAD_VALUE, Failure, Result};
use super::query::{decode, number};

/// The document after the change, and what the oplog says of it. A replacement keeps the `_id`.
///
/// # Errors
/// If the change isn't one, or isn't modelled.
pub fn apply(before: &Bytes, change: &[u8], inserts: bool) -> Result<(Bytes, Vec<u8>)> {
    let operators = fields(change).next().is_some_and(|e| e.name.starts_with(b"$"));
    if !operators {
        let mut after = Writer::default();
        let id = get(before, "_id").or_else(|| get(change, "_id"));
        if let Some(id) = id {
            after.raw(id.tag, b"_id", id.value);
        }
        for element in fields(change).filter(|element| element.name != b"_id") {
            after.raw(element.tag, element.name, element.value);
        }
        let after = after.finish();
        return Ok((after.clone().into(), after));
    }
    let old = decode(before)?;
    let mut new = old.clone();
    for (operator, fields) in decode(change)? {
        let fields =
            fields.as_document().cloned().ok_or_else(|| Failure::new(BAD_VALUE, "an operator needs fields"))?;
        for (name, operand) in fields {
            if name.contains('.') {
                return Err(Failure::not_modelled("updates of inner fields"));
            }
            change_field(&mut new, &operator, name, operand, inserts)?;
        }
    }
    let encoded = |document: &Document| document.to_vec().map_err(|e| Failure::new(BAD_VALUE, e.to_string()));
    Ok((encoded(&new)?.into(), encoded(&difference(&old, &new))?))
}

fn change_field(document: &mut Document, operator: &str, name: String, operand: Bson, inserts: bool) -> Result<()> {
    match operator {
        "$set" => drop(document.insert(name, operand)),
        "$setOnInsert" if inserts => drop(document.insert(name, operand)),
        "$setOnInsert" => {}
        "$unset" => drop(document.remove(&name)),
        "$inc" => {
            let sum = match (document.get(&name), &operand) {
                (None, _) => operand,
                (Some(Bson::Int32(a)), Bson::Int32(b)) => {
                    a.checked_add(*b).map_or_else(|| Bson::Int64(i64::from(*a) + i64::from(*b)), Bson::Int32)
                }
                (Some(a @ (Bson::Int32(_) | Bson::Int64(_))), b @ (Bson::Int32(_) | Bson::Int64(_))) => {
                    Bson::Int64(number(a).unwrap_or_default() + number(b).unwrap_or_default())
                }
                _ => return Err(Failure::not_modelled("$inc of anything but integers")),
            };
            document.insert(name, sum);
        }
        "$push" => match document.entry(name).or_insert_with(|| Bson::Array(Vec::new())) {
            Bson::Array(array) => array.push(operand),
            _ => return Err(Failure::new(BAD_VALUE, "The field must be an array")),
        },
        other => return Err(Failure::not_modelled(&format!("the update operator {other}"))),
    }
    Ok(())
}

/// The entry of version 2: `d` for fields that went, `u` for those that changed, `i` for new ones (the server's
/// `update/update_oplog_entry_serialization.h`).
fn difference(old: &Document, new: &Document) -> Document {
    let gone: Document =
        old.keys().filter(|name| !new.contains_key(*name)).map(|name| (name.clone(), Bson::Boolean(false))).collect();
    let changed: Document = new
        .iter()
        .filter(|(name, value)| old.get(*name).is_some_and(|before| before != *value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let added: Document = new
        .iter()
        .filter(|(name, _)| !old.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let parts = [("d", gone), ("u", changed), ("i", added)];
    let diff: Document = parts
        .into_iter()
        .filter(|(_, part)| !part.is_empty())
        .map(|(name, part)| (name.to_owned(), Bson::from(part)))
        .collect();
    doc! { "$v": 2, "diff": diff }
}

/// What an upsert begins with: the fields that the filter wants to be equal to something.
///
/// # Errors
/// If it can't be encoded.
pub fn seed(filter: &Document) -> Result<Bytes> {
    let equal = filter.iter().filter(|(name, value)| {
        !name.contains(['$', '.']) && value.as_document().is_none_or(|d| !d.keys().any(|k| k.starts_with('$')))
    });
    let seed: Document = equal.map(|(name, value)| (name.clone(), value.clone())).collect();
    seed.to_vec().map(Bytes::from).map_err(|e| Failure::new(BAD_VALUE, e.to_string()))
}
