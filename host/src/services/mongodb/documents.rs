//! Documents in a stream of bytes, and documents made into an array (bsonspec.org 1.1). Pure.

use bson::Timestamp;
use bson::raw::RawDocument;
use bson::spec::ElementType;
use bytes::{Buf, BytesMut};

use crate::error::{Error, Result};

/// The smallest document: its length and its end.
const SMALLEST: usize = 5;

/// The timestamp that stands for "now" in an insert.
const EMPTY: Timestamp = Timestamp { time: 0, increment: 0 };

/// Tells documents that lie end to end apart.
pub struct Splitter {
    buffer: BytesMut,
    longest: usize,
}

impl Splitter {
    /// For documents of at most `longest` bytes.
    pub fn new(longest: usize) -> Self {
        Self { buffer: BytesMut::new(), longest }
    }

    /// Takes the next piece, which needn't end where a document does.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole document.
    ///
    /// # Errors
    /// `corrupt` if its length can't be true.
    pub fn next(&mut self) -> Result<Option<BytesMut>> {
        let Some(length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length < SMALLEST || length > self.longest {
            return Err(Error::corrupt(format!(
                "a document says that it has {length} bytes; the server takes up to {}",
                self.longest
            )));
        }
        if self.buffer.len() < length {
            self.buffer.reserve(length - self.buffer.len());
            return Ok(None);
        }
        let document = self.buffer.split_to(length);
        if document.last() != Some(&0) {
            return Err(Error::corrupt("a document doesn't end where its length says"));
        }
        Ok(Some(document))
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// `corrupt` if it ended within a document.
    pub fn end(&self) -> Result<()> {
        if self.buffer.has_remaining() {
            return Err(Error::corrupt("the stream ends in the middle of a document"));
        }
        Ok(())
    }
}

/// An insert that is being filled: its last element is `documents`, a BSON array whose keys are its indexes as decimals. It is
/// made in one buffer, which serves the next batch again.
pub struct Batch {
    text: Vec<u8>,
    /// Where the array begins.
    array: usize,
    count: usize,
}

impl Batch {
    /// An insert without documents. `command` is a whole document without them; what is in `buffer` is given up.
    ///
    /// # Errors
    /// `internal` if the command isn't a document.
    pub fn new(command: &[u8], mut buffer: Vec<u8>) -> Result<Self> {
        const ARRAY: u8 = 0x04;
        let fields = command
            .get(4..command.len().saturating_sub(1))
            .ok_or_else(|| Error::internal("an insert command isn't a document"))?;
        buffer.clear();
        buffer.extend_from_slice(&[0; 4]);
        buffer.extend_from_slice(fields);
        buffer.push(ARRAY);
        buffer.extend_from_slice(b"documents\0");
        let array = buffer.len();
        buffer.extend_from_slice(&[0; 4]);
        Ok(Self { text: buffer, array, count: 0 })
    }

    /// Adds a document.
    pub fn push(&mut self, document: &[u8]) {
        const EMBEDDED_DOCUMENT: u8 = 0x03;
        self.text.push(EMBEDDED_DOCUMENT);
        self.text.extend_from_slice(self.count.to_string().as_bytes());
        self.text.push(0);
        self.text.extend_from_slice(document);
        self.count += 1;
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many bytes they take, with what the array adds.
    pub fn bytes(&self) -> usize {
        self.text.len() - self.array
    }

    /// The whole command.
    ///
    /// # Errors
    /// `internal` if it is too long.
    pub fn into_command(mut self) -> Result<Vec<u8>> {
        // The ends of the array and of the command.
        self.text.push(0);
        let array = self.text.len() - self.array;
        self.text.push(0);
        let whole = self.text.len();
        for (at, bytes) in [(0, whole), (self.array, array)] {
            let length = u32::try_from(bytes).map_err(|_| Error::internal("an insert is too long"))?;
            let place = self.text.get_mut(at..).and_then(|rest| rest.first_chunk_mut());
            *place.ok_or_else(|| Error::internal("an insert has no place for its length"))? = length.to_le_bytes();
        }
        Ok(self.text)
    }
}

/// Whether a field at the top, other than `_id`, is a timestamp of zeros: a server replaces it in an insert (MongoDB manual,
/// "BSON Types", "Timestamps").
pub fn has_empty_timestamp(document: &[u8]) -> bool {
    let Ok(document) = RawDocument::from_bytes(document) else { return false };
    let mut fields = document.iter_elements().map_while(Result::ok);
    fields.any(|field| {
        let empty = || field.value().is_ok_and(|value| value.as_timestamp() == Some(EMPTY));
        field.element_type() == ElementType::Timestamp && field.key().as_str() != "_id" && empty()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use bson::{Document, doc};

    use super::*;

    fn split(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let mut splitter = Splitter::new(1000);
        let mut documents = Vec::new();
        for piece in pieces {
            splitter.push(piece);
            while let Some(document) = splitter.next()? {
                documents.push(document.to_vec());
            }
        }
        splitter.end().map(|()| documents)
    }

    #[test]
    fn documents_are_the_same_wherever_the_pieces_are_cut() {
        let documents =
            [doc! { "a": 1 }.to_vec().unwrap(), doc! {}.to_vec().unwrap(), doc! { "b": "x" }.to_vec().unwrap()];
        let bytes = documents.concat();
        for cut in 0..bytes.len() {
            assert_eq!(split(&[&bytes[..cut], &bytes[cut..]]).unwrap(), documents);
        }
    }

    #[test]
    fn a_document_that_is_cut_too_long_or_without_its_end_is_corrupt() {
        let document = doc! { "a": 1 }.to_vec().unwrap();
        assert!(split(&[&document[..document.len() - 1]]).is_err());
        assert!(split(&[&1001_u32.to_le_bytes()]).is_err());
        assert!(split(&[&4_u32.to_le_bytes()]).is_err());
        assert!(split(&[&[5, 0, 0, 0, 1]]).is_err());
    }

    #[test]
    fn a_batch_becomes_the_documents_of_its_command() {
        let mut batch = Batch::new(&doc! { "insert": "c" }.to_vec().unwrap(), vec![7; 99]).unwrap();
        let documents: Vec<Document> = (0..12).map(|n| doc! { "_id": n }).collect();
        for document in &documents {
            batch.push(&document.to_vec().unwrap());
        }
        assert_eq!(batch.count(), 12);
        let command = batch.into_command().unwrap();
        let command = Document::from_reader(command.as_slice()).unwrap();
        assert_eq!(command, doc! { "insert": "c", "documents": documents });
    }

    #[test]
    fn an_empty_timestamp_at_the_top_is_found_and_no_other() {
        let empty = Timestamp { time: 0, increment: 0 };
        let has = |document: bson::Document| has_empty_timestamp(&document.to_vec().unwrap());
        assert!(has(bson::doc! { "_id": 1, "at": empty }));
        assert!(!has(bson::doc! { "_id": empty, "in": { "at": empty }, "at": Timestamp { time: 0, increment: 1 } }));
    }
}
