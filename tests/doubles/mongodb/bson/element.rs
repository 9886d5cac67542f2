//! Walking over the elements of a document (bsonspec.org, version 1.1), whatever is in their values.

use std::fmt;

/// One element of a document or an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element<'a> {
    /// The type byte.
    pub tag: u8,
    /// The name without its final NUL; it need not be UTF-8.
    pub name: &'a [u8],
    /// The bytes behind the name.
    pub value: &'a [u8],
}

/// What isn't BSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a BSON document")
    }
}

/// How deep documents may be nested: the server's `BSONDepth::kDefaultMaxAllowableDepth`.
const DEPTH: usize = 200;

/// The elements of `document`, in order. After the first [`Malformed`] there is nothing more.
pub fn elements(document: &[u8]) -> impl Iterator<Item = Result<Element<'_>, Malformed>> {
    let mut rest = body(document);
    std::iter::from_fn(move || match next(rest.ok()?) {
        Ok(Some((element, behind))) => {
            rest = Ok(behind);
            Some(Ok(element))
        }
        Ok(None) => {
            rest = Err(Malformed);
            None
        }
        Err(malformed) => {
            rest = Err(Malformed);
            Some(Err(malformed))
        }
    })
}

/// The elements of a document that was checked before.
pub fn fields(document: &[u8]) -> impl Iterator<Item = Element<'_>> {
    elements(document).map_while(Result::ok)
}

/// The first element of this name.
#[must_use]
pub fn get<'a>(document: &'a [u8], name: &str) -> Option<Element<'a>> {
    fields(document).find(|element| element.name == name.as_bytes())
}

/// Checks that `document` is well-formed to its end, as the server does with everything that it is sent.
///
/// # Errors
/// If it isn't.
pub fn check(document: &[u8]) -> Result<(), Malformed> {
    check_at(document, DEPTH)
}

fn check_at(document: &[u8], depth: usize) -> Result<(), Malformed> {
    if depth == 0 || body(document)?.is_empty() {
        return Err(Malformed);
    }
    for element in elements(document) {
        let element = element?;
        if matches!(element.tag, 0x03 | 0x04) {
            check_at(element.value, depth - 1)?;
        }
    }
    Ok(())
}

/// What is behind the length, with the final NUL.
fn body(document: &[u8]) -> Result<&[u8], Malformed> {
    let length = length(document)?;
    if length < 5 || length != document.len() || document.last() != Some(&0) {
        return Err(Malformed);
    }
    document.get(4..).ok_or(Malformed)
}

fn next(bytes: &[u8]) -> Result<Option<(Element<'_>, &[u8])>, Malformed> {
    match bytes.split_first() {
        Some((0, [])) => Ok(None),
        Some((0, _)) | None => Err(Malformed),
        Some((&tag, rest)) => {
            let (name, rest) = cstring(rest)?;
            let (value, rest) = rest.split_at_checked(size(tag, rest)?).ok_or(Malformed)?;
            Ok(Some((Element { tag, name, value }, rest)))
        }
    }
}

/// How many bytes a value of this type takes at the start of `bytes`.
fn size(tag: u8, bytes: &[u8]) -> Result<usize, Malformed> {
    Ok(match tag {
        0x01 | 0x09 | 0x11 | 0x12 => 8,
        0x02 | 0x0D | 0x0E => 4 + length(bytes)?,
        0x03 | 0x04 | 0x0F => length(bytes)?,
        0x05 => 5 + length(bytes)?,
        0x06 | 0x0A | 0x7F | 0xFF => 0,
        0x07 => 12,
        0x08 => 1,
        0x0B => {
            let (pattern, rest) = cstring(bytes)?;
            pattern.len() + cstring(rest)?.0.len() + 2
        }
        0x0C => 4 + length(bytes)? + 12,
        0x10 => 4,
        0x13 => 16,
        _ => return Err(Malformed),
    })
}

fn cstring(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
    Ok((bytes.get(..end).ok_or(Malformed)?, bytes.get(end + 1..).ok_or(Malformed)?))
}

fn length(bytes: &[u8]) -> Result<usize, Malformed> {
    let bytes = bytes.first_chunk::<4>().ok_or(Malformed)?;
    usize::try_from(i32::from_le_bytes(*bytes)).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use bson::{Bson, doc};

    use super::*;

    #[test]
    fn every_type_is_walked_over() {
        let document = doc! {
            "double": 1.0, "string": "a\0b", "document": { "a": 1 }, "array": [1, "x"],
            "binary": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1, 2, 3] },
            "undefined": Bson::Undefined, "id": bson::oid::ObjectId::new(), "bool": true,
            "date": bson::DateTime::from_millis(-1), "null": Bson::Null,
            "code": Bson::JavaScriptCode("x".into()), "symbol": Bson::Symbol("s".into()),
            "scope": bson::JavaScriptCodeWithScope { code: "y".into(), scope: doc! { "z": 1 } },
            "int": 1_i32, "timestamp": bson::Timestamp { time: 1, increment: 2 }, "long": 1_i64,
            "decimal": bson::Decimal128::from_bytes([7; 16]), "min": Bson::MinKey, "max": Bson::MaxKey,
        };
        let bytes = document.to_vec().unwrap();
        let names = elements(&bytes).map(|element| String::from_utf8_lossy(element.unwrap().name).into_owned());
        assert_eq!(names.collect::<Vec<_>>(), document.keys().cloned().collect::<Vec<_>>());
        check(&bytes).unwrap();
    }

    #[test]
    fn a_value_that_reaches_over_the_end_is_malformed() {
        let mut bytes = doc! { "a": "text" }.to_vec().unwrap();
        let length = bytes.iter().position(|byte| *byte == 5).unwrap();
        *bytes.get_mut(length).unwrap() = 50;
        assert_eq!(check(&bytes), Err(Malformed));
    }
}
