//! Values at a dotted path (MongoDB manual, "Dot Notation"; arrays are spread as in "Query an Array").

use crate::doubles::mongodb::bson::{Key, fields};

/// The values at a path, with the fields of arrays in place of the arrays: the keys of an index on it.
#[must_use]
pub fn keys(document: &[u8], path: &str) -> Vec<Key> {
    let mut found = Vec::new();
    walk(document, path, &mut |tag, value| {
        if tag == 0x04 {
            let spread = fields(value);
            let before = found.len();
            found.extend(spread.map(|element| Key::new(element.tag, element.value)));
            // An empty array is indexed as undefined.
            if found.len() == before {
                found.push(Key::new(0x06, &[]));
            }
        } else {
            found.push(Key::new(tag, value));
        }
    });
    found
}

/// Calls `see` with each value at a path: the value itself, and where arrays of documents lie on the way, one for each
/// of their documents.
pub(super) fn walk(document: &[u8], path: &str, see: &mut dyn FnMut(u8, &[u8])) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(element) = fields(document).find(|e| e.name == name.as_bytes()) else { return };
    match (rest, element.tag) {
        (None, tag) => see(tag, element.value),
        (Some(rest), 0x03) => walk(element.value, rest, see),
        (Some(rest), 0x04) => {
            walk(element.value, rest, see);
            for inner in fields(element.value).filter(|inner| inner.tag == 0x03) {
                walk(inner.value, rest, see);
            }
        }
        _ => {}
    }
}
