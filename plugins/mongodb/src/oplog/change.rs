//! What became of a document, as the oplog would say it: entries `d` and `i` (the server's `oplog_entry.idl`), so that
//! `mongorestore --oplogReplay` can read them, too.

use crate::bson::{self, Builder, Document, Element};
use cofferdam_sdk::{Error, Result};

/// The version of entries since MongoDB 4.0.
const VERSION: i64 = 2;

/// The number of BSON's type for a 64-bit number.
const INT64: u8 = 0x12;

/// The value of an `_id`: the number of its type, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// The number of BSON's type.
    pub kind: u8,
    /// Its bytes.
    pub value: Vec<u8>,
}

impl Id {
    /// The `_id` of a document, if it has one.
    pub fn of(document: &[u8]) -> Option<Self> {
        bson::get(document, "_id").map(|id| Self { kind: id.kind, value: id.value.to_vec() })
    }

    /// As a field of this name.
    pub fn named<'a>(&'a self, name: &'a str) -> Element<'a> {
        Element { kind: self.kind, name: name.as_bytes(), value: &self.value }
    }
}

/// `{ _id: { $in: [...] } }`.
pub fn among<'a>(ids: impl IntoIterator<Item = &'a Id>) -> Document {
    const ARRAY: u8 = 0x04;
    let list =
        ids.into_iter().enumerate().fold(Builder::new(), |list, (n, id)| list.element(&id.named(&n.to_string())));
    let condition = Builder::new().value(ARRAY, "$in", &list.finish()).finish();
    Builder::new().document("_id", &condition).finish()
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `DATABASE.COLLECTION`.
    pub namespace: String,
    /// Which document.
    pub id: Id,
    /// The document as it is now; none if there is none any more.
    pub document: Option<Document>,
}

impl Change {
    /// The entry that says that a document is gone, at a cluster time.
    pub fn gone(namespace: &str, id: &Id, at: u64) -> Document {
        let id = Builder::new().element(&id.named("_id")).finish();
        entry("d", namespace, &id, at)
    }

    /// The entry that says what a document is that wasn't there.
    pub fn came(namespace: &str, document: &[u8], at: u64) -> Document {
        entry("i", namespace, document, at)
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// "corrupt" if it is none of these two.
    pub fn read(entry: &[u8]) -> Result<Self> {
        let read = || {
            let o = bson::get(entry, "o")?.document()?;
            let document = match bson::get(entry, "op")?.text()? {
                "d" => None,
                "i" => Some(o.to_vec()),
                _ => return None,
            };
            Some(Self { namespace: bson::get(entry, "ns")?.text()?.to_owned(), id: Id::of(o)?, document })
        };
        read().ok_or_else(|| Error::corrupt("a change of a document can't be read"))
    }
}

fn entry(op: &str, namespace: &str, o: &[u8], at: u64) -> Document {
    let entry = Builder::new().timestamp("ts", at).value(INT64, "v", &VERSION.to_le_bytes());
    entry.text("op", op).text("ns", namespace).document("o", o).finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_change_comes_back_from_its_entry() {
        let document = Builder::new().text("_id", "a").int("n", 1).finish();
        let id = Id::of(&document).unwrap();
        let gone = Change::read(&Change::gone("d.c", &id, 7)).unwrap();
        assert_eq!((gone.namespace.as_str(), &gone.id, gone.document), ("d.c", &id, None));
        let came = Change::read(&Change::came("d.c", &document, 7)).unwrap();
        assert_eq!((&came.id, came.document), (&id, Some(document)));
    }

    #[test]
    fn what_is_no_change_is_corrupt() {
        let nothing = Builder::new().finish();
        for entry in [nothing.clone(), entry("c", "d.$cmd", &nothing, 1), entry("i", "d.c", &nothing, 1)] {
            assert_eq!(Change::read(&entry).unwrap_err().code, "corrupt");
        }
    }

    #[test]
    fn ids_of_any_type_are_looked_for() {
        let ids = [Id { kind: 0x02, value: b"\x02\0\0\0a\0".to_vec() }, Id { kind: 0x10, value: vec![1, 0, 0, 0] }];
        let list = among(&ids);
        let list = bson::elements(bson::path(&list, "_id.$in").unwrap().document().unwrap()).unwrap();
        assert_eq!((list[0].text(), list[1].number()), (Some("a"), Some(1)));
    }
}
