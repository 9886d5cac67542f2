//! A stream, line by line.

use crate::streams::{StreamReader, StreamResult};
use crate::{Error, Result};

/// Bytes that are asked of the stream at once.
const PIECE: usize = 64 << 10;

/// The lines of a stream, for units whose bytes the plugin itself understands.
pub struct Lines {
    data: StreamReader<u8>,
    splitter: Splitter,
    ended: bool,
}

impl Lines {
    /// Lines of `data`, none longer than `longest` bytes.
    #[must_use]
    pub fn new(data: StreamReader<u8>, longest: usize) -> Self {
        Self { data, splitter: Splitter::new(longest), ended: false }
    }

    /// The next line without its line feed; none at the end of the stream.
    ///
    /// # Errors
    /// "corrupt" if a line is too long, or the stream ends inside of one.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.splitter.line()? {
                return Ok(Some(line));
            }
            if self.ended {
                return self.splitter.end();
            }
            let (result, piece) = self.data.read(Vec::with_capacity(PIECE)).await;
            self.splitter.push(&piece);
            self.ended = !matches!(result, StreamResult::Complete(_));
        }
    }
}

pub(crate) struct Splitter {
    buffer: Vec<u8>,
    start: usize,
    /// Up to where there is no line feed, so that a long line isn't searched again with every piece.
    searched: usize,
    longest: usize,
}

impl Splitter {
    pub(crate) fn new(longest: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, searched: 0, longest }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(piece);
    }

    pub(crate) fn line(&mut self) -> Result<Option<Vec<u8>>> {
        let unseen = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(length) = unseen.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return self.bounded(self.searched - self.start).map(|()| None);
        };
        let end = self.searched + length;
        let line = self.buffer.get(self.start..end).unwrap_or_default().to_vec();
        self.start = end + 1;
        self.searched = self.start;
        self.bounded(line.len()).map(|()| Some(line))
    }

    pub(crate) fn end(&self) -> Result<Option<Vec<u8>>> {
        if self.start == self.buffer.len() {
            Ok(None)
        } else {
            Err(Error::corrupt("the unit ends in the middle of a line"))
        }
    }

    fn bounded(&self, length: usize) -> Result<()> {
        if length > self.longest {
            return Err(Error::corrupt(format!("a line of the unit is longer than {} bytes", self.longest)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn split(pieces: &[&[u8]], longest: usize) -> Result<Vec<Vec<u8>>> {
        let mut splitter = Splitter::new(longest);
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.push(piece);
            while let Some(line) = splitter.line()? {
                lines.push(line);
            }
        }
        splitter.end().map(|_| lines)
    }

    #[test]
    fn lines_are_the_same_wherever_the_pieces_are_cut() {
        let text = b"first\n\nthird is longer\n";
        for cut in 0..text.len() {
            let lines = split(&[&text[..cut], &text[cut..]], 100).unwrap();
            assert_eq!(lines, [&b"first"[..], b"", b"third is longer"]);
        }
    }

    #[test]
    fn a_stream_that_ends_inside_a_line_is_corrupt() {
        assert_eq!(split(&[b"whole\nhal"], 100).unwrap_err().code, "corrupt");
    }

    #[test]
    fn a_line_may_not_grow_without_end() {
        assert_eq!(split(&[b"12345", b"67890"], 8).unwrap_err().code, "corrupt");
    }
}
