//! Writing documents element by element, with values that are bytes already.

use bson::{Bson, Document};

/// A document that grows.
#[derive(Clone, Debug)]
pub struct Writer(Vec<u8>);

impl Default for Writer {
    fn default() -> Self {
        Self(vec![0; 4])
    }
}

impl Writer {
    /// Adds an element whose value is bytes already.
    pub fn raw(&mut self, tag: u8, name: &[u8], value: &[u8]) {
        self.0.push(tag);
        self.0.extend_from_slice(name);
        self.0.push(0);
        self.0.extend_from_slice(value);
    }

    /// Adds a document.
    pub fn document(&mut self, name: &str, document: &[u8]) {
        self.raw(0x03, name.as_bytes(), document);
    }

    /// Adds an array of documents.
    pub fn documents<D: AsRef<[u8]>>(&mut self, name: &str, documents: &[D]) {
        let mut array = Self(Vec::with_capacity(documents.iter().map(|d| d.as_ref().len() + 9).sum()));
        array.0.extend_from_slice(&[0; 4]);
        for (index, document) in documents.iter().enumerate() {
            array.document(&index.to_string(), document.as_ref());
        }
        self.raw(0x04, name.as_bytes(), &array.finish());
    }

    /// Adds a 64-bit integer.
    pub fn int64(&mut self, name: &str, value: i64) {
        self.raw(0x12, name.as_bytes(), &value.to_le_bytes());
    }

    /// Adds a value that isn't bytes yet.
    pub fn value(&mut self, name: &str, value: impl Into<Bson>) {
        let mut one = Document::new();
        one.insert(name, value);
        self.fields(&one);
    }

    /// Adds all fields of `document`.
    pub fn fields(&mut self, document: &Document) {
        // A document that was built here can be encoded; one that can't would be seen as a reply without its fields.
        let bytes = document.to_vec().unwrap_or_default();
        self.0.extend_from_slice(bytes.get(4..bytes.len().saturating_sub(1)).unwrap_or_default());
    }

    /// The document.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.0.push(0);
        let length = i32::try_from(self.0.len()).unwrap_or(i32::MAX).to_le_bytes();
        if let Some(place) = self.0.first_chunk_mut() {
            *place = length;
        }
        self.0
    }
}
