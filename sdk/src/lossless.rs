//! Bytes as text and back, without loss, also where they aren't UTF-8.
//!
//! A database without an encoding (SQL_ASCII) takes names, comments and definitions in any bytes. Rust and JSON want text.
//! So a byte that isn't part of UTF-8 becomes a character that nobody uses: the last of Unicode's private ones, U+10FF80 for
//! byte 80 to U+10FFFF for byte FF. Where the bytes are such a character already, each of them becomes one, so that every
//! text means exactly one sequence of bytes. Text that holds no such character is what it was before.

use std::borrow::Cow;

/// The character for byte 00, if it could come alone.
const BASE: u32 = 0x10_FF00;

/// The text for bytes.
#[must_use]
pub fn text(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !text.contains(stands_for_a_byte) => return text,
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if stands_for_a_byte(character) {
                text.extend(character.encode_utf8(&mut [0; 4]).bytes().filter_map(standing_for));
            } else {
                text.push(character);
            }
        }
        text.extend(chunk.invalid().iter().copied().filter_map(standing_for));
    }
    text
}

/// The bytes of a text.
#[must_use]
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(stands_for_a_byte) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character).wrapping_sub(BASE)) {
            Ok(byte @ 0x80..) => bytes.push(byte),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

fn stands_for_a_byte(character: char) -> bool {
    character >= '\u{10FF80}'
}

/// The character for a byte from 80 on; those before it are always UTF-8.
fn standing_for(byte: u8) -> Option<char> {
    char::from_u32(BASE + u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_utf8_stays_as_it_is() {
        for plain in ["", "orders", "größe\u{1F600}", "\u{10FF7F}"] {
            assert_eq!(text(plain.as_bytes().to_vec()), plain);
            assert_eq!(bytes(plain), plain.as_bytes());
        }
    }

    #[test]
    fn any_bytes_come_back_from_their_text() {
        let mut cases: Vec<Vec<u8>> = (0..=255).map(|byte| vec![b'a', byte, b'b']).collect();
        cases.extend((0..=255).flat_map(|a| (0..=255).map(move |b| vec![a, b])));
        cases.push("\u{10FF80}\u{10FFFF}".as_bytes().to_vec());
        cases.push(b"gr\xF6\xDFe \xF4\x8F\xBE\x80 \xC3".to_vec());
        for case in cases {
            let text = text(case.clone());
            assert_eq!(bytes(&text), case, "{text:?}");
        }
    }
}
