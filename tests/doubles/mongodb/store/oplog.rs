//! `local.oplog.rs`: what replica sets replicate (MongoDB manual, "Replica Set Oplog"; the fields of the server's
//! `oplog_entry.idl`). A capped collection that forgets its oldest entries.

use std::time::Instant;

use bson::{Binary, Document, doc};
use bytes::Bytes;

use super::{Collection, Store, Time};
use crate::doubles::mongodb::Kind;
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::Result;

/// The oplog's name.
pub const OPLOG: &str = "local.oplog.rs";

/// One change of a document.
pub(super) enum Change<'a> {
    Insert(&'a [u8]),
    /// What changed, and the document's `_id` as a document.
    Update(&'a [u8], &'a [u8]),
    /// The document's `_id` as a document.
    Delete(&'a [u8]),
}

impl Store {
    pub(super) fn start_oplog(&mut self, bytes: u64) {
        if self.kind != Kind::ReplicaSet {
            return;
        }
        let at = self.clock.tick();
        let size = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.collections
            .insert(self.next, Collection::new(doc! { "capped": true, "size": size, "autoIndexId": false }));
        if let Some(oplog) = self.collections.get_mut(&self.next) {
            oplog.indexes.clear();
        }
        self.name(OPLOG, self.next, at);
        self.next += 1;
        let mut entry = Writer::default();
        entry.fields(&doc! { "op": "n", "ns": "", "o": { "msg": "initiating set" } });
        self.append(entry, at);
    }

    /// Where nobody writes, a member writes an entry from time to time (MongoDB manual, parameter
    /// `periodicNoopIntervalSecs`).
    pub fn write_noop(&mut self) {
        if self.clock.now() != self.idle.0 {
            self.idle = (self.clock.now(), Instant::now());
        } else if self.kind == Kind::ReplicaSet && self.is_primary() && self.idle.1.elapsed() >= self.noop_every {
            let at = self.clock.tick();
            let mut entry = Writer::default();
            entry.fields(&doc! { "op": "n", "ns": "", "o": { "msg": "periodic noop" } });
            self.append(entry, at);
        }
    }

    pub(super) fn log_change(&mut self, namespace: &str, uuid: [u8; 16], change: &Change<'_>, at: Time) {
        let mut entry = Writer::default();
        let op = match change {
            Change::Insert(_) => "i",
            Change::Update(..) => "u",
            Change::Delete(_) => "d",
        };
        entry.fields(&doc! { "op": op, "ns": namespace, "ui": binary(uuid) });
        match change {
            Change::Insert(document) | Change::Delete(document) => entry.document("o", document),
            Change::Update(change, id) => {
                entry.document("o", change);
                entry.document("o2", id);
            }
        }
        self.log(namespace, entry, at);
    }

    pub(super) fn log_command(&mut self, database: &str, uuid: [u8; 16], command: &Document, at: Time) {
        let mut entry = Writer::default();
        entry.fields(&doc! { "op": "c", "ns": format!("{database}.$cmd"), "ui": binary(uuid), "o": command.clone() });
        self.log(&format!("{database}."), entry, at);
    }

    /// A command that was just carried out.
    pub fn log_now(&mut self, database: &str, uuid: [u8; 16], command: &Document) {
        let at = self.clock.tick();
        self.log_command(database, uuid, command, at);
    }

    /// A command of a transaction, behind the entry of it that came before.
    pub(super) fn log_chained(&mut self, command: &Document, before: &Document, at: Time) {
        let mut entry = Writer::default();
        entry.fields(&doc! { "op": "c", "ns": "admin.$cmd", "o": command.clone(), "prevOpTime": before.clone() });
        self.append(entry, at);
    }

    /// An index on a collection without documents is one entry each; on others the whole build is one, when it is over.
    ///
    /// # Errors
    /// If the namespace isn't one.
    pub fn log_indexes(&mut self, namespace: &str, uuid: [u8; 16], added: &[Document]) -> Result<()> {
        let (database, name) = super::split(namespace)?;
        let empty = self.collection(namespace).is_none_or(|collection| collection.count() == 0);
        if empty {
            for specification in added {
                let mut command = doc! { "createIndexes": name };
                command.extend(specification.clone());
                let at = self.clock.tick();
                self.log_command(database, uuid, &command, at);
            }
        } else if !added.is_empty() {
            let build = bson::Uuid::new();
            for step in ["startIndexBuild", "commitIndexBuild"] {
                let at = self.clock.tick();
                let command = doc! { step: name, "indexBuildUUID": build, "indexes": added.to_vec() };
                self.log_command(database, uuid, &command, at);
            }
        }
        Ok(())
    }

    /// What happens in `local` isn't replicated.
    fn log(&mut self, namespace: &str, entry: Writer, at: Time) {
        if !namespace.starts_with("local.") {
            self.append(entry, at);
        }
    }

    fn append(&mut self, mut entry: Writer, at: Time) {
        let Some(oplog) = self.collection_mut(OPLOG) else { return };
        entry.fields(&doc! { "ts": at.timestamp(), "t": 1_i64, "v": 2_i64, "wall": bson::DateTime::now() });
        oplog.append(Bytes::from(entry.finish()), at);
    }
}

pub(super) fn binary(uuid: [u8; 16]) -> Binary {
    Binary { subtype: bson::spec::BinarySubtype::Uuid, bytes: uuid.to_vec() }
}
