//! The documents of a stream, for units whose documents the plugin itself understands.

use crate::bson::Document;
use cofferdam_sdk::engine::Data;
use cofferdam_sdk::{Error, Result, StreamResult};

/// Bytes that are asked of the stream at once.
const PIECE: usize = 64 << 10;

/// The longest document that is taken, in bytes: an entry of the catalogue is a collection's options and its indexes, each
/// of which the server takes up to 16 MB.
const LONGEST: usize = 64 << 20;

/// Documents of a stream, one after the other.
pub struct Documents {
    data: Data,
    buffer: Vec<u8>,
    ended: bool,
}

impl Documents {
    /// The documents of `data`.
    pub fn new(data: Data) -> Self {
        Self { data, buffer: Vec::new(), ended: false }
    }

    /// The next; none at the end of the stream.
    ///
    /// # Errors
    /// "corrupt" if its length can't be true, or the stream ends inside of it.
    pub async fn next(&mut self) -> Result<Option<Document>> {
        loop {
            if let Some(length) = whole(&self.buffer)? {
                let rest = self.buffer.split_off(length);
                return Ok(Some(std::mem::replace(&mut self.buffer, rest)));
            }
            if self.ended {
                let cut = Error::corrupt("the unit ends in the middle of a document");
                return if self.buffer.is_empty() { Ok(None) } else { Err(cut) };
            }
            let (result, piece) = self.data.read(Vec::with_capacity(PIECE)).await;
            self.buffer.extend_from_slice(&piece);
            self.ended = !matches!(result, StreamResult::Complete(_));
        }
    }
}

/// The length of the document that `buffer` begins with, if all of it is there.
fn whole(buffer: &[u8]) -> Result<Option<usize>> {
    let Some(length) = buffer.first_chunk::<4>() else { return Ok(None) };
    match usize::try_from(u32::from_le_bytes(*length)) {
        Ok(length @ 5..=LONGEST) => Ok(Some(length).filter(|length| *length <= buffer.len())),
        _ => Err(Error::corrupt("a document of the unit has a length that can't be true")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_document_is_taken_once_all_of_it_is_there() {
        assert_eq!(whole(&[5, 0, 0, 0]).unwrap(), None);
        assert_eq!(whole(&[5, 0, 0, 0, 0, 9]).unwrap(), Some(5));
        assert!(whole(&[4, 0, 0, 0, 0]).is_err());
        assert!(whole(&[0xff; 8]).is_err());
    }
}
