//! Writes with all that goes with them: a time, the oplog, forgetting what is too old.

use bson::Document;
use bytes::Bytes;

use super::oplog::Change;
use super::{Place, Store, Time};
use crate::doubles::mongodb::bson::{Key, Writer, get};
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, NAMESPACE_NOT_FOUND, Result};

impl Store {
    /// Inserts a document that is made here.
    ///
    /// # Errors
    /// As for [`Store::insert_bytes`].
    pub fn insert(&mut self, namespace: &str, document: &Document) -> Result<()> {
        let bytes = document.to_vec().map_err(|e| Failure::new(BAD_VALUE, e.to_string()))?;
        self.insert_bytes(namespace, bytes.into()).map(drop)
    }

    /// Inserts a document as it is, and makes its collection if it isn't there.
    ///
    /// # Errors
    /// If the collection can't be made, or has a document of this key.
    pub fn insert_bytes(&mut self, namespace: &str, document: Bytes) -> Result<Time> {
        if self.collection(namespace).is_none() {
            self.create(namespace, Document::new())?;
        }
        let at = self.clock.tick();
        let gone = self.insert_silently(namespace, document.clone(), at)?;
        let uuid = self.collection(namespace).ok_or_else(missing)?.uuid;
        for document in gone {
            self.log_change(namespace, uuid, &Change::Delete(&id(&document)), at);
        }
        self.log_change(namespace, uuid, &Change::Insert(&document), at);
        Ok(at)
    }

    /// Inserts a document at a time, of which the oplog is told otherwise. Gives those that had to go.
    pub(super) fn insert_silently(&mut self, namespace: &str, document: Bytes, at: Time) -> Result<Vec<Bytes>> {
        let horizon = self.horizon();
        let collection = self.collection_mut(namespace).ok_or_else(missing)?;
        let gone = collection.insert(namespace, document, at)?;
        collection.forget(0, horizon);
        Ok(gone)
    }

    /// Puts a document in the place of the one of its key, of which the oplog says nothing.
    pub(super) fn put_silently(&mut self, namespace: &str, document: Bytes, at: Time) -> Result<()> {
        if self.collection(namespace).is_none() {
            self.create(namespace, Document::new())?;
        }
        let collection = self.collection_mut(namespace).ok_or_else(missing)?;
        match collection.find(&Key::of(&document, "_id")) {
            Some(place) => collection.replace(namespace, place, document, at),
            None => collection.insert(namespace, document, at).map(drop),
        }
    }

    /// Replaces the document at a place; `change` is what the oplog says of it.
    ///
    /// # Errors
    /// If there is no such collection, or another document has its key.
    pub fn replace(&mut self, namespace: &str, place: Place, document: Bytes, change: &[u8]) -> Result<()> {
        let at = self.clock.tick();
        let horizon = self.horizon();
        let collection = self.collection_mut(namespace).ok_or_else(missing)?;
        let uuid = collection.uuid;
        collection.replace(namespace, place, document.clone(), at)?;
        collection.forget(place, horizon);
        self.log_change(namespace, uuid, &Change::Update(change, &id(&document)), at);
        Ok(())
    }

    /// Removes the document at a place.
    ///
    /// # Errors
    /// If there is no such collection.
    pub fn remove(&mut self, namespace: &str, place: Place) -> Result<()> {
        let at = self.clock.tick();
        let horizon = self.horizon();
        let collection = self.collection_mut(namespace).ok_or_else(missing)?;
        let uuid = collection.uuid;
        let Some(document) = collection.remove(place, at) else { return Ok(()) };
        collection.forget(place, horizon);
        self.log_change(namespace, uuid, &Change::Delete(&id(&document)), at);
        Ok(())
    }

    /// Removes the document of an `_id`, if it is there.
    ///
    /// # Errors
    /// If there is no such collection.
    pub fn remove_id(&mut self, namespace: &str, id: &Key) -> Result<()> {
        let place = self.collection(namespace).and_then(|collection| collection.find(id));
        place.map_or(Ok(()), |place| self.remove(namespace, place))
    }
}

/// A document with nothing but the `_id` of this one.
fn id(document: &[u8]) -> Vec<u8> {
    let mut only = Writer::default();
    if let Some(id) = get(document, "_id") {
        only.raw(id.tag, b"_id", id.value);
    }
    only.finish()
}

fn missing() -> Failure {
    Failure::new(NAMESPACE_NOT_FOUND, "ns not found")
}
