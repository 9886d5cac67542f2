//! What a column of a result is, and how its values are written in a statement.

use cofferdam_sdk::Result;

use super::cursor::Cursor;

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// As the server sent them: numbers.
    Plain,
    /// As numbers that may be less than nothing and zero.
    Floating,
    /// As text.
    Text,
    /// As bytes, whatever they mean: the column knows its character set.
    Bytes,
    /// As a hexadecimal literal: bits.
    Hex,
}

/// utf8mb4_general_ci and utf8mb4_bin ("Character Sets"), which literals are in anyway.
const UTF8MB4: [u64; 2] = [45, 46];

impl Written {
    /// Reads `ColumnDefinition41`.
    ///
    /// # Errors
    /// "corrupt" if it can't be read.
    pub fn of_column(definition: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(definition);
        // Catalog, schema, table, original table, name, original name.
        for _ in 0..6 {
            cursor.value()?;
        }
        cursor.length()?;
        let charset = cursor.int(2)?;
        cursor.bytes(4)?;
        Ok(match (cursor.int(1)?, charset) {
            // FLOAT, DOUBLE.
            (4 | 5, _) => Self::Floating,
            // DECIMAL, TINY, SHORT, LONG, LONGLONG, INT24, YEAR, NEWDECIMAL.
            (0..=3 | 8 | 9 | 13 | 246, _) => Self::Plain,
            (16, _) => Self::Hex,
            // TIMESTAMP, DATE, TIME, DATETIME, their kin and MySQL's JSON are text, though their character set says
            // otherwise.
            (7 | 10..=12 | 14 | 17..=19 | 245, _) => Self::Text,
            (_, charset) if UTF8MB4.contains(&charset) => Self::Text,
            _ => Self::Bytes,
        })
    }

    /// Writes a value as a literal without any line feed in it.
    pub fn write(self, value: Option<&[u8]>, into: &mut Vec<u8>) {
        let Some(value) = value else { return into.extend_from_slice(b"NULL") };
        match self {
            Self::Plain => into.extend_from_slice(value),
            Self::Floating => {
                into.extend_from_slice(value);
                // "-0" alone is the whole number 0, which has no sign.
                if value == b"-0" {
                    into.extend_from_slice(b"e0");
                }
            }
            Self::Text => quote(value, into),
            Self::Bytes => {
                into.extend_from_slice(b"_binary");
                quote(value, into);
            }
            Self::Hex => {
                into.extend_from_slice(b"x'");
                for byte in value {
                    into.extend_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
                }
                into.push(b'\'');
            }
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        0..=9 => b'0' + digit,
        _ => b'a' + digit - 10,
    }
}

/// A string literal ("String Literals"), as it is read without NO_BACKSLASH_ESCAPES.
pub fn quote(value: &[u8], into: &mut Vec<u8>) {
    into.push(b'\'');
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, 0 | b'\n' | b'\r' | 0x1a | b'\'' | b'\\')) {
        let (plain, after) = rest.split_at(at);
        into.extend_from_slice(plain);
        if let Some((special, after)) = after.split_first() {
            let escaped = match special {
                0 => b'0',
                b'\n' => b'n',
                b'\r' => b'r',
                0x1a => b'Z',
                other => *other,
            };
            into.extend_from_slice(&[b'\\', escaped]);
            rest = after;
        }
    }
    into.extend_from_slice(rest);
    into.push(b'\'');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn written(how: Written, value: Option<&[u8]>) -> Vec<u8> {
        let mut into = Vec::new();
        how.write(value, &mut into);
        into
    }

    #[test]
    fn a_literal_has_no_line_feed_and_ends_where_it_should() {
        assert_eq!(written(Written::Text, Some(b"a'b\\c\nd\0e\rf\x1ag")), b"'a\\'b\\\\c\\nd\\0e\\rf\\Zg'");
        assert_eq!(written(Written::Bytes, Some(b"\xff'")), b"_binary'\xff\\''");
        assert_eq!(written(Written::Hex, Some(b"\x01\xaf")), b"x'01af'");
    }

    #[test]
    fn nothing_and_null_are_not_the_same() {
        assert_eq!(written(Written::Text, Some(b"")), b"''");
        assert_eq!(written(Written::Text, None), b"NULL");
        assert_eq!(written(Written::Plain, Some(b"-15")), b"-15");
        assert_eq!(written(Written::Floating, Some(b"-1.5e300")), b"-1.5e300");
        assert_eq!(written(Written::Floating, Some(b"-0")), b"-0e0");
    }

    #[test]
    fn a_blob_is_bytes_and_a_date_is_text() {
        let definition = |kind: u8, charset: u16| {
            let mut payload = b"\x03def\x00\x00\x00\x01a\x00\x0c".to_vec();
            payload.extend_from_slice(&charset.to_le_bytes());
            payload.extend_from_slice(&[0, 0, 0, 0, kind, 0, 0, 0, 0, 0]);
            Written::of_column(&payload).unwrap()
        };
        assert_eq!(definition(252, 63), Written::Bytes);
        assert_eq!(definition(252, 45), Written::Text);
        assert_eq!(definition(253, 8), Written::Bytes);
        assert_eq!(definition(245, 63), Written::Text);
        assert_eq!(definition(5, 63), Written::Floating);
        assert_eq!(definition(10, 63), Written::Text);
        assert_eq!(definition(3, 63), Written::Plain);
        assert_eq!(definition(255, 63), Written::Bytes);
        assert_eq!(definition(16, 63), Written::Hex);
    }
}
