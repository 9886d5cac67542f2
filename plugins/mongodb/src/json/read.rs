//! Extended JSON as documents: canonical as `mongodump` writes it since 4.2, and what it wrote before (MongoDB Extended
//! JSON v2, "Conversions"; v1, strict mode). A document that has the members of a value's notation is that value.

use super::decimal;
use crate::bson::{Builder, Document};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cofferdam_sdk::{Error, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The document of a text.
///
/// # Errors
/// "corrupt" if the text isn't JSON or no document, or a value's notation is broken.
pub fn document(text: &[u8]) -> Result<Document> {
    match serde_json::from_slice(text) {
        Ok(Json::Object(members)) => members_of(&members),
        Ok(_) => Err(Error::corrupt("the JSON is no document")),
        Err(error) => Err(Error::corrupt(format!("the JSON can't be read: {error}"))),
    }
}

/// JSON with its members in the order of the text: the order of an index's keys is what the index is.
enum Json {
    Null,
    Truth(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Json, E> {
        Ok(Json::Truth(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Json, E> {
        Ok(Json::Whole(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> std::result::Result<Json, E> {
        i64::try_from(value).map(Json::Whole).map_err(|_| E::custom("a number is too large"))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> std::result::Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

fn members_of(members: &[(String, Json)]) -> Result<Document> {
    let made = members.iter().try_fold(Builder::new(), |made, (name, json)| add(made, name, json))?;
    Ok(made.finish())
}

fn add(made: Builder, name: &str, json: &Json) -> Result<Builder> {
    // A name ends at its first zero byte.
    if name.contains('\0') {
        return Err(Error::corrupt("a name has a zero byte"));
    }
    Ok(match json {
        Json::Null => made.value(0x0a, name, &[]),
        Json::Truth(value) => made.truth(name, *value),
        // As the server's own shell takes plain numbers: the smallest type that holds them.
        Json::Whole(value) => match i32::try_from(*value) {
            Ok(small) => made.int(name, small),
            Err(_) => made.value(0x12, name, &value.to_le_bytes()),
        },
        Json::Number(value) => made.value(0x01, name, &value.to_le_bytes()),
        Json::Text(text) => made.text(name, text),
        Json::Array(values) => {
            let mut elements = values.iter().enumerate();
            let array = elements.try_fold(Builder::new(), |array, (n, value)| add(array, &n.to_string(), value))?;
            made.value(0x04, name, &array.finish())
        }
        Json::Object(members) => match typed(members) {
            Some(value) => {
                let broken = || Error::corrupt(format!("the value of \"{name}\" can't be read"));
                let (kind, value) = value?.ok_or_else(broken)?;
                made.value(kind, name, &value)
            }
            None => made.document(name, &members_of(members)?),
        },
    })
}

/// The type and the bytes of a value.
type Typed = Option<(u8, Vec<u8>)>;

/// The value that members are the notation of; none if they are a document's.
fn typed(members: &[(String, Json)]) -> Option<Result<Typed>> {
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    let value = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let text = |wanted: &str| value(wanted).and_then(Json::text);
    let found = match names.as_slice() {
        ["$numberInt"] => number::<i32>(text("$numberInt")).map(|n| (0x10, n.to_le_bytes().to_vec())),
        ["$numberLong"] => number::<i64>(text("$numberLong")).map(|n| (0x12, n.to_le_bytes().to_vec())),
        ["$numberDouble"] => number::<f64>(text("$numberDouble")).map(|n| (0x01, n.to_le_bytes().to_vec())),
        ["$numberDecimal"] => text("$numberDecimal").and_then(decimal::parse).map(|n| (0x13, n.to_vec())),
        ["$oid"] => text("$oid").and_then(unhex).filter(|id| id.len() == 12).map(|id| (0x07, id)),
        ["$date"] => date(value("$date")).map(|date| (0x09, date.to_le_bytes().to_vec())),
        ["$timestamp"] => timestamp(value("$timestamp")).map(|both| (0x11, both.to_le_bytes().to_vec())),
        ["$binary"] => value("$binary").and_then(Json::members).and_then(|binary| match binary {
            [(a, content), (b, kind)] if a == "base64" && b == "subType" => bytes(content.text()?, kind.text()?),
            _ => None,
        }),
        ["$binary", "$type"] => text("$binary").zip(text("$type")).and_then(|(content, kind)| bytes(content, kind)),
        ["$regularExpression"] => value("$regularExpression").and_then(Json::members).and_then(|parts| match parts {
            [(a, pattern), (b, options)] if a == "pattern" && b == "options" => expression(pattern, options),
            _ => None,
        }),
        ["$code"] => text("$code").map(|code| (0x0d, string(code))),
        ["$code", "$scope"] => return Some(code(text("$code"), value("$scope"))),
        ["$symbol"] => text("$symbol").map(|symbol| (0x0e, string(symbol))),
        ["$undefined"] => Some((0x06, Vec::new())),
        ["$minKey"] => Some((0xff, Vec::new())),
        ["$maxKey"] => Some((0x7f, Vec::new())),
        _ => return None,
    };
    Some(Ok(found))
}

impl Json {
    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn members(&self) -> Option<&[(String, Self)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(value) => Some(*value),
            Self::Object(members) => match members.as_slice() {
                [(name, value)] if name == "$numberLong" || name == "$numberInt" => number(value.text()),
                _ => None,
            },
            _ => None,
        }
    }
}

fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

/// Milliseconds. A date that is written out isn't taken: `mongodump` doesn't write any.
fn date(value: Option<&Json>) -> Option<i64> {
    value?.whole()
}

fn timestamp(value: Option<&Json>) -> Option<u64> {
    let part = |value: &Json| u32::try_from(value.whole()?).ok();
    match value?.members()? {
        [(t, seconds), (i, counter)] if t == "t" && i == "i" => {
            Some(u64::from(part(seconds)?) << 32 | u64::from(part(counter)?))
        }
        _ => None,
    }
}

fn bytes(content: &str, kind: &str) -> Typed {
    let kind = u8::from_str_radix(kind, 16).ok()?;
    let mut content = BASE64_STANDARD.decode(content).ok()?;
    if kind == 2 {
        // The old kind says its length twice.
        let length = u32::try_from(content.len()).ok()?.to_le_bytes();
        content.splice(0..0, length);
    }
    let length = u32::try_from(content.len()).ok()?.to_le_bytes();
    Some((0x05, [&length[..], &[kind], &content].concat()))
}

fn expression(pattern: &Json, options: &Json) -> Typed {
    let (pattern, options) = (pattern.text()?, options.text()?);
    let whole = !pattern.contains('\0') && !options.contains('\0');
    whole.then(|| (0x0b, [pattern.as_bytes(), &[0], options.as_bytes(), &[0]].concat()))
}

fn string(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len() + 1).unwrap_or(u32::MAX).to_le_bytes();
    [&length[..], text.as_bytes(), &[0]].concat()
}

fn code(code: Option<&str>, scope: Option<&Json>) -> Result<Typed> {
    let (Some(code), Some(scope)) = (code, scope.and_then(Json::members)) else { return Ok(None) };
    let content = [string(code), members_of(scope)?].concat();
    let length = u32::try_from(content.len() + 4).unwrap_or(u32::MAX).to_le_bytes();
    Ok(Some((0x0f, [&length[..], &content].concat())))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::super::canonical;
    use super::*;
    use crate::bson;

    #[test]
    fn every_value_comes_back_as_it_was_written() {
        let text = concat!(
            "{\"z\":{\"$numberInt\":\"-1\"},\"a\":{\"$numberLong\":\"9223372036854775807\"},\"d\":{\"$numberDouble\":\"-0.0\"},",
            "\"e\":{\"$numberDecimal\":\"1.10\"},\"o\":{\"$oid\":\"0123456789abcdef01234567\"},",
            "\"t\":{\"$date\":{\"$numberLong\":\"-1\"}},\"s\":{\"$timestamp\":{\"t\":7,\"i\":3}},",
            "\"b\":{\"$binary\":{\"base64\":\"AAE=\",\"subType\":\"02\"}},\"u\":{\"$binary\":{\"base64\":\"AAE=\",\"subType\":\"80\"}},",
            "\"r\":{\"$regularExpression\":{\"pattern\":\"^a\",\"options\":\"i\"}},\"c\":{\"$code\":\"f()\"},",
            "\"cs\":{\"$code\":\"f()\",\"$scope\":{\"x\":{\"$numberInt\":\"1\"}}},\"y\":{\"$symbol\":\"s\"},",
            "\"n\":null,\"un\":{\"$undefined\":true},\"mi\":{\"$minKey\":1},\"ma\":{\"$maxKey\":1},",
            "\"l\":[true,false,[],{}],\"\":{\"$gte\":{\"$numberInt\":\"1\"}},\"ü\\n\":\"\\u0000\"}"
        );
        let read = document(text.as_bytes()).unwrap();
        assert_eq!(canonical(&read).unwrap(), text);
        assert!(bson::elements(&read).unwrap()[0].is("z"));
    }

    #[test]
    fn what_older_versions_wrote_is_read_too() {
        let read = document(
            b"{\"v\":2,\"key\":{\"b\":1,\"a\":-1.5},\"x\":{\"$binary\":\"AAE=\",\"$type\":\"00\"},\"w\":5000000000}",
        );
        let read = read.unwrap();
        assert_eq!(bson::get(&read, "v").unwrap().number(), Some(2));
        assert_eq!(bson::get(&read, "v").unwrap().kind, 0x10);
        assert_eq!(bson::get(&read, "x").unwrap().binary(), Some(&b"\0\x01"[..]));
        assert_eq!(
            (bson::get(&read, "w").unwrap().kind, bson::get(&read, "w").unwrap().number()),
            (0x12, Some(5_000_000_000))
        );
        assert_eq!(bson::path(&read, "key.a").unwrap().kind, 0x01);
    }

    #[test]
    fn what_is_broken_is_an_error() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{\"a\":{\"$oid\":\"xyz\"}}",
            "{\"a\":{\"$numberInt\":\"99999999999\"}}",
            "{\"a\":{\"$date\":\"2026-01-01T00:00:00Z\"}}",
            "{\"a\\u0000b\":1}",
            "{\"a\":18446744073709551615}",
        ] {
            assert_eq!(document(text.as_bytes()).unwrap_err().code, "corrupt", "{text}");
        }
    }
}
