//! Documents as canonical extended JSON (MongoDB Extended JSON v2), which keeps every type and the order of fields.

use super::decimal;
use crate::bson::{self, Element};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cofferdam_sdk::{Error, Result};

/// The document's text.
pub fn canonical(document: &[u8]) -> Result<String> {
    let mut text = String::new();
    object(document, &mut text)?;
    Ok(text)
}

fn object(document: &[u8], text: &mut String) -> Result<()> {
    text.push('{');
    for (n, element) in bson::elements(document)?.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&quoted(std::str::from_utf8(element.name).map_err(|_| unreadable())?));
        text.push(':');
        value(element, text)?;
    }
    text.push('}');
    Ok(())
}

fn array(array: &[u8], text: &mut String) -> Result<()> {
    text.push('[');
    for (n, element) in bson::elements(array)?.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        value(element, text)?;
    }
    text.push(']');
    Ok(())
}

fn value(element: &Element<'_>, text: &mut String) -> Result<()> {
    let bytes = element.value;
    let fixed = || <[u8; 8]>::try_from(bytes).map_err(|_| unreadable());
    let written = match element.kind {
        0x01 => format!("{{\"$numberDouble\":\"{}\"}}", double(f64::from_le_bytes(fixed()?))),
        0x02 => quoted(string(bytes)?),
        0x03 => return object(bytes, text),
        0x04 => return array(bytes, text),
        0x05 => {
            let (head, content) = bytes.split_at_checked(5).ok_or_else(unreadable)?;
            let kind = head.last().ok_or_else(unreadable)?;
            // The old kind says its length twice; the text doesn't have the second one.
            let content = if *kind == 2 { content.get(4..).ok_or_else(unreadable)? } else { content };
            format!("{{\"$binary\":{{\"base64\":\"{}\",\"subType\":\"{kind:02x}\"}}}}", BASE64_STANDARD.encode(content))
        }
        0x06 => "{\"$undefined\":true}".to_owned(),
        0x07 => format!("{{\"$oid\":\"{}\"}}", hex(bytes)),
        0x08 => (bytes == [1]).to_string(),
        0x09 => format!("{{\"$date\":{{\"$numberLong\":\"{}\"}}}}", i64::from_le_bytes(fixed()?)),
        0x0a => "null".to_owned(),
        0x0b => {
            let mut parts = bytes.split(|byte| *byte == 0).map(|part| std::str::from_utf8(part).map(quoted));
            let mut part = || parts.next().ok_or_else(unreadable)?.map_err(|_| unreadable());
            format!("{{\"$regularExpression\":{{\"pattern\":{},\"options\":{}}}}}", part()?, part()?)
        }
        0x0c => {
            let at = bytes.len().saturating_sub(12);
            let (name, id) = bytes.split_at_checked(at).ok_or_else(unreadable)?;
            format!("{{\"$dbPointer\":{{\"$ref\":{},\"$id\":{{\"$oid\":\"{}\"}}}}}}", quoted(string(name)?), hex(id))
        }
        0x0d => format!("{{\"$code\":{}}}", quoted(string(bytes)?)),
        0x0e => format!("{{\"$symbol\":{}}}", quoted(string(bytes)?)),
        0x0f => {
            let length = bytes.get(4..8).and_then(|length| length.try_into().ok()).ok_or_else(unreadable)?;
            let end = usize::try_from(u32::from_le_bytes(length)).ok().and_then(|length| length.checked_add(8));
            let (code, scope) = end.and_then(|end| bytes.split_at_checked(end)).ok_or_else(unreadable)?;
            text.push_str(&format!(
                "{{\"$code\":{},\"$scope\":",
                quoted(string(code.get(4..).ok_or_else(unreadable)?)?)
            ));
            object(scope, text)?;
            "}".to_owned()
        }
        0x10 => format!("{{\"$numberInt\":\"{}\"}}", element.number().ok_or_else(unreadable)?),
        0x11 => {
            let both = u64::from_le_bytes(fixed()?);
            format!("{{\"$timestamp\":{{\"t\":{},\"i\":{}}}}}", both >> 32, both & u64::from(u32::MAX))
        }
        0x12 => format!("{{\"$numberLong\":\"{}\"}}", i64::from_le_bytes(fixed()?)),
        0x13 => format!("{{\"$numberDecimal\":\"{}\"}}", decimal::text(bytes.try_into().map_err(|_| unreadable())?)),
        0x7f => "{\"$maxKey\":1}".to_owned(),
        0xff => "{\"$minKey\":1}".to_owned(),
        other => return Err(Error::unsupported(format!("a value of the type {other:#04x} can't be written as JSON"))),
    };
    text.push_str(&written);
    Ok(())
}

/// A string's text, without its length and its end.
fn string(bytes: &[u8]) -> Result<&str> {
    let text = bytes.get(4..bytes.len().saturating_sub(1)).ok_or_else(unreadable)?;
    std::str::from_utf8(text).map_err(|_| unreadable())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn double(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else {
        format!("{number:?}")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable() -> Error {
    Error::corrupt("a value can't be read")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::Builder;

    #[test]
    fn types_and_order_are_kept() {
        let inner = Builder::new().int("z", 1).text("a", "\"ü\n").finish();
        let document = Builder::new()
            .document("d", &inner)
            .array("l", &[])
            .timestamp("t", 7 << 32 | 3)
            .truth("b", true)
            .binary("raw", b"\0\x01")
            .finish();
        assert_eq!(
            canonical(&document).unwrap(),
            "{\"d\":{\"z\":{\"$numberInt\":\"1\"},\"a\":\"\\\"ü\\n\"},\"l\":[],\"t\":{\"$timestamp\":{\"t\":7,\"i\":3}},\
             \"b\":true,\"raw\":{\"$binary\":{\"base64\":\"AAE=\",\"subType\":\"00\"}}}"
        );
    }

    #[test]
    fn doubles_stay_what_they_are() {
        for (number, text) in
            [(1.0, "1.0"), (-0.0, "-0.0"), (-0.5, "-0.5"), (f64::INFINITY, "Infinity"), (f64::NAN, "NaN")]
        {
            assert_eq!(double(number), text);
        }
    }
}
