//! A command as it was sent.

use bson::{Bson, Document};
use bytes::Bytes;

use super::bson::{fields, get};
use super::failure::{BAD_VALUE, Failure, INVALID_BSON, INVALID_NAMESPACE, MISSING_FIELD, Result, TYPE_MISMATCH};
use super::query;
use super::store::Retryable;

/// A command with its arguments. Those that are documents of the user's stay bytes.
#[derive(Clone, Debug)]
pub struct Request {
    /// The command's name.
    pub name: String,
    /// The database that it is for.
    pub database: String,
    /// All other fields but the sequences.
    pub body: Document,
    /// Arrays of documents: those in sections of their own, and those in the body (MongoDB manual, "MongoDB Wire
    /// Protocol", "Kind 1: Document Sequence").
    sequences: Vec<(String, Vec<Bytes>)>,
}

/// Arrays that may come as a section of their own (the server's `insert`, `update` and `delete`).
const SEQUENCES: [&str; 3] = ["documents", "updates", "deletes"];

impl Request {
    /// From the body and the sections of a message.
    ///
    /// # Errors
    /// If it isn't a command.
    pub fn new(body: &Bytes, sections: Vec<(String, Vec<Bytes>)>) -> Result<Self> {
        let malformed = |_| Failure::new(INVALID_BSON, "not a BSON document");
        super::bson::check(body).map_err(malformed)?;
        let mut sequences = sections;
        let mut small = super::bson::Writer::default();
        for element in fields(body) {
            let name = String::from_utf8_lossy(element.name).into_owned();
            if element.tag == 0x04 && SEQUENCES.contains(&name.as_str()) {
                let documents = fields(element.value);
                sequences.push((name, documents.map(|d| body.slice_ref(d.value)).collect()));
            } else {
                small.raw(element.tag, element.name, element.value);
            }
        }
        let body = query::decode(&small.finish())?;
        let name = body.keys().next().cloned().ok_or_else(|| Failure::new(BAD_VALUE, "empty command"))?;
        let database = body.get_str("$db").map_err(|_| missing("$db"))?.to_owned();
        Ok(Self { name, database, body, sequences })
    }

    /// The namespace that the command's own field names.
    ///
    /// # Errors
    /// If it isn't a collection's name.
    pub fn namespace(&self) -> Result<String> {
        let collection = self.body.get_str(&self.name).ok().filter(|name| !name.is_empty());
        let wrong = || Failure::new(INVALID_NAMESPACE, format!("collection name has invalid type in {}", self.name));
        Ok(format!("{}.{}", self.database, collection.ok_or_else(wrong)?))
    }

    /// An array of the user's documents.
    ///
    /// # Errors
    /// If it isn't there.
    pub fn documents(&self, name: &str) -> Result<&[Bytes]> {
        let found = self.sequences.iter().find(|(sequence, _)| sequence == name);
        found.map(|(_, documents)| documents.as_slice()).ok_or_else(|| missing(name))
    }

    /// The names of all fields but those that every command has.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let own = self.body.keys().skip(1).map(String::as_str);
        own.chain(self.sequences.iter().map(|(name, _)| name.as_str())).filter(|name| !is_generic(name))
    }

    /// A document; empty where there is none.
    ///
    /// # Errors
    /// If it is something else.
    pub fn document(&self, name: &str) -> Result<Document> {
        match self.body.get(name) {
            None | Some(Bson::Null) => Ok(Document::new()),
            Some(Bson::Document(document)) => Ok(document.clone()),
            Some(_) => Err(wrong_type(name)),
        }
    }

    /// The same write with only its first statements; nothing if it has none.
    #[must_use]
    pub fn half(&self, statements: usize) -> Option<Self> {
        let mut half = self.clone();
        let (_, documents) = half.sequences.first_mut()?;
        documents.truncate(statements);
        (!documents.is_empty()).then_some(half)
    }

    /// An array.
    ///
    /// # Errors
    /// If it isn't there, or is something else.
    pub fn array(&self, name: &str) -> Result<&[Bson]> {
        let value = self.body.get(name).ok_or_else(|| missing(name))?;
        value.as_array().map(Vec::as_slice).ok_or_else(|| wrong_type(name))
    }

    /// A string.
    ///
    /// # Errors
    /// If it isn't there, or is something else.
    pub fn string(&self, name: &str) -> Result<&str> {
        let value = self.body.get(name).ok_or_else(|| missing(name))?;
        value.as_str().ok_or_else(|| wrong_type(name))
    }

    /// A number that isn't negative, if it is there.
    ///
    /// # Errors
    /// If it is something else.
    pub fn number(&self, name: &str) -> Result<Option<u64>> {
        let number = self.body.get(name).map(|value| query::number(value).and_then(|n| u64::try_from(n).ok()));
        number.map(|number| number.ok_or_else(|| wrong_type(name))).transpose()
    }

    /// Whether a field is there and true.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.body.get(name).is_some_and(query::truth)
    }

    /// The bytes of the session's id.
    #[must_use]
    pub fn session(&self) -> Option<Vec<u8>> {
        let id = self.body.get_document("lsid").ok()?.to_vec().ok()?;
        get(&id, "id").map(|id| id.value.to_vec())
    }

    /// Session and number of a retryable write.
    #[must_use]
    pub fn retryable(&self) -> Option<Retryable> {
        let number = self.body.get("txnNumber").and_then(query::number)?;
        Some(Retryable { session: self.session()?, number })
    }
}

/// Arguments that every command takes (the server's `generic_argument.idl`).
fn is_generic(name: &str) -> bool {
    const GENERIC: [&str; 15] = [
        "$db",
        "lsid",
        "$clusterTime",
        "$readPreference",
        "txnNumber",
        "writeConcern",
        "readConcern",
        "maxTimeMS",
        "comment",
        "apiVersion",
        "apiStrict",
        "apiDeprecationErrors",
        "$audit",
        "$client",
        "mayBypassWriteBlocking",
    ];
    GENERIC.contains(&name)
}

fn missing(name: &str) -> Failure {
    Failure::new(MISSING_FIELD, format!("BSON field '{name}' is missing but a required field"))
}

fn wrong_type(name: &str) -> Failure {
    Failure::new(TYPE_MISMATCH, format!("BSON field '{name}' is the wrong type"))
}
