//! A double of MongoDB 8.0: a server that speaks its wire protocol and holds real state, for tests. No registry carries
//! mongod, so what a test finds here is only as true as what is cited in each file; what isn't modelled is refused.
//!
//! It is the primary of a replica set of one (or a server alone), with SCRAM, documents kept byte for byte, the history
//! that snapshot reads need and its expiry, cursors and their time-outs, retryable writes, an oplog, change streams of databases, unique and TTL indexes,
//! views and time-series buckets, users and roles. It refuses what a server refuses: unknown commands and fields, batches
//! and documents that are too large, cursors of other sessions. Faults come on request, see [`Fault`].
//!
//! Not modelled: privileges, collations, transactions (but those that a test that holds the double asks for), sharding (but what `hello` and `config` say of it), several members.
//!
//! ```no_run
//! use cofferdam_tests::doubles::mongodb::{Mongodb, Options};
//!
//! # fn main() -> cofferdam_tests::error::Result<()> {
//! let server = Mongodb::start(Options::default())?;
//! println!("{}", server.url("shop"));
//! # Ok(())
//! # }
//! ```

mod bson;
mod commands;
mod failure;
mod fault;
mod options;
mod query;
mod request;
mod serve;
mod store;
mod update;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use ::bson::doc;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub use fault::{Action, Fault};
pub use options::{Kind, Options, Quirks, User};

use crate::error::Result;
use serve::{Shared, lock};
use store::Store;
pub use store::{Prepared, Time};

/// The server's limits, which `hello` tells (MongoDB manual, "MongoDB Limits and Thresholds"; `hello`).
pub const DOCUMENT_BYTES: i32 = 16 * 1024 * 1024;
/// The largest message.
pub const MESSAGE_BYTES: i32 = 48_000_000;
/// The most statements of a write.
pub const BATCH_STATEMENTS: i32 = 100_000;

/// A running double; it's gone, with its data, when this is dropped.
#[derive(Debug)]
pub struct Mongodb {
    address: SocketAddr,
    user: Option<User>,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl Mongodb {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If there is no port to listen on.
    pub fn start(options: Options) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let mut store = Store::new(&options);
        if let Some(user) = &options.user {
            let credentials = commands::credentials(&user.name, &user.password, &["SCRAM-SHA-1", "SCRAM-SHA-256"]);
            let roles = doc! { "roles": [{ "role": "root", "db": "admin" }] };
            store.create_user("admin", &user.name, credentials, roles).map_err(|failure| failure.message)?;
        }
        let shared = Arc::new(Shared {
            store: Mutex::new(store),
            faults: Mutex::default(),
            log: Mutex::default(),
            authentication: options.user.is_some(),
            compressors: if options.compression { &["zstd", "zlib", "snappy"] } else { &[] },
        });
        runtime.spawn(serve::serve(listener, address.to_string(), Arc::clone(&shared)));
        Ok(Self { address, user: options.user, shared, runtime: Some(runtime) })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A URL without a password, as Cofferdam's configuration takes it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let user = self.user.as_ref().map(|user| format!("{}@", encode(&user.name))).unwrap_or_default();
        let source = if self.user.is_some() { "?authSource=admin" } else { "" };
        format!("mongodb://{user}{}/{database}{source}", self.address)
    }

    /// A URL with the password, as other clients take it.
    #[must_use]
    pub fn full_url(&self) -> String {
        let login = |user: &User| format!("{}:{}@", encode(&user.name), encode(&user.password));
        let user = self.user.as_ref().map(login).unwrap_or_default();
        format!("mongodb://{user}{}/", self.address)
    }

    /// Something is to go wrong.
    pub fn fail(&self, fault: Fault) {
        lock(&self.shared.faults).add(fault);
    }

    /// Nothing more is to go wrong.
    pub fn forgive(&self) {
        lock(&self.shared.faults).clear();
    }

    /// The commands that came so far, as "insert shop.orders".
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        lock(&self.shared.log).clone()
    }

    /// Inserts documents past the wire, thousands in the time of one: BSON, byte for byte.
    ///
    /// # Errors
    /// If one is there already.
    pub fn insert(&self, namespace: &str, documents: impl IntoIterator<Item = Vec<u8>>) -> Result<()> {
        let mut store = lock(&self.shared.store);
        for document in documents {
            store.insert_bytes(namespace, Bytes::from(document)).map_err(|failure| failure.message)?;
        }
        Ok(())
    }

    /// Writes down a transaction that is going to insert documents, each into a collection that is there.
    ///
    /// # Errors
    /// If one isn't there.
    pub fn prepare(&self, inserts: Vec<(String, Vec<u8>)>) -> Result<Prepared> {
        let inserts = inserts.into_iter().map(|(namespace, document)| (namespace, document.into())).collect();
        lock(&self.shared.store).prepare(inserts).map_err(|failure| failure.message.into())
    }

    /// Commits a transaction.
    ///
    /// # Errors
    /// If something of it can't be done.
    pub fn commit(&self, prepared: Prepared) -> Result<()> {
        lock(&self.shared.store).commit(prepared).map_err(|failure| failure.message.into())
    }

    /// From now on what a transaction over several shards did can be seen; the entry that says so comes later. Gives the
    /// time since when.
    ///
    /// # Errors
    /// If something of it can't be done.
    pub fn show(&self, prepared: &Prepared) -> Result<Time> {
        lock(&self.shared.store).show(prepared).map_err(|failure| failure.message.into())
    }

    /// Writes down that a transaction is committed that can be seen since a time.
    ///
    /// # Errors
    /// If it can't be listed.
    pub fn log_commit(&self, prepared: &Prepared, since: Time) -> Result<()> {
        let mut store = lock(&self.shared.store);
        let at = store.clock.tick();
        store.log_commit(prepared, since, at).map_err(|failure| failure.message.into())
    }

    /// Change streams stand still, as where a shard lags behind, until they are let go on.
    pub fn hold_streams(&self, hold: bool) {
        let mut store = lock(&self.shared.store);
        store.streams_until = hold.then(|| store.clock.now());
    }

    /// Inserts documents in one transaction.
    ///
    /// # Errors
    /// If something of it can't be done.
    pub fn transact(&self, inserts: Vec<(String, Vec<u8>)>) -> Result<()> {
        let inserts = inserts.into_iter().map(|(namespace, document)| (namespace, document.into())).collect();
        lock(&self.shared.store).transact(inserts).map_err(|failure| failure.message.into())
    }

    /// The documents of a collection in the order in which they lie, byte for byte.
    #[must_use]
    pub fn documents(&self, namespace: &str) -> Vec<Bytes> {
        let store = lock(&self.shared.store);
        let collection = store.collection(namespace).into_iter();
        collection
            .flat_map(|c| c.scan(std::ops::Bound::Unbounded, None))
            .map(|(_, document)| document.clone())
            .collect()
    }

    /// How many documents a collection has; nothing if there is no such collection.
    #[must_use]
    pub fn count(&self, namespace: &str) -> Option<u64> {
        lock(&self.shared.store).collection(namespace).map(store::Collection::count)
    }

    /// Drops a database.
    ///
    /// # Errors
    /// If something in it can't be dropped.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        lock(&self.shared.store).drop_database(name).map_err(|failure| failure.message.into())
    }

    /// The names of the databases that are there.
    #[must_use]
    pub fn databases(&self) -> Vec<String> {
        lock(&self.shared.store).databases().into_iter().map(str::to_owned).collect()
    }

    /// How many cursors are open.
    #[must_use]
    pub fn open_cursors(&self) -> usize {
        lock(&self.shared.store).cursors.count()
    }

    /// The history up to now is forgotten, as if it had grown too old.
    pub fn expire_snapshots(&self) {
        lock(&self.shared.store).expire_snapshots();
    }

    /// All cursors time out.
    pub fn expire_cursors(&self) {
        lock(&self.shared.store).cursors.clear();
    }

    /// Stops being the primary for so long.
    pub fn step_down(&self, duration: Duration) {
        lock(&self.shared.store).step_down(duration);
    }
}

impl Drop for Mongodb {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A part of a URL (RFC 3986, 2.3).
fn encode(text: &str) -> percent_encoding::PercentEncode<'_> {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
}
