//! Cuts lines of COPY's text format (PostgreSQL documentation, COPY, "Text Format") into what a server can take: a line
//! with the short values of a row, and pieces of the long ones.

use cofferdam_sdk::{Error, Result};

/// Digits of a piece: 1 MiB of a value.
const PIECE: usize = 2 << 20;
/// Bytes of text up to which a value is a short one.
const SHORT: usize = 64 << 10;
/// Bytes that the short values of a row are kept in. A row has up to 1,600 columns.
const ALL_SHORT: usize = 16 << 20;
/// Bytes that a value may always have, so that NULL is never taken for a long one.
const LEAST_SHORT: usize = 16;

/// How COPY begins a `bytea`: a backslash, which is escaped, and an x.
const HEX: &[u8] = b"\\\\x";
const NULL: &[u8] = b"\\N";

/// A row that was cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The line of its short values, without its line feed. Long ones are NULL in it.
    pub line: Vec<u8>,
    /// The columns that have long values, numbered from 0.
    pub long: Vec<usize>,
}

/// Cuts rows.
pub struct Cutter {
    /// Of each column whether its text is that of a `bytea`.
    bytes: Vec<bool>,
    row: Row,
    /// Where in the row's line the value begins that is being read.
    began: usize,
    /// Its column.
    column: usize,
    /// Whether it is a long one; then how many pieces there were, and the digits of the next.
    long: bool,
    number: u64,
    digits: Vec<u8>,
    /// Whether its last byte was a backslash that escapes the next one.
    escaping: bool,
    whole: bool,
}

impl Cutter {
    /// For rows of columns of which it is said whether they are `bytea`.
    pub fn new(bytes: Vec<bool>) -> Self {
        Self {
            bytes,
            row: Row::default(),
            began: 0,
            column: 0,
            long: false,
            number: 0,
            digits: Vec::new(),
            escaping: false,
            whole: false,
        }
    }

    /// Takes bytes up to the end of a row, and says how many it took. Pieces of long values are added to `pieces`, as lines
    /// of COPY: the column, the number of the piece, and its bytes.
    ///
    /// # Errors
    /// "corrupt" if they aren't a row of these columns.
    pub fn push(&mut self, bytes: &[u8], pieces: &mut Vec<u8>) -> Result<usize> {
        let mut rest = bytes;
        while !self.whole {
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\t' | b'\n')) else {
                self.part(rest, pieces)?;
                return Ok(bytes.len());
            };
            let (part, after) = rest.split_at(end);
            self.part(part, pieces)?;
            self.end_value(pieces)?;
            if after.first() == Some(&b'\n') {
                self.end_row()?;
            } else {
                self.row.line.push(b'\t');
                self.began = self.row.line.len();
            }
            rest = after.get(1..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    /// The row, once it is whole.
    pub fn take(&mut self) -> Option<Row> {
        if !std::mem::take(&mut self.whole) {
            return None;
        }
        (self.column, self.began) = (0, 0);
        Some(std::mem::take(&mut self.row))
    }

    /// Whether a row has begun and not ended.
    pub fn is_within(&self) -> bool {
        self.column > 0 || self.long || !self.row.line.is_empty()
    }

    fn part(&mut self, part: &[u8], pieces: &mut Vec<u8>) -> Result<()> {
        if self.long {
            return self.long_part(part, pieces);
        }
        self.row.line.extend_from_slice(part);
        let most = SHORT.min(ALL_SHORT.saturating_sub(self.began)).max(LEAST_SHORT);
        if self.row.line.len() - self.began <= most {
            return Ok(());
        }
        let value = self.row.line.split_off(self.began);
        self.row.line.extend_from_slice(NULL);
        (self.long, self.number) = (true, 0);
        if self.is_bytes() {
            let digits = value.strip_prefix(HEX).ok_or_else(|| self.corrupt("isn't written in digits"))?;
            return self.long_part(digits, pieces);
        }
        self.long_part(&value, pieces)
    }

    fn long_part(&mut self, part: &[u8], pieces: &mut Vec<u8>) -> Result<()> {
        for part in part.chunks(PIECE / 2) {
            if self.is_bytes() {
                self.digits.extend_from_slice(part);
            } else {
                self.text(part)?;
            }
            if self.digits.len() >= PIECE {
                self.piece(PIECE, pieces);
            }
        }
        Ok(())
    }

    fn text(&mut self, part: &[u8]) -> Result<()> {
        for &byte in part {
            let byte = match (std::mem::take(&mut self.escaping), byte) {
                (false, b'\\') => {
                    self.escaping = true;
                    continue;
                }
                (false, byte) | (true, byte @ b'\\') => byte,
                (true, b'b') => 8,
                (true, b't') => b'\t',
                (true, b'n') => b'\n',
                (true, b'v') => 11,
                (true, b'f') => 12,
                (true, b'r') => b'\r',
                (true, _) => return Err(self.corrupt("has an escape that COPY doesn't write")),
            };
            self.digits.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Ok(())
    }

    fn piece(&mut self, digits: usize, pieces: &mut Vec<u8>) {
        pieces.extend_from_slice(format!("{}\t{}\t", self.column, self.number).as_bytes());
        pieces.extend_from_slice(HEX);
        pieces.extend(self.digits.drain(..digits.min(self.digits.len())));
        pieces.push(b'\n');
        self.number += 1;
    }

    fn end_value(&mut self, pieces: &mut Vec<u8>) -> Result<()> {
        if std::mem::take(&mut self.long) {
            if self.escaping || self.digits.len() % 2 == 1 {
                return Err(self.corrupt("ends in the middle of a byte"));
            }
            if !self.digits.is_empty() {
                self.piece(self.digits.len(), pieces);
            }
            self.row.long.push(self.column);
        }
        self.column += 1;
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        let (found, wanted) = (self.column, self.bytes.len());
        if found != wanted {
            return Err(Error::corrupt(format!("a row has {found} values, and not {wanted}")));
        }
        self.whole = true;
        Ok(())
    }

    fn is_bytes(&self) -> bool {
        self.bytes.get(self.column).copied().unwrap_or(false)
    }

    fn corrupt(&self, what: &str) -> Error {
        Error::corrupt(format!("value {} of a long row {what}", self.column + 1))
    }
}

fn digit(four_bits: u8) -> u8 {
    four_bits + if four_bits < 10 { b'0' } else { b'a' - 10 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    /// The rows of a text that comes in pieces of so many bytes, and the lines of their pieces.
    fn cut(columns: &[bool], text: &[u8], size: usize) -> Result<Vec<(Row, Vec<u8>)>> {
        let (mut cutter, mut rows, mut pieces) = (Cutter::new(columns.to_vec()), Vec::new(), Vec::new());
        for mut bytes in text.chunks(size) {
            while !bytes.is_empty() {
                let taken = cutter.push(bytes, &mut pieces)?;
                bytes = &bytes[taken..];
                if let Some(row) = cutter.take() {
                    rows.push((row, std::mem::take(&mut pieces)));
                }
            }
        }
        assert!(!cutter.is_within());
        Ok(rows)
    }

    /// A value put together again of the pieces of its column.
    fn joined(pieces: &[u8], column: usize) -> Vec<u8> {
        let mut value = Vec::new();
        let lines = pieces.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let own: Vec<&[u8]> = lines.filter(|line| line.starts_with(format!("{column}\t").as_bytes())).collect();
        for (number, line) in own.into_iter().enumerate() {
            let digits = line.strip_prefix(format!("{column}\t{number}\t\\\\x").as_bytes()).unwrap();
            assert!(!digits.is_empty() && digits.len() <= PIECE);
            value
                .extend(digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()));
        }
        value
    }

    /// As COPY writes a text.
    fn escaped(text: &[u8]) -> Vec<u8> {
        let escape = |byte: &u8| match byte {
            b'\\' => b"\\\\".to_vec(),
            8 => b"\\b".to_vec(),
            b'\t' => b"\\t".to_vec(),
            b'\n' => b"\\n".to_vec(),
            11 => b"\\v".to_vec(),
            12 => b"\\f".to_vec(),
            b'\r' => b"\\r".to_vec(),
            byte => vec![*byte],
        };
        text.iter().flat_map(escape).collect()
    }

    #[test]
    fn rows_come_apart_the_same_wherever_their_stream_is_cut() {
        let noise: Vec<u8> = (0..SHORT as u32 * 3).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let hex: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut text = b"1\t".to_vec();
        text.extend(escaped(&noise));
        text.extend_from_slice(b"\t\\N\t\\\\x");
        text.extend_from_slice(hex.as_bytes());
        text.extend_from_slice(b"\t\n2\ta\\nb\t\\\\x00\t\\N\tlast\n");
        for size in [1, 2, 3, 7, 1000, SHORT, text.len()] {
            let rows = cut(&[false, false, true, true, false], &text, size).unwrap();
            assert_eq!(rows[0].0, Row { line: b"1\t\\N\t\\N\t\\N\t".to_vec(), long: vec![1, 3] });
            assert_eq!(joined(&rows[0].1, 1), noise, "in pieces of {size}");
            assert_eq!(joined(&rows[0].1, 3), noise, "in pieces of {size}");
            assert_eq!(rows[1].0, Row { line: b"2\ta\\nb\t\\\\x00\t\\N\tlast".to_vec(), long: vec![] });
            assert_eq!((rows.len(), rows[1].1.len()), (2, 0));
        }
    }

    #[test]
    fn a_value_of_many_pieces_is_cut_within_no_byte() {
        let value: Vec<u8> = (0..PIECE as u32 * 2 + 5).map(|i| (i % 251) as u8).collect();
        let mut text = escaped(&value);
        text.push(b'\n');
        let rows = cut(&[false], &text, 128 << 10).unwrap();
        assert_eq!(joined(&rows[0].1, 0), value);
        assert_eq!(rows[0].1.iter().filter(|byte| **byte == b'\n').count(), 5);
    }

    #[test]
    fn many_short_values_are_kept_in_little_memory() {
        let value = "v".repeat(SHORT);
        let columns = vec![false; 1000];
        let text = vec![value.as_str(); 1000].join("\t") + "\n";
        let rows = cut(&columns, text.as_bytes(), 128 << 10).unwrap();
        assert!(rows[0].0.line.len() < ALL_SHORT + SHORT + 8000, "{}", rows[0].0.line.len());
        assert_eq!(joined(&rows[0].1, 999), value.as_bytes());
        let nulls = vec!["\\N"; 1000].join("\t") + "\n";
        assert!(cut(&columns, nulls.as_bytes(), 100).unwrap()[0].0.long.is_empty());
    }

    #[test]
    fn what_is_no_row_is_corrupt() {
        let long = "f".repeat(SHORT + 1);
        for (columns, text) in [
            (&[false, false][..], "a\n".to_owned()),
            (&[false], "a\tb\n".to_owned()),
            (&[true], format!("{long}\n")),
            (&[true], format!("\\\\x{long}\n")),
            (&[false], format!("{long}\\q\n")),
            (&[false], format!("{long}\\\n")),
        ] {
            assert_eq!(cut(columns, text.as_bytes(), 999).unwrap_err().code, "corrupt", "{:.20}", text);
        }
    }
}
