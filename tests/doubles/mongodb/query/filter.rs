//! Filters (MongoDB manual, "Query Predicates"): the comparison operators with their type bracketing, logic, `$exists`,
//! `$type`, and `$jsonSchema` for validators.

use std::cmp::Ordering;

use bson::{Bson, Document};

use super::path::walk;
use super::{key, schema, truth};
use crate::doubles::mongodb::bson::{Key, fields, type_rank};
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, Result};

/// Whether a filter takes a document.
///
/// # Errors
/// If the filter isn't one, or the double doesn't model it.
pub fn matches_document(filter: &Document, document: &[u8]) -> Result<bool> {
    for (name, condition) in filter {
        let taken = match name.as_str() {
            "$and" => branches(condition)?.iter().try_fold(true, |all, b| Ok(all && matches_document(b, document)?))?,
            "$or" => branches(condition)?.iter().try_fold(false, |any, b| Ok(any || matches_document(b, document)?))?,
            "$nor" => {
                !branches(condition)?.iter().try_fold(false, |any, b| Ok(any || matches_document(b, document)?))?
            }
            "$jsonSchema" => schema::matches(condition, document)?,
            "$comment" => true,
            operator if operator.starts_with('$') => return Err(unknown(operator)),
            path => matches_path(path, condition, document)?,
        };
        if !taken {
            return Ok(false);
        }
    }
    Ok(true)
}

fn branches(condition: &Bson) -> Result<Vec<&Document>> {
    let array = condition.as_array().filter(|array| !array.is_empty());
    let wrong = || Failure::new(BAD_VALUE, "$and/$or/$nor must be a nonempty array");
    array.ok_or_else(wrong)?.iter().map(|branch| branch.as_document().ok_or_else(wrong)).collect()
}

fn matches_path(path: &str, condition: &Bson, document: &[u8]) -> Result<bool> {
    match condition {
        Bson::Document(operators) if operators.keys().next().is_some_and(|name| name.starts_with('$')) => {
            for (operator, operand) in operators {
                if !matches_operator(path, operator, operand, document)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Bson::RegularExpression(_) => Err(Failure::not_modelled("regular expressions in filters")),
        value => matches_operator(path, "$eq", value, document),
    }
}

fn matches_operator(path: &str, operator: &str, operand: &Bson, document: &[u8]) -> Result<bool> {
    let compares = |wanted: fn(Ordering) -> bool| {
        any(document, path, |value| compare_bracketed(value, &key(operand)).is_some_and(wanted))
    };
    Ok(match operator {
        "$eq" => equals(document, path, operand),
        "$ne" => !equals(document, path, operand),
        "$gt" => compares(Ordering::is_gt),
        "$gte" => compares(Ordering::is_ge),
        "$lt" => compares(Ordering::is_lt),
        "$lte" => compares(Ordering::is_le),
        "$in" => list(operand)?.iter().any(|value| equals(document, path, value)),
        "$nin" => !list(operand)?.iter().any(|value| equals(document, path, value)),
        "$exists" => any(document, path, |_| true) == truth(operand),
        "$type" => any(document, path, |value| schema::is_type(value.value().0, operand)),
        "$not" => !matches_path(path, operand, document)?,
        other => return Err(unknown(other)),
    })
}

fn list(operand: &Bson) -> Result<&Vec<Bson>> {
    operand.as_array().ok_or_else(|| Failure::new(BAD_VALUE, "$in needs an array"))
}

/// Null is equal to a missing field, too (MongoDB manual, "Query for Null or Missing Fields").
fn equals(document: &[u8], path: &str, operand: &Bson) -> bool {
    let wanted = key(operand);
    any(document, path, |value| *value == wanted) || (matches!(operand, Bson::Null) && !any(document, path, |_| true))
}

/// Whether a value at the path, or an element of an array there, is such.
fn any(document: &[u8], path: &str, is: impl Fn(&Key) -> bool) -> bool {
    let mut found = false;
    walk(document, path, &mut |tag, value| {
        found |= is(&Key::new(tag, value));
        if tag == 0x04 {
            found |= fields(value).any(|inner| is(&Key::new(inner.tag, inner.value)));
        }
    });
    found
}

/// Values of another kind than the operand's are neither more nor less (MongoDB manual, "Comparison Query Operators":
/// type bracketing), except against `MinKey` and `MaxKey`.
fn compare_bracketed(value: &Key, operand: &Key) -> Option<Ordering> {
    let extreme = matches!(operand.value().0, 0xFF | 0x7F);
    let same = type_rank(value.value().0) == type_rank(operand.value().0);
    (same || extreme).then(|| value.cmp(operand))
}

fn unknown(operator: &str) -> Failure {
    Failure::not_modelled(&format!("the query operator {operator}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use bson::doc;

    use super::*;

    fn takes(filter: &Document, document: &Document) -> bool {
        matches_document(filter, &document.to_vec().unwrap()).unwrap()
    }

    #[test]
    fn a_comparison_sees_only_values_of_its_kind() {
        assert!(takes(&doc! { "_id": { "$gte": 5 } }, &doc! { "_id": 5.0 }));
        assert!(!takes(&doc! { "_id": { "$gte": 5 } }, &doc! { "_id": "text" }));
        assert!(!takes(&doc! { "_id": { "$lt": 5 } }, &doc! { "_id": null }));
        assert!(takes(&doc! { "_id": { "$gte": Bson::MinKey } }, &doc! { "_id": "text" }));
    }

    #[test]
    fn arrays_and_paths_are_looked_into() {
        let document = doc! { "a": [{ "b": 1 }, { "b": 2 }], "c": [1, 2] };
        assert!(takes(&doc! { "a.b": 2 }, &document));
        assert!(takes(&doc! { "c": 1 }, &document));
        assert!(takes(&doc! { "d": null }, &document));
        assert!(!takes(&doc! { "c": { "$exists": false } }, &document));
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        assert!(matches_document(&doc! { "a": { "$near": 1 } }, &doc! {}.to_vec().unwrap()).is_err());
    }
}
