//! Indexes: what `listIndexes` says of them, and whether their keys are unique. Nothing is looked up in them.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::collection::Place;
use crate::doubles::mongodb::bson::Key;
use crate::doubles::mongodb::failure::{DUPLICATE_KEY, Failure, Result};
use crate::doubles::mongodb::query;

/// An index of a collection.
#[derive(Debug)]
pub struct Index {
    /// As `listIndexes` gives it.
    pub specification: Document,
    entries: BTreeMap<Vec<Key>, Place>,
}

impl Index {
    /// An index without entries.
    #[must_use]
    pub fn new(specification: Document) -> Self {
        Self { specification, entries: BTreeMap::new() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.specification.get_str("name").unwrap_or_default()
    }

    /// Its key pattern.
    #[must_use]
    pub fn key(&self) -> Document {
        self.specification.get_document("key").cloned().unwrap_or_default()
    }

    /// Whether a document may come into it; `place` is that of the document that it replaces.
    ///
    /// # Errors
    /// [`DUPLICATE_KEY`].
    pub fn admit(&self, namespace: &str, document: &Bytes, place: Option<Place>) -> Result<()> {
        for keys in self.keys(document) {
            if self.entries.get(&keys).is_some_and(|other| Some(*other) != place) {
                return Err(Self::duplicate(namespace, self.name(), &self.key(), &keys));
            }
        }
        Ok(())
    }

    /// Takes a document up.
    pub fn add(&mut self, document: &Bytes, place: Place) {
        for keys in self.keys(document) {
            self.entries.insert(keys, place);
        }
    }

    /// Takes a document away.
    pub fn remove(&mut self, document: &Bytes, place: Place) {
        for keys in self.keys(document) {
            if self.entries.get(&keys) == Some(&place) {
                self.entries.remove(&keys);
            }
        }
    }

    /// The failure for a key that is there already (the fields of the server's `DuplicateKeyErrorInfo`).
    #[must_use]
    pub fn duplicate(namespace: &str, name: &str, pattern: &Document, keys: &[Key]) -> Failure {
        let mut value = Document::new();
        for (field, key) in pattern.keys().zip(keys) {
            value.insert(field, query::value(key.value()).unwrap_or(Bson::Null));
        }
        let message = format!("E11000 duplicate key error collection: {namespace} index: {name} dup key: {value}");
        Failure::new(DUPLICATE_KEY, message).with(doc! { "keyPattern": pattern.clone(), "keyValue": value })
    }

    /// The keys of a document in a unique index; none in another. Only the last field of a pattern with arrays in
    /// several is spread, which a server refuses anyway ("cannot index parallel arrays").
    fn keys(&self, document: &Bytes) -> Vec<Vec<Key>> {
        if !self.specification.get_bool("unique").unwrap_or(false) {
            return Vec::new();
        }
        if let Ok(filter) = self.specification.get_document("partialFilterExpression")
            && !query::matches_document(filter, document).unwrap_or(false)
        {
            return Vec::new();
        }
        let fields: Vec<Vec<Key>> = self.key().keys().map(|path| query::keys(document, path)).collect();
        if self.specification.get_bool("sparse").unwrap_or(false) && fields.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        fields.into_iter().fold(vec![Vec::new()], |done, values| {
            let values = if values.is_empty() { vec![Key::new(0x0A, &[])] } else { values };
            done.iter()
                .flat_map(|keys| values.iter().map(|value| [keys.as_slice(), std::slice::from_ref(value)].concat()))
                .collect()
        })
    }
}
