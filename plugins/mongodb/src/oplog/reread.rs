//! Reading again what was touched, and writing what became of it.

use super::change::{Change, Id, among};
use super::entry::Touched;
use crate::backup::Consistency;
use crate::bson::Builder;
use crate::catalog::Kind;
use crate::documents::Documents;
use crate::server::Server;
use cofferdam_sdk::{Error, Result, Writer};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Documents that are read again at once, and bytes of their `_id`s.
const AT_ONCE: usize = 1000;
const IDS: usize = 1 << 20;

/// Bytes that are written at once, about.
const PIECE: usize = 256 << 10;

/// What reads documents again, and writes a unit of changes.
pub struct Rereading {
    server: Rc<Server>,
    writer: Writer,
    /// What is about to be written.
    pending: Vec<u8>,
    changes: u64,
}

impl Rereading {
    /// Reads from a server, and writes there.
    pub fn new(server: Rc<Server>, writer: Writer) -> Self {
        Self { server, writer, pending: Vec::new(), changes: 0 }
    }

    /// How many documents were read again.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Reads again what was touched. Doing so twice does no harm.
    ///
    /// # Errors
    /// What the server says; "unsupported" if an `_id` isn't the only one of its collection.
    pub async fn read(&mut self, touched: Touched, at: u64, consistency: Consistency) -> Result<()> {
        for (namespace, ids) in touched {
            let ids: Vec<Id> = ids.into_iter().collect();
            for some in parts(&ids) {
                self.documents(&namespace, some, at, consistency).await?;
            }
        }
        Ok(())
    }

    /// Writes what is still to be written.
    pub async fn end(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.writer.write(std::mem::take(&mut self.pending)).await
    }

    /// Writes that documents are gone, and then those of them that are there. They are asked for by their `_id` alone, of all
    /// shards: one that went to another shard with a new shard key is found there.
    async fn documents(&mut self, namespace: &str, ids: &[Id], at: u64, consistency: Consistency) -> Result<()> {
        self.changes += ids.len() as u64;
        for id in ids {
            self.write(&Change::gone(namespace, id, at)).await?;
        }
        let (database, collection) = namespace.split_once('.').unwrap_or_default();
        let find = Builder::new().text("find", collection).document("filter", &among(ids));
        let find = consistency.apply(find, Kind::Plain).finish();
        let (data, done) = self.server.client().read(database.to_owned(), find).await?;
        let (mut documents, mut seen) = (Documents::new(data), BTreeSet::new());
        while let Some(document) = documents.next().await? {
            once(namespace, &document, &mut seen)?;
            self.write(&Change::came(namespace, &document, at)).await?;
        }
        done.await.map(drop)
    }

    async fn write(&mut self, entry: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(entry);
        if self.pending.len() < PIECE { Ok(()) } else { self.end().await }
    }
}

/// Each shard has an index of `_id` of its own, so that two of them may have a document of the same one (MongoDB manual, "Shard
/// Keys", "Unique Indexes"). A copy isn't sharded, and would keep the last.
fn once(namespace: &str, document: &[u8], seen: &mut BTreeSet<Id>) -> Result<()> {
    if Id::of(document).is_none_or(|id| seen.insert(id)) {
        return Ok(());
    }
    Err(Error::unsupported(format!("{namespace} has two documents of the same _id on different shards"))
        .with_hint("give one of them another _id: a copy, which isn't sharded, can't hold both"))
}

/// Whether so much was touched that it is time to read it.
pub fn is_much(touched: &Touched) -> bool {
    let ids = || touched.values().flatten();
    ids().count() >= AT_ONCE || ids().map(|id| id.value.len()).sum::<usize>() >= IDS
}

/// As many `_id`s as one command may ask for.
fn parts(ids: &[Id]) -> Vec<&[Id]> {
    let (mut parts, mut rest) = (Vec::new(), ids);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |id: &&Id| {
            bytes += id.value.len();
            bytes <= IDS
        };
        let fitting = rest.iter().take(AT_ONCE).take_while(fits).count().max(1);
        let (part, later) = rest.split_at(fitting);
        parts.push(part);
        rest = later;
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_command_asks_for_no_more_than_it_may() {
        let id = |bytes: usize| Id { kind: 0x02, value: vec![0; bytes] };
        let sizes = |ids: &[Id]| parts(ids).iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&vec![id(12); 2500]), [1000, 1000, 500]);
        assert_eq!(sizes(&[id(IDS + 1), id(1), id(IDS), id(1)]), [1, 1, 1, 1]);
        assert_eq!(sizes(&[]), Vec::<usize>::new());
    }

    #[test]
    fn of_two_documents_of_one_id_none_is_lost_without_a_word() {
        let document = |id: i32, region: &str| Builder::new().int("_id", id).text("region", region).finish();
        let mut seen = BTreeSet::new();
        once("d.c", &document(1, "EU"), &mut seen).unwrap();
        once("d.c", &document(2, "EU"), &mut seen).unwrap();
        assert_eq!(once("d.c", &document(1, "US"), &mut seen).unwrap_err().code, "unsupported");
    }
}
