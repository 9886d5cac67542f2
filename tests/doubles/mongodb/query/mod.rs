//! Queries: filters, sorting, projections and pipelines, as far as a backup tool and its tests need them. Whatever isn't
//! modelled is refused, so that no test passes because something was ignored.

mod filter;
mod path;
mod pipeline;
mod projection;
mod schema;

use bson::{Bson, Document, RawDocument};

pub use filter::matches_document;
pub use path::keys;
pub use pipeline::{Step, parse, run};
pub use projection::project;

use super::bson::{Key, Writer};
use super::failure::{Failure, INVALID_BSON, Result};

/// A number of any type as an integer.
#[must_use]
pub fn number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(value) => Some((*value).into()),
        Bson::Int64(value) => Some(*value),
        #[expect(clippy::cast_possible_truncation, reason = "saturates, as the server's safeNumberLong does")]
        Bson::Double(value) => Some(*value as i64),
        _ => None,
    }
}

/// Whether a value counts as true: everything but false, zero, null and undefined.
#[must_use]
pub fn truth(value: &Bson) -> bool {
    match value {
        Bson::Boolean(value) => *value,
        Bson::Null | Bson::Undefined => false,
        other => number(other) != Some(0),
    }
}

/// A value from its type byte and its bytes.
#[must_use]
pub fn value((tag, bytes): (u8, &[u8])) -> Option<Bson> {
    let mut document = Writer::default();
    document.raw(tag, b"v", bytes);
    decode(&document.finish()).ok()?.remove("v")
}

/// The key of a value.
#[must_use]
pub fn key(value: &Bson) -> Key {
    let mut document = Document::new();
    document.insert("v", value.clone());
    Key::of(&document.to_vec().unwrap_or_default(), "v")
}

/// The keys of a filter that is `{ _id: { $in: [...] } }`, which a server answers by the index.
#[must_use]
pub fn listed(filter: &Document) -> Option<Vec<Key>> {
    let condition = filter.get("_id")?.as_document().filter(|condition| filter.len() == 1 && condition.len() == 1)?;
    let mut keys: Vec<Key> = condition.get_array("$in").ok()?.iter().map(key).collect();
    keys.sort();
    keys.dedup();
    Some(keys)
}

/// A document that has to be looked into; strings in it that aren't UTF-8 come with replacements.
///
/// # Errors
/// [`INVALID_BSON`].
pub fn decode(bytes: &[u8]) -> Result<Document> {
    let broken = |e: &dyn std::fmt::Display| Failure::new(INVALID_BSON, e.to_string());
    let raw = RawDocument::from_bytes(bytes).map_err(|e| broken(&e))?;
    Document::try_from(raw).map_err(|e| broken(&e))
}

/// Sorts documents (MongoDB manual, `cursor.sort`); a missing field counts as null.
pub fn sort(documents: &mut [bytes::Bytes], order: &Document) {
    documents.sort_by_cached_key(|document| {
        let keys = order.iter().map(|(path, direction)| {
            let key = keys(document, path).into_iter().next().unwrap_or_else(|| Key::new(0x0A, &[]));
            if number(direction).is_some_and(i64::is_negative) {
                Directed::Down(std::cmp::Reverse(key))
            } else {
                Directed::Up(key)
            }
        });
        keys.collect::<Vec<_>>()
    });
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Directed {
    Up(Key),
    Down(std::cmp::Reverse<Key>),
}
