//! A stream of documents, one by one, for those that the plugin itself looks into.

use crate::bson::Document;
use cofferdam_sdk::engine::Data;
use cofferdam_sdk::{Error, Result, StreamResult};

/// Bytes that are asked of the stream at once.
const PIECE: usize = 64 << 10;

/// The longest document that a server keeps, and what the server itself puts around one (MongoDB's
/// BSONObjMaxInternalSize).
const LONGEST: usize = (16 << 20) + (16 << 10);

/// The shortest document: its length and its end.
const SHORTEST: usize = 5;

/// The documents of a stream.
pub struct Documents {
    data: Data,
    buffer: Vec<u8>,
    /// What was given out of the buffer.
    start: usize,
    ended: bool,
}

impl Documents {
    /// Those of `data`.
    pub fn new(data: Data) -> Self {
        Self { data, buffer: Vec::new(), start: 0, ended: false }
    }

    /// The next one; none at the end of the stream.
    ///
    /// # Errors
    /// "corrupt" if what comes isn't a document, or the stream ends inside of one.
    pub async fn next(&mut self) -> Result<Option<Document>> {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(document) = first(rest)? {
                let document = document.to_vec();
                self.start += document.len();
                return Ok(Some(document));
            }
            if self.ended {
                let whole = rest.is_empty();
                return if whole { Ok(None) } else { Err(Error::corrupt("the stream ends inside of a document")) };
            }
            let (result, piece) = self.data.read(Vec::with_capacity(PIECE)).await;
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(&piece);
            self.ended = !matches!(result, StreamResult::Complete(_));
        }
    }
}

/// The document that bytes begin with; none if it isn't all there.
fn first(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let Some(length) = bytes.first_chunk() else { return Ok(None) };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(Error::corrupt(format!("a document says that it has {length} bytes")));
    }
    Ok(bytes.get(..length))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::Builder;

    #[test]
    fn a_document_is_given_once_it_is_whole() {
        let document = Builder::new().int("a", 1).finish();
        let two = [document.clone(), document.clone()].concat();
        for cut in 0..document.len() {
            assert_eq!(first(&two[..cut]).unwrap(), None);
        }
        assert_eq!(first(&two).unwrap(), Some(document.as_slice()));
    }

    #[test]
    fn a_length_that_can_not_be_true_is_corrupt() {
        for length in [4_u32, (16 << 20) + (16 << 10) + 1, u32::MAX] {
            assert_eq!(first(&length.to_le_bytes()).unwrap_err().code, "corrupt");
        }
    }
}
