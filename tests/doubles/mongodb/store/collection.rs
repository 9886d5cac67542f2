//! The documents of one collection, with every version that a snapshot may still ask for.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use bson::{Document, doc};
use bytes::Bytes;

use super::Time;
use super::index::Index;
use crate::doubles::mongodb::bson::Key;
use crate::doubles::mongodb::failure::Result;
use crate::doubles::mongodb::query;

/// Where a document lies; documents lie in the order in which they were inserted.
pub type Place = u64;

/// A document from one write to the next.
#[derive(Debug)]
struct Version {
    since: Time,
    document: Option<Bytes>,
}

/// A collection.
#[derive(Debug)]
pub struct Collection {
    /// Its identity, which a renaming leaves as it is.
    pub uuid: [u8; 16],
    /// As given to `create`.
    pub options: Document,
    /// The one on `_id` first.
    pub indexes: Vec<Index>,
    records: BTreeMap<Place, Vec<Version>>,
    ids: BTreeMap<Key, Vec<Place>>,
    removed: VecDeque<(Time, Place)>,
    next: Place,
    count: u64,
    size: u64,
}

impl Collection {
    /// An empty one, with an index on `_id`.
    #[must_use]
    pub fn new(options: Document) -> Self {
        let clustered = options.contains_key("clusteredIndex");
        let mut id = doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" };
        // MongoDB manual, "Collation": indexes have the collection's, the one on _id too.
        id.extend(options.get("collation").map(|collation| ("collation".to_owned(), collation.clone())));
        let id = Index::new(id);
        Self {
            uuid: *bson::Uuid::new().bytes().first_chunk().unwrap_or(&[0; 16]),
            options,
            indexes: if clustered { Vec::new() } else { vec![id] },
            records: BTreeMap::new(),
            ids: BTreeMap::new(),
            removed: VecDeque::new(),
            next: 1,
            count: 0,
            size: 0,
        }
    }

    /// How many documents it has now.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The bytes of its documents now.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it has a fixed size.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.options.get_bool("capped").unwrap_or(false)
    }

    /// Adds a document. Gives those that had to go, in a capped collection.
    ///
    /// # Errors
    /// [`DUPLICATE_KEY`](crate::doubles::mongodb::failure::DUPLICATE_KEY), with `namespace` in the text.
    pub fn insert(&mut self, namespace: &str, document: Bytes, at: Time) -> Result<Vec<Bytes>> {
        let id = Key::of(&document, "_id");
        if self.find(&id).is_some() {
            return Err(Index::duplicate(namespace, "_id_", &doc! { "_id": 1 }, &[id]));
        }
        for index in &self.indexes {
            index.admit(namespace, &document, None)?;
        }
        let place = self.next;
        self.next += 1;
        self.count += 1;
        self.size += document.len() as u64;
        for index in &mut self.indexes {
            index.add(&document, place);
        }
        self.ids.entry(id).or_default().push(place);
        self.records.insert(place, vec![Version { since: at, document: Some(document) }]);
        Ok(self.make_room(at))
    }

    /// Adds a document that has no `_id`, without history, and lets the oldest go: the oplog's way.
    pub fn append(&mut self, document: Bytes, at: Time) {
        self.count += 1;
        self.size += document.len() as u64;
        self.records.insert(self.next, vec![Version { since: at, document: Some(document) }]);
        self.next += 1;
        let limit = self.limit("size");
        while self.size > limit && self.count > 1 {
            let Some((_, gone)) = self.records.pop_first() else { return };
            self.count -= 1;
            self.size -=
                gone.iter().filter_map(|version| version.document.as_ref()).map(|d| d.len() as u64).sum::<u64>();
        }
    }

    fn limit(&self, name: &str) -> u64 {
        let value = self.options.get(name).and_then(query::number);
        value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0).unwrap_or(u64::MAX)
    }

    /// A capped collection loses its oldest documents (MongoDB manual, "Capped Collections").
    fn make_room(&mut self, at: Time) -> Vec<Bytes> {
        let (size, max) = (self.limit("size"), self.limit("max"));
        let mut gone = Vec::new();
        while self.is_capped() && (self.size > size || self.count > max) && self.count > 1 {
            let oldest = self.scan(Bound::Unbounded, None).next().map(|(place, _)| place);
            gone.extend(oldest.and_then(|place| self.remove(place, at)));
        }
        gone
    }

    /// Puts another document in the place of one.
    ///
    /// # Errors
    /// As for [`Collection::insert`].
    pub fn replace(&mut self, namespace: &str, place: Place, document: Bytes, at: Time) -> Result<()> {
        for index in &self.indexes {
            index.admit(namespace, &document, Some(place))?;
        }
        let before = self.current(place).cloned().unwrap_or_default();
        for index in &mut self.indexes {
            index.remove(&before, place);
            index.add(&document, place);
        }
        self.size = self.size + document.len() as u64 - before.len() as u64;
        self.records.entry(place).or_default().push(Version { since: at, document: Some(document) });
        Ok(())
    }

    /// Takes a document away, and gives it.
    pub fn remove(&mut self, place: Place, at: Time) -> Option<Bytes> {
        let document = self.current(place)?.clone();
        for index in &mut self.indexes {
            index.remove(&document, place);
        }
        self.count -= 1;
        self.size -= document.len() as u64;
        self.records.entry(place).or_default().push(Version { since: at, document: None });
        self.removed.push_back((at, place));
        Some(document)
    }

    /// Forgets what no snapshot at `horizon` or later can see, of the document at `place` and of all that were removed.
    pub fn forget(&mut self, place: Place, horizon: Time) {
        while let Some((_, place)) = self.removed.front().copied().filter(|(at, _)| *at <= horizon) {
            self.removed.pop_front();
            let versions = self.records.remove(&place).unwrap_or_default();
            let last = versions.iter().rev().find_map(|version| version.document.as_ref());
            let Some(id) = last.map(|document| Key::of(document, "_id")) else { continue };
            if let Some(places) = self.ids.get_mut(&id) {
                places.retain(|other| *other != place);
                if places.is_empty() {
                    self.ids.remove(&id);
                }
            }
        }
        if let Some(versions) = self.records.get_mut(&place) {
            let needed = versions.iter().rposition(|version| version.since <= horizon).unwrap_or(0);
            versions.drain(..needed);
        }
    }

    /// Where the document of this `_id` lies now.
    #[must_use]
    pub fn find(&self, id: &Key) -> Option<Place> {
        self.ids.get(id)?.iter().copied().find(|place| self.current(*place).is_some())
    }

    /// The document that lies there now.
    #[must_use]
    pub fn current(&self, place: Place) -> Option<&Bytes> {
        self.records.get(&place)?.last()?.document.as_ref()
    }

    /// Documents in the order in which they lie, at a time or now.
    pub fn scan(
        &self,
        from: Bound<Place>,
        at: Option<Time>,
    ) -> impl DoubleEndedIterator<Item = (Place, &Bytes)> + use<'_> {
        let records = self.records.range((from, Bound::Unbounded));
        records.filter_map(move |(place, versions)| Some((*place, visible(versions, at)?)))
    }

    /// Documents in the order of `_id`, at a time or now.
    pub fn by_id(
        &self,
        range: (Bound<Key>, Bound<Key>),
        at: Option<Time>,
    ) -> impl Iterator<Item = (&Key, Place, &Bytes)> + use<'_> {
        // A range that ends before it begins is an error of `BTreeMap::range`; on a server it is empty.
        let backwards = match (&range.0, &range.1) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
            _ => false,
        };
        let range = if backwards { (Bound::Unbounded, Bound::Unbounded) } else { range };
        let ids = self.ids.range(range).take(if backwards { 0 } else { usize::MAX });
        ids.filter_map(move |(id, places)| {
            places.iter().find_map(|place| {
                let document = visible(self.records.get(place)?, at)?;
                Some((id, *place, document))
            })
        })
    }
}

fn visible(versions: &[Version], at: Option<Time>) -> Option<&Bytes> {
    let version = match at {
        None => versions.last(),
        Some(at) => versions.iter().rev().find(|version| version.since <= at),
    };
    version?.document.as_ref()
}
