//! What changed while a backup was taken, put in the place of what was read before. In the order in which it comes; done
//! twice it is the same.

use super::collections::made_as;
use super::journal::Journal;
use super::place::Place;
use crate::bson::{self, Builder, Document};
use crate::catalog::Kind;
use crate::documents::Documents;
use crate::oplog::{Change, Id, among};
use crate::server::Server;
use cofferdam_sdk::engine::{Complete, Data, Summary};
use cofferdam_sdk::{Error, Result};
use std::collections::BTreeMap;

/// Documents and bytes of a batch; a larger document goes alone.
const DOCUMENTS: usize = 1000;
const BYTES: usize = 4 << 20;

/// The major version from which an insert keeps a timestamp of zeros if it is asked to.
const KEEPS_EMPTY_TIMESTAMPS: u32 = 8;

/// What became of documents by their `_id`.
type Changes = BTreeMap<Id, Option<Document>>;

/// Where changes of a collection go: the database, and the name that it has until it is done.
type Target = (String, String);

/// Writes a unit of changes.
pub async fn write(server: &Server, place: &Place, data: Data, complete: Complete) -> Result<Summary> {
    let mut entries = Documents::new(data);
    let mut writing = Writing { server, place, made: BTreeMap::new(), batch: BTreeMap::new(), documents: 0, bytes: 0 };
    while let Some(entry) = entries.next().await? {
        writing.add(Change::read(&entry)?).await?;
    }
    complete.await?;
    writing.flush().await?;
    Ok(Summary::default())
}

struct Writing<'a> {
    server: &'a Server,
    place: &'a Place,
    /// What this restore makes, by the databases of the backup; each with the name that it has until it is done.
    made: BTreeMap<String, BTreeMap<String, String>>,
    batch: BTreeMap<Target, Changes>,
    documents: usize,
    bytes: usize,
}

impl Writing<'_> {
    async fn add(&mut self, change: Change) -> Result<()> {
        let Some(target) = self.target(&change.namespace).await? else { return Ok(()) };
        let bytes = change.id.value.len() + change.document.as_ref().map_or(0, Vec::len);
        if self.documents > 0 && (self.documents >= DOCUMENTS || self.bytes + bytes > BYTES) {
            self.flush().await?;
        }
        self.documents += 1;
        self.bytes += bytes;
        // The last word on a document counts.
        self.batch.entry(target).or_default().insert(change.id, change.document);
        Ok(())
    }

    /// Where changes of a collection of the backup go; none if this restore doesn't make it.
    async fn target(&mut self, namespace: &str) -> Result<Option<Target>> {
        let (from, name) = namespace.split_once('.').ok_or_else(|| Error::corrupt("a change is of no collection"))?;
        if !self.made.contains_key(from) {
            let made = self.made_of(from).await?;
            self.made.insert(from.to_owned(), made);
        }
        let collection = self.place.renames.of(from, name);
        let made_as = self.made.get(from).and_then(|made| made.get(&collection));
        Ok(made_as.map(|made_as| (self.place.database(from).into_owned(), made_as.clone())))
    }

    async fn made_of(&self, from: &str) -> Result<BTreeMap<String, String>> {
        let database = self.place.database(from);
        let journal = Journal::new(self.server, &database, &self.place.operation_id);
        let entries = match journal.read().await {
            // What may not even be looked at isn't restored into.
            Err(error) if error.code == "permission-denied" => Vec::new(),
            entries => entries?,
        };
        let plain = entries.into_iter().filter(|entry| entry.database == from && entry.kind == Kind::Plain);
        Ok(plain.map(|entry| (entry.name.clone(), made_as(self.place, &entry))).collect())
    }

    async fn flush(&mut self) -> Result<()> {
        self.documents = 0;
        self.bytes = 0;
        for ((database, collection), changes) in std::mem::take(&mut self.batch) {
            let doing = |error: Error| error.while_doing(format!("catching up {database}.{collection}"));
            remove(self.server, &database, &collection, &changes).await.map_err(doing)?;
            let documents: Vec<Document> = changes.into_values().flatten().collect();
            insert(self.server, &database, &collection, &documents).await.map_err(doing)?;
        }
        Ok(())
    }
}

async fn remove(server: &Server, database: &str, collection: &str, changes: &Changes) -> Result<()> {
    const ALL: i32 = 0;
    let statement = Builder::new().document("q", &among(changes.keys())).int("limit", ALL).finish();
    let command = Builder::new().text("delete", collection).array("deletes", &[statement]);
    written(&server.change(database, command).await?)
}

async fn insert(server: &Server, database: &str, collection: &str, documents: &[Document]) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let command = Builder::new().text("insert", collection).truth("bypassDocumentValidation", true);
    let command = if server.major().is_some_and(|major| major >= KEEPS_EMPTY_TIMESTAMPS) {
        command.truth("bypassEmptyTsReplacement", true)
    } else if documents.iter().any(|document| has_empty_timestamp(document)) {
        return Err(Error::unsupported(
            "a document has an empty timestamp, in whose place this server puts its own time",
        )
        .with_hint("restore to MongoDB 8.0 or later, which keeps it"));
    } else {
        command
    };
    let reply = server.change(database, command.array("documents", documents)).await?;
    written(&reply)?;
    match bson::get(&reply, "n").and_then(|n| n.number()).and_then(|n| usize::try_from(n).ok()) {
        Some(n) if n == documents.len() => Ok(()),
        n => Err(Error::corrupt(format!("{} documents were sent and {n:?} inserted", documents.len()))),
    }
}

/// Fails if the server did less than it was told to, or less safely.
fn written(reply: &[u8]) -> Result<()> {
    let first =
        bson::get(reply, "writeErrors").and_then(|errors| bson::documents(errors.document()?).ok()?.into_iter().next());
    let concern = bson::get(reply, "writeConcernError").and_then(|error| error.document().map(<[u8]>::to_vec));
    let message = |error: &Document| {
        let said = bson::get(error, "errmsg").and_then(|text| text.text()).unwrap_or("a write failed");
        said.to_owned()
    };
    match (first, concern) {
        (Some(error), _) => Err(Error::conflict(message(&error))),
        (None, Some(error)) => Err(Error::unreachable(message(&error)).retryable()),
        (None, None) => Ok(()),
    }
}

/// Whether a field at the top, other than `_id`, is a timestamp of zeros: a server replaces it in an insert (MongoDB manual,
/// "BSON Types", "Timestamps").
fn has_empty_timestamp(document: &[u8]) -> bool {
    let fields = bson::elements(document).unwrap_or_default();
    fields.iter().any(|field| field.timestamp() == Some(0) && !field.is("_id"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_write_that_was_not_done_is_an_error() {
        let error = Builder::new().int("code", 11000).text("errmsg", "E11000 duplicate key").finish();
        let failed = Builder::new().int("n", 0).array("writeErrors", std::slice::from_ref(&error)).finish();
        assert!(written(&failed).unwrap_err().message.contains("E11000"));
        let unsafe_ = Builder::new().int("n", 1).document("writeConcernError", &error).finish();
        assert!(written(&unsafe_).unwrap_err().retryable);
        written(&Builder::new().int("n", 1).finish()).unwrap();
    }

    #[test]
    fn an_empty_timestamp_at_the_top_is_found_and_no_other() {
        assert!(has_empty_timestamp(&Builder::new().int("_id", 1).timestamp("at", 0).finish()));
        assert!(!has_empty_timestamp(&Builder::new().timestamp("_id", 0).timestamp("at", 1).finish()));
    }
}
