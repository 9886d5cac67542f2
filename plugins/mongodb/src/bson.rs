//! BSON as it is needed here: catalogue documents are taken apart and put together without their values being decoded, so
//! that the order of keys, the types of numbers and fields that nobody knows stay as they are (bsonspec.org 1.1).
//!
//! The crate `bson` isn't used: for wasm32-unknown-unknown it imports a JavaScript engine's random numbers.

use cofferdam_sdk::{Error, Result};

/// A document's bytes.
pub type Document = Vec<u8>;

mod kind {
    pub const DOUBLE: u8 = 0x01;
    pub const STRING: u8 = 0x02;
    pub const DOCUMENT: u8 = 0x03;
    pub const ARRAY: u8 = 0x04;
    pub const BINARY: u8 = 0x05;
    pub const BOOLEAN: u8 = 0x08;
    pub const INT32: u8 = 0x10;
    pub const TIMESTAMP: u8 = 0x11;
    pub const INT64: u8 = 0x12;
}

/// A field of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element<'a> {
    /// The number of its type.
    pub kind: u8,
    /// Its name, as bytes: old data has names that aren't UTF-8.
    pub name: &'a [u8],
    /// Its value's bytes.
    pub value: &'a [u8],
}

impl<'a> Element<'a> {
    /// Whether this is its name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name.as_bytes()
    }

    /// A string's text.
    pub fn text(&self) -> Option<&'a str> {
        let text = self.value.get(4..self.value.len().checked_sub(1)?)?;
        std::str::from_utf8(text).ok().filter(|_| self.kind == kind::STRING)
    }

    /// A number of any type, as a whole one.
    pub fn number(&self) -> Option<i64> {
        match self.kind {
            kind::INT32 => Some(i64::from(i32::from_le_bytes(self.value.try_into().ok()?))),
            kind::INT64 => Some(i64::from_le_bytes(self.value.try_into().ok()?)),
            #[expect(clippy::cast_possible_truncation, reason = "a size or a version; what doesn't fit is saturated")]
            kind::DOUBLE => Some(f64::from_le_bytes(self.value.try_into().ok()?) as i64),
            _ => None,
        }
    }

    /// A truth value, or a number that stands for one.
    pub fn truth(&self) -> bool {
        if self.kind == kind::BOOLEAN { self.value == [1] } else { self.number().is_some_and(|n| n != 0) }
    }

    /// An embedded document's bytes, or an array's, whose names are indexes.
    pub fn document(&self) -> Option<&'a [u8]> {
        matches!(self.kind, kind::DOCUMENT | kind::ARRAY).then_some(self.value)
    }

    /// A timestamp: seconds in the upper half, a counter in the lower.
    pub fn timestamp(&self) -> Option<u64> {
        Some(u64::from_le_bytes(self.value.try_into().ok()?)).filter(|_| self.kind == kind::TIMESTAMP)
    }

    /// A binary value's bytes.
    pub fn binary(&self) -> Option<&'a [u8]> {
        self.value.get(5..).filter(|_| self.kind == kind::BINARY)
    }
}

/// The fields of a document, in their order.
///
/// # Errors
/// "corrupt" if it isn't a document.
pub fn elements(document: &[u8]) -> Result<Vec<Element<'_>>> {
    let broken = || Error::corrupt("the server sent something else than a BSON document");
    let end = document.len().checked_sub(1).ok_or_else(broken)?;
    let mut rest = document.get(4..end).ok_or_else(broken)?;
    let mut elements = Vec::new();
    while let Some((&kind, after)) = rest.split_first() {
        let (name, after) = cstring(after).ok_or_else(broken)?;
        let (value, after) = size(kind, after).and_then(|size| after.split_at_checked(size)).ok_or_else(broken)?;
        elements.push(Element { kind, name, value });
        rest = after;
    }
    Ok(elements)
}

fn cstring(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// The bytes of a value that `bytes` begins with.
fn size(kind: u8, bytes: &[u8]) -> Option<usize> {
    let length = || usize::try_from(u32::from_le_bytes(*bytes.first_chunk()?)).ok();
    match kind {
        // Undefined, null, the smallest and the largest key.
        0x06 | 0x0a | 0x7f | 0xff => Some(0),
        kind::BOOLEAN => Some(1),
        kind::INT32 => Some(4),
        // Double, date, timestamp, 64-bit number.
        kind::DOUBLE | 0x09 | kind::TIMESTAMP | kind::INT64 => Some(8),
        // Object id, decimal.
        0x07 => Some(12),
        0x13 => Some(16),
        // String, code, symbol.
        kind::STRING | 0x0d | 0x0e => length()?.checked_add(4),
        kind::BINARY => length()?.checked_add(5),
        // DBPointer: a string and an object id.
        0x0c => length()?.checked_add(16),
        // Document, array, code with scope: the length counts itself.
        kind::DOCUMENT | kind::ARRAY | 0x0f => length(),
        // Regular expression: two C strings.
        0x0b => {
            let (pattern, rest) = cstring(bytes)?;
            Some(pattern.len() + cstring(rest)?.0.len() + 2)
        }
        _ => None,
    }
}

/// A field of a document by its name, the first if there are several.
pub fn get<'a>(document: &'a [u8], name: &str) -> Option<Element<'a>> {
    elements(document).ok()?.into_iter().find(|element| element.is(name))
}

/// A field of a field, and so on, by names with dots between them.
pub fn path<'a>(document: &'a [u8], path: &str) -> Option<Element<'a>> {
    match path.split_once('.') {
        None => get(document, path),
        Some((first, rest)) => self::path(get(document, first)?.document()?, rest),
    }
}

/// The documents of an array.
pub fn documents(array: &[u8]) -> Result<Vec<Document>> {
    Ok(elements(array)?.iter().filter_map(|element| element.document()).map(<[u8]>::to_vec).collect())
}

/// A document that is being made.
#[derive(Clone, Debug, Default)]
pub struct Builder(Vec<u8>);

impl Builder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn field(mut self, kind: u8, name: &[u8], value: &[&[u8]]) -> Self {
        self.0.push(kind);
        self.0.extend_from_slice(name);
        self.0.push(0);
        value.iter().for_each(|part| self.0.extend_from_slice(part));
        self
    }

    /// A string.
    pub fn text(self, name: &str, value: &str) -> Self {
        let length = length(value.len() + 1);
        self.field(kind::STRING, name.as_bytes(), &[&length, value.as_bytes(), &[0]])
    }

    /// A 32-bit number.
    pub fn int(self, name: &str, value: i32) -> Self {
        self.field(kind::INT32, name.as_bytes(), &[&value.to_le_bytes()])
    }

    /// A truth value.
    pub fn truth(self, name: &str, value: bool) -> Self {
        self.field(kind::BOOLEAN, name.as_bytes(), &[&[u8::from(value)]])
    }

    /// A timestamp.
    pub fn timestamp(self, name: &str, value: u64) -> Self {
        self.field(kind::TIMESTAMP, name.as_bytes(), &[&value.to_le_bytes()])
    }

    /// Bytes.
    pub fn binary(self, name: &str, value: &[u8]) -> Self {
        const GENERIC: u8 = 0;
        let length = length(value.len());
        self.field(kind::BINARY, name.as_bytes(), &[&length, &[GENERIC], value])
    }

    /// A UUID.
    pub fn uuid(self, name: &str, value: &[u8]) -> Self {
        const UUID: u8 = 4;
        let length = length(value.len());
        self.field(kind::BINARY, name.as_bytes(), &[&length, &[UUID], value])
    }

    /// An embedded document.
    pub fn document(self, name: &str, value: &[u8]) -> Self {
        self.field(kind::DOCUMENT, name.as_bytes(), &[value])
    }

    /// An array of documents.
    pub fn array(self, name: &str, values: &[Document]) -> Self {
        let elements =
            values.iter().enumerate().fold(Self::new(), |array, (n, value)| array.document(&n.to_string(), value));
        self.field(kind::ARRAY, name.as_bytes(), &[&elements.finish()])
    }

    /// A value by the number of its type, and its bytes.
    pub fn value(self, kind: u8, name: &str, value: &[u8]) -> Self {
        self.field(kind, name.as_bytes(), &[value])
    }

    /// A field as it is in another document.
    pub fn element(self, element: &Element<'_>) -> Self {
        self.field(element.kind, element.name, &[element.value])
    }

    /// All fields of another document but those with these names.
    ///
    /// # Errors
    /// "corrupt" if it isn't a document.
    pub fn all_but(self, document: &[u8], names: &[&str]) -> Result<Self> {
        let kept = elements(document)?.into_iter().filter(|element| !names.iter().any(|name| element.is(name)));
        Ok(kept.fold(self, |made, element| made.element(&element)))
    }

    /// All fields of another document but those with these names, by their names.
    ///
    /// # Errors
    /// "corrupt" if it isn't a document.
    pub fn sorted_but(self, document: &[u8], names: &[&str]) -> Result<Self> {
        let mut kept = elements(document)?;
        kept.retain(|element| !names.iter().any(|name| element.is(name)));
        kept.sort_by_key(|element| element.name);
        Ok(kept.into_iter().fold(self, |made, element| made.element(&element)))
    }

    /// The document's bytes.
    pub fn finish(self) -> Document {
        let mut document = length(self.0.len() + 5).to_vec();
        document.extend_from_slice(&self.0);
        document.push(0);
        document
    }
}

/// A length as BSON writes it. What the plugin makes is far from the 2 GB where it ends.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_document_is_taken_apart_as_it_was_put_together() {
        let inner = Builder::new().int("x", -1).finish();
        let made = Builder::new()
            .text("s", "ü")
            .truth("b", true)
            .timestamp("t", 7 << 32 | 3)
            .binary("raw", b"\0\x01")
            .array("a", &[inner.clone(), inner.clone()])
            .document("d", &inner)
            .finish();
        assert_eq!(get(&made, "s").unwrap().text(), Some("ü"));
        assert!(get(&made, "b").unwrap().truth());
        assert_eq!(get(&made, "t").unwrap().timestamp(), Some(7 << 32 | 3));
        assert_eq!(get(&made, "raw").unwrap().binary(), Some(&b"\0\x01"[..]));
        assert_eq!(documents(get(&made, "a").unwrap().document().unwrap()).unwrap(), [inner.clone(), inner]);
        assert_eq!(path(&made, "d.x").unwrap().number(), Some(-1));
        assert!(get(&made, "none").is_none());
        let copied = Builder::new().all_but(&made, &[]).unwrap().finish();
        assert_eq!(copied, made);
    }

    #[test]
    fn every_type_has_its_size() {
        let values: [(u8, &[u8]); 21] = [
            (0x01, &[0; 8]),
            (0x02, &[2, 0, 0, 0, b'a', 0]),
            (0x03, &[5, 0, 0, 0, 0]),
            (0x04, &[5, 0, 0, 0, 0]),
            (0x05, &[1, 0, 0, 0, 0, 9]),
            (0x06, &[]),
            (0x07, &[1; 12]),
            (0x08, &[1]),
            (0x09, &[1; 8]),
            (0x0a, &[]),
            (0x0b, b"a\0i\0"),
            (0x0c, &[2, 0, 0, 0, b'a', 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
            (0x0d, &[2, 0, 0, 0, b'a', 0]),
            (0x0e, &[2, 0, 0, 0, b'a', 0]),
            (0x0f, &[15, 0, 0, 0, 2, 0, 0, 0, b'a', 0, 5, 0, 0, 0, 0]),
            (0x10, &[1; 4]),
            (0x11, &[1; 8]),
            (0x12, &[1; 8]),
            (0x13, &[1; 16]),
            (0x7f, &[]),
            (0xff, &[]),
        ];
        let made = values.iter().fold(Builder::new(), |made, (kind, value)| made.field(*kind, b"f", &[value])).finish();
        let read = elements(&made).unwrap();
        assert_eq!(read.iter().map(|e| (e.kind, e.value)).collect::<Vec<_>>(), values);
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_no_panic() {
        let made = Builder::new().text("s", "text").document("d", &Builder::new().int("x", 1).finish()).finish();
        for cut in 0..made.len() {
            let _ = elements(&made[..cut]);
        }
        assert!(elements(&[9, 0, 0, 0, 0x33, b'a', 0, 1, 0]).is_err());
    }
}
