//! The order of values (MongoDB manual, "Comparison/Sort Order").

use std::cmp::Ordering;

use super::element::{Element, fields, get};
use super::number;

/// Which kind of value a type byte is: kinds come in this order, whatever the values (the server's
/// `canonicalizeBSONType`). Comparisons in a filter see only values of one kind.
#[must_use]
pub fn type_rank(tag: u8) -> u8 {
    match tag {
        0xFF => 0,
        0x06 => 1,
        0x0A => 5,
        0x01 | 0x10 | 0x12 | 0x13 => 10,
        0x02 | 0x0E => 15,
        0x03 => 20,
        0x04 => 25,
        0x05 => 30,
        0x07 => 35,
        0x08 => 40,
        0x09 => 45,
        0x11 => 47,
        0x0B => 50,
        0x0C => 55,
        0x0D => 60,
        0x0F => 65,
        _ => 127,
    }
}

/// Compares two values, given as type byte and bytes.
pub(super) fn compare(left: (u8, &[u8]), right: (u8, &[u8])) -> Ordering {
    type_rank(left.0).cmp(&type_rank(right.0)).then_with(|| match left.0 {
        tag if number::is_number(tag) => number::compare(left, right),
        0x02 | 0x0D | 0x0E => text(left.1).cmp(text(right.1)),
        0x03 => compare_documents(left.1, right.1, true),
        0x04 => compare_documents(left.1, right.1, false),
        // Length first, then the subtype, then the bytes: they lie in this order, the length least byte first.
        0x05 => length(left.1).cmp(&length(right.1)).then_with(|| left.1.get(4..).cmp(&right.1.get(4..))),
        0x09 => date(left.1).cmp(&date(right.1)),
        0x11 => date(left.1).map(i64::cast_unsigned).cmp(&date(right.1).map(i64::cast_unsigned)),
        0x0C => left.1.len().cmp(&right.1.len()).then_with(|| left.1.cmp(right.1)),
        _ => left.1.cmp(right.1),
    })
}

/// Pair by pair: the kind of the value, then the name, then the value; a document that ends first is the lower one.
fn compare_documents(left: &[u8], right: &[u8], names: bool) -> Ordering {
    let (mut left, mut right) = (fields(left), fields(right));
    loop {
        return match (left.next(), right.next()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => {
                let order = type_rank(one.tag)
                    .cmp(&type_rank(other.tag))
                    .then_with(|| if names { one.name.cmp(other.name) } else { Ordering::Equal })
                    .then_with(|| compare((one.tag, one.value), (other.tag, other.value)));
                if order.is_eq() {
                    continue;
                }
                order
            }
        };
    }
}

/// A string's bytes without length and NUL.
fn text(value: &[u8]) -> &[u8] {
    value.get(4..value.len().saturating_sub(1)).unwrap_or_default()
}

fn length(value: &[u8]) -> Option<i32> {
    value.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
}

fn date(value: &[u8]) -> Option<i64> {
    value.first_chunk().map(|bytes| i64::from_le_bytes(*bytes))
}

/// A value that lies in an index.
#[derive(Clone, Debug)]
pub struct Key(Box<[u8]>);

impl Key {
    /// A key of this value.
    #[must_use]
    pub fn new(tag: u8, value: &[u8]) -> Self {
        Self([&[tag], value].concat().into())
    }

    /// The key of a document's field; null where it is missing, as in the server's indexes.
    #[must_use]
    pub fn of(document: &[u8], name: &str) -> Self {
        get(document, name).map_or_else(|| Self::new(0x0A, &[]), |Element { tag, value, .. }| Self::new(tag, value))
    }

    /// Type byte and bytes.
    #[must_use]
    pub fn value(&self) -> (u8, &[u8]) {
        self.0.split_first().map_or((0x0A, &[]), |(tag, value)| (*tag, value))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.value(), other.value())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use bson::{Bson, doc};

    use super::*;

    #[test]
    fn values_of_all_kinds_have_one_order() {
        let ascending = [
            Bson::MinKey,
            Bson::Undefined,
            Bson::Null,
            Bson::Int32(-1),
            Bson::Double(0.5),
            Bson::Int64(1),
            "".into(),
            "B".into(),
            Bson::Symbol("a".into()),
            "ab".into(),
            doc! {}.into(),
            doc! { "b": 1 }.into(),
            doc! { "a": "x" }.into(),
            vec![Bson::Int32(9)].into(),
            bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![9] }.into(),
            bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![0, 0] }.into(),
            bson::oid::ObjectId::from_bytes([1; 12]).into(),
            false.into(),
            true.into(),
            bson::DateTime::from_millis(-5).into(),
            bson::DateTime::from_millis(5).into(),
            bson::Timestamp { time: 0, increment: 1 }.into(),
            bson::Timestamp { time: u32::MAX, increment: 0 }.into(),
            Bson::JavaScriptCode("a".into()),
            Bson::MaxKey,
        ];
        let keys: Vec<Key> =
            ascending.iter().map(|value| Key::of(&doc! { "_id": value.clone() }.to_vec().unwrap(), "_id")).collect();
        for i in 0..keys.len() {
            for j in 0..keys.len() {
                assert_eq!(keys[i].cmp(&keys[j]), i.cmp(&j), "{:?} and {:?}", ascending[i], ascending[j]);
            }
        }
    }
}
