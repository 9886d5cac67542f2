//! Transactions that insert, as the oplog and `config.transactions` show them (MongoDB manual, "Production Considerations
//! (Sharded Clusters)", "Prepared"; the server's `oplog_entry.idl` and `session_txn_record.idl`): one that is prepared has
//! its operations in an entry of its own, and what it did is there once another entry says that it is committed.

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::oplog::binary;
use super::{Store, Time};
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, NAMESPACE_NOT_FOUND, Result};
use crate::doubles::mongodb::query::decode;

/// Where open transactions are listed.
const TRANSACTIONS: &str = "config.transactions";

/// A transaction that isn't committed yet.
#[derive(Debug)]
pub struct Prepared {
    at: Time,
    inserts: Vec<(String, Bytes)>,
}

impl Store {
    /// Writes down what a transaction is going to insert.
    ///
    /// # Errors
    /// If a collection isn't there.
    pub fn prepare(&mut self, inserts: Vec<(String, Bytes)>) -> Result<Prepared> {
        let at = self.clock.tick();
        self.log_operations(&inserts, &doc! { "prepare": true }, at)?;
        let prepared = Prepared { at, inserts };
        self.list(&prepared, "prepared")?;
        Ok(prepared)
    }

    /// Does what a transaction was going to do.
    ///
    /// # Errors
    /// If something of it can't be done.
    pub fn commit(&mut self, prepared: Prepared) -> Result<()> {
        let at = self.show(&prepared)?;
        self.log_commit(&prepared, at, at)
    }

    /// What a transaction over several shards did can be seen from now on; that it is committed isn't written down yet.
    ///
    /// # Errors
    /// If something of it can't be done.
    pub fn show(&mut self, prepared: &Prepared) -> Result<Time> {
        let at = self.clock.tick();
        for (namespace, document) in &prepared.inserts {
            self.insert_silently(namespace, document.clone(), at)?;
        }
        Ok(at)
    }

    /// Writes down that a transaction is committed that could be seen since a time.
    ///
    /// # Errors
    /// If it can't be listed.
    pub fn log_commit(&mut self, prepared: &Prepared, since: Time, at: Time) -> Result<()> {
        let before = doc! { "ts": prepared.at.timestamp(), "t": 1_i64 };
        let commit = doc! { "commitTransaction": 1, "commitTimestamp": since.timestamp() };
        self.log_chained(&commit, &before, at);
        self.list(prepared, "committed")
    }

    /// Inserts all at once: a transaction that was never prepared is a single entry.
    ///
    /// # Errors
    /// If something of it can't be done.
    pub fn transact(&mut self, inserts: Vec<(String, Bytes)>) -> Result<()> {
        let at = self.clock.tick();
        for (namespace, document) in &inserts {
            self.insert_silently(namespace, document.clone(), at)?;
        }
        self.log_operations(&inserts, &Document::new(), at)
    }

    fn log_operations(&mut self, inserts: &[(String, Bytes)], more: &Document, at: Time) -> Result<()> {
        let operation = |(namespace, document): &(String, Bytes)| {
            let missing = || Failure::new(NAMESPACE_NOT_FOUND, format!("{namespace} isn't there"));
            let uuid = self.collection(namespace).ok_or_else(missing)?.uuid;
            Ok(Bson::from(doc! { "op": "i", "ns": namespace, "ui": binary(uuid), "o": decode(document)? }))
        };
        let operations: Vec<Bson> = inserts.iter().map(operation).collect::<Result<_>>()?;
        let mut apply = doc! { "applyOps": operations };
        apply.extend(more.clone());
        // The first entry of a transaction follows none.
        let none = doc! { "ts": bson::Timestamp { time: 0, increment: 0 }, "t": -1_i64 };
        self.log_chained(&apply, &none, at);
        Ok(())
    }

    /// The transaction as it is listed.
    fn list(&mut self, prepared: &Prepared, state: &str) -> Result<()> {
        let start = doc! { "ts": prepared.at.timestamp(), "t": 1_i64 };
        let id = doc! { "id": i64::from(prepared.at.timestamp().increment) };
        let listed = doc! { "_id": id, "state": state, "startOpTime": start, "lastWriteDate": bson::DateTime::now() };
        let bytes = listed.to_vec().map_err(|error| Failure::new(BAD_VALUE, error.to_string()))?;
        let at = self.clock.now();
        self.put_silently(TRANSACTIONS, bytes.into(), at)
    }
}
