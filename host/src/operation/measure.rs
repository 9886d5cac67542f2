//! What the host itself saw of a unit: bytes, rows, and a digest of the rows that doesn't depend on their order.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::error::{Error, Result};
use crate::repository::Boundaries;

/// How rows are told apart in a unit's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The stream isn't rows.
    None,
    /// Each row ends with a line feed, as in COPY's text format, which escapes those inside a value
    /// (PostgreSQL docs, COPY, "Text Format").
    Lines,
    /// Each row begins with its own length, a 32-bit little-endian number that counts itself, as in BSON
    /// (bsonspec.org 1.1).
    U32Le,
    /// Each row ends with a line feed and makes an object, which it names.
    Definitions,
    /// What rows of other units became; only the plugin tells one change from the next.
    Changes,
}

impl Framing {
    /// Whether what it tells apart are rows of data.
    #[must_use]
    pub fn is_rows(self) -> bool {
        matches!(self, Self::Lines | Self::U32Le)
    }

    /// The framing that a plugin named.
    ///
    /// # Errors
    /// If this host doesn't know it.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "none" => Ok(Self::None),
            "lines" => Ok(Self::Lines),
            "u32le" => Ok(Self::U32Le),
            "definitions" => Ok(Self::Definitions),
            "changes" => Ok(Self::Changes),
            other => Err(Error::unsupported(format!("this host doesn't know the framing {other:?}"))
                .with_hint("the plugin needs a newer host")),
        }
    }
}

/// What was seen of a whole unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of the stream.
    pub bytes: u64,
    /// Rows of data, where the framing tells them.
    pub rows: Option<u64>,
    /// Of rows and definitions: the sum, modulo 2^128, of the XXH3-128 of every row, in hex: equal for the same rows in any order. It finds
    /// accidents; that nobody changed the stream on purpose is what the repository's keys are for.
    pub digest: Option<String>,
}

/// Measures a stream as it passes, in pieces of any size. Holds no more of a row than its hash's state.
pub struct Measure {
    framing: Framing,
    bytes: u64,
    rows: u64,
    sum: u128,
    /// The row that the last piece left open.
    open: Option<Box<Xxh3>>,
    /// Of an open length-prefixed row: the length's bytes as far as they came, and how much of the row is still to come.
    prefix: Vec<u8>,
    missing: u64,
    /// Bytes of the open row that earlier pieces held.
    began: u64,
    boundaries: Option<Boundaries>,
    ends: Vec<usize>,
}

impl Measure {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            bytes: 0,
            rows: 0,
            sum: 0,
            open: None,
            prefix: Vec::new(),
            missing: 0,
            began: 0,
            boundaries: None,
            ends: Vec::new(),
        }
    }

    /// The same, which says too where the repository may end a chunk.
    #[must_use]
    pub fn choosing(self, boundaries: Option<Boundaries>) -> Self {
        Self { boundaries, ..self }
    }

    /// Behind how many bytes of the last piece a chunk may end, rising: where a chosen row ends.
    #[must_use]
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// Bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sees the next piece.
    ///
    /// # Errors
    /// If a row's length can't be true.
    pub fn update(&mut self, piece: &[u8]) -> Result<()> {
        self.bytes += piece.len() as u64;
        self.ends.clear();
        match self.framing {
            Framing::None | Framing::Changes => Ok(()),
            Framing::Lines | Framing::Definitions => {
                self.lines(piece);
                Ok(())
            }
            Framing::U32Le => self.prefixed(piece),
        }
    }

    /// The whole unit was seen.
    ///
    /// # Errors
    /// If it ends in the middle of a row.
    pub fn finish(self) -> Result<Measured> {
        if self.open.is_some() || !self.prefix.is_empty() {
            return Err(Error::corrupt("the stream ends in the middle of a row"));
        }
        let framed = !matches!(self.framing, Framing::None | Framing::Changes);
        Ok(Measured {
            bytes: self.bytes,
            rows: self.framing.is_rows().then_some(self.rows),
            digest: framed.then(|| format!("{:032x}", self.sum)),
        })
    }

    /// A row of so many bytes, the last of which is in front of `end`.
    fn row(&mut self, digest: u128, bytes: u64, end: usize) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(digest);
        if self.boundaries.as_ref().is_some_and(|boundaries| boundaries.after(digest, bytes)) {
            self.ends.push(end);
        }
    }

    fn lines(&mut self, piece: &[u8]) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            let line = piece.get(start..end).unwrap_or_default();
            let digest = match self.open.take() {
                None => xxh3_128(line),
                Some(mut open) => {
                    open.update(line);
                    open.digest128()
                }
            };
            let bytes = std::mem::take(&mut self.began) + (end + 1 - start) as u64;
            start = end + 1;
            self.row(digest, bytes, start);
        }
        let rest = piece.get(start..).unwrap_or_default();
        if !rest.is_empty() {
            self.began += rest.len() as u64;
            self.open.get_or_insert_with(|| Box::new(Xxh3::new())).update(rest);
        }
    }

    fn prefixed(&mut self, mut piece: &[u8]) -> Result<()> {
        let length = piece.len();
        while !piece.is_empty() {
            if self.missing == 0 {
                let (length, rest) = piece.split_at((4 - self.prefix.len()).min(piece.len()));
                self.prefix.extend_from_slice(length);
                piece = rest;
                let Ok(length) = <[u8; 4]>::try_from(self.prefix.as_slice()) else { return Ok(()) };
                let length = u32::from_le_bytes(length);
                self.began = u64::from(length);
                // The smallest document is its length and a zero byte.
                self.missing = u64::from(length)
                    .checked_sub(4)
                    .filter(|&more| more > 0)
                    .ok_or_else(|| Error::corrupt(format!("a row says that it has {length} bytes")))?;
                let mut open = Box::new(Xxh3::new());
                open.update(&self.prefix);
                self.open = Some(open);
            }
            let more = usize::try_from(self.missing).unwrap_or(usize::MAX).min(piece.len());
            let (body, rest) = piece.split_at(more);
            piece = rest;
            self.missing -= more as u64;
            if let Some(open) = self.open.as_mut() {
                open.update(body);
            }
            if self.missing == 0 {
                self.prefix.clear();
                if let Some(open) = self.open.take() {
                    self.row(open.digest128(), self.began, length - piece.len());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn measured(framing: Framing, pieces: &[&[u8]]) -> Result<Measured> {
        let mut measure = Measure::new(framing);
        for piece in pieces {
            measure.update(piece)?;
        }
        measure.finish()
    }

    const BSON: &[u8] = b"\x05\0\0\0\0\x08\0\0\0\x0a\x61\0\0\x05\0\0\0\0";

    #[test]
    fn pieces_of_any_size_measure_the_same() {
        for (framing, data, rows) in [(Framing::Lines, &b"1\ta\n\n\\N\tb\\n\n"[..], 3), (Framing::U32Le, BSON, 3)] {
            let whole = measured(framing, &[data]).unwrap();
            assert_eq!(whole.rows, Some(rows));
            for a in 0..=data.len() {
                for b in a..=data.len() {
                    assert_eq!(measured(framing, &[&data[..a], &data[a..b], &data[b..]]).unwrap(), whole);
                }
            }
        }
    }

    #[test]
    fn a_chunk_may_end_behind_the_same_rows_however_they_come() {
        let boundaries = Boundaries::all();
        for (framing, data) in [(Framing::Lines, &b"1\ta\n\n\\N\tb\\n\n"[..]), (Framing::U32Le, BSON)] {
            let ends = |size: usize| {
                let mut measure = Measure::new(framing).choosing(Some(boundaries.clone()));
                let mut ends = Vec::new();
                for (n, piece) in data.chunks(size).enumerate() {
                    measure.update(piece).unwrap();
                    ends.extend(measure.ends().iter().map(|end| n * size + end));
                }
                ends
            };
            let whole = ends(data.len());
            assert_eq!(whole.last(), Some(&data.len()));
            assert!((1..data.len()).all(|size| ends(size) == whole));
        }
    }

    #[test]
    fn the_order_of_rows_makes_no_difference_and_their_content_does() {
        let digest = |data: &[u8]| measured(Framing::Lines, &[data]).unwrap().digest;
        assert_eq!(digest(b"a\nb\nb\n"), digest(b"b\na\nb\n"));
        assert_ne!(digest(b"a\nb\n"), digest(b"a\nb\nb\n"));
        assert_ne!(digest(b"1\t2\n"), digest(b"2\t1\n"));
        // Two rows that change in the same place don't cancel out, as they would with XOR.
        assert_ne!(digest(b"a\na\n"), digest(b"b\nb\n"));
    }

    #[test]
    fn a_stream_that_ends_within_a_row_is_corrupt() {
        assert!(measured(Framing::Lines, &[b"1\n2"]).is_err());
        assert!(measured(Framing::U32Le, &[&BSON[..7]]).is_err());
        assert!(measured(Framing::U32Le, &[b"\x04\0\0\0"]).is_err());
    }
}
