//! What the double holds: databases and collections with their history, sessions, cursors and parameters.

mod clock;
mod collection;
mod cursor;
mod index;
mod oplog;
mod session;
mod stream;
mod transaction;
mod ttl;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bson::{Bson, Document, doc};

pub use clock::{Clock, Time};
pub use collection::{Collection, Place};
pub use cursor::{Cursor, Cursors, Order, Scan, Source};
pub use index::Index;
pub use oplog::OPLOG;
pub use session::{Retryable, SessionId, Sessions};
pub use stream::time_of_token;
pub use transaction::Prepared;

use super::failure::{Failure, INVALID_NAMESPACE, NAMESPACE_EXISTS, NAMESPACE_NOT_FOUND, Result, SNAPSHOT_TOO_OLD};
use super::{Kind, Options, Quirks};

/// A collection's number; it keeps it when it is renamed.
type Number = u64;

/// Which collection had a name, and from when until when.
#[derive(Debug)]
struct Tenure {
    number: Number,
    since: Time,
    until: Option<Time>,
}

/// Everything that a server keeps.
#[derive(Debug)]
pub struct Store {
    /// What the server is.
    pub kind: Kind,
    /// What it does otherwise than MongoDB.
    pub quirks: Quirks,
    /// Cluster time.
    pub clock: Clock,
    /// Retryable writes.
    pub sessions: Sessions,
    /// Open cursors.
    pub cursors: Cursors,
    /// Server parameters by name, those that can be set.
    pub parameters: Document,
    /// Until when it isn't the primary.
    pub stepped_down: Option<std::time::Instant>,
    /// How far change streams may come, where a shard lags behind.
    pub streams_until: Option<Time>,
    /// How long nobody writes until a member writes an entry of its own, and since when nobody does.
    noop_every: Duration,
    idle: (Time, std::time::Instant),
    collections: BTreeMap<Number, Collection>,
    names: BTreeMap<String, Vec<Tenure>>,
    views: BTreeMap<String, Document>,
    floor: Option<Time>,
    next: Number,
    /// How often a name came to its end.
    ended: u64,
}

/// How many names come to their end until it is looked what can be freed: looking goes through all of them.
const FREED_AFTER: u64 = 256;

impl Store {
    /// An empty server.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let mut store = Self {
            kind: options.kind,
            quirks: options.quirks,
            clock: Clock::default(),
            sessions: Sessions::default(),
            cursors: Cursors::default(),
            parameters: doc! {
                "minSnapshotHistoryWindowInSeconds": 300,
                "cursorTimeoutMillis": 600_000_i64,
                "ttlMonitorEnabled": true,
                "ttlMonitorSleepSecs": 60,
            },
            stepped_down: None,
            streams_until: None,
            noop_every: options.noop_every,
            idle: (Time::default(), std::time::Instant::now()),
            collections: BTreeMap::new(),
            names: BTreeMap::new(),
            views: BTreeMap::new(),
            floor: None,
            next: 1,
            ended: 0,
        };
        store.start_oplog(options.oplog_bytes);
        store
    }

    /// The collection that has this name now.
    #[must_use]
    pub fn collection(&self, namespace: &str) -> Option<&Collection> {
        self.collections.get(&self.number(namespace, None)?)
    }

    /// The collection that has this name now.
    pub fn collection_mut(&mut self, namespace: &str) -> Option<&mut Collection> {
        self.collections.get_mut(&self.number(namespace, None)?)
    }

    /// The collection of this number, whatever its name.
    #[must_use]
    pub fn numbered(&self, number: Number) -> Option<&Collection> {
        self.collections.get(&number)
    }

    /// Which collection had this name at a time, or has it now.
    #[must_use]
    pub fn number(&self, namespace: &str, at: Option<Time>) -> Option<Number> {
        let tenures = self.names.get(namespace)?;
        let tenure = match at {
            None => tenures.last().filter(|tenure| tenure.until.is_none()),
            Some(at) => tenures.iter().find(|t| t.since <= at && t.until.is_none_or(|until| until > at)),
        };
        tenure.map(|tenure| tenure.number)
    }

    /// What the collection with this UUID is called now.
    #[must_use]
    pub fn called(&self, uuid: [u8; 16]) -> Option<String> {
        let is = |name: &&String| self.collection(name).is_some_and(|collection| collection.uuid == uuid);
        self.names.keys().find(is).cloned()
    }

    /// Whether a collection has encrypted fields.
    #[must_use]
    pub fn is_encrypted(&self, namespace: &str) -> bool {
        self.collection(namespace).is_some_and(|collection| collection.options.contains_key("encryptedFields"))
    }

    /// A view's `viewOn`, `pipeline` and `collation`.
    #[must_use]
    pub fn view(&self, namespace: &str) -> Option<&Document> {
        self.views.get(namespace)
    }

    /// Where the documents and the indexes of this name are: those of a time series are its buckets' (MongoDB manual,
    /// "Time Series Collections", "Internal Index").
    #[must_use]
    pub fn stored(&self, namespace: &str) -> String {
        match (self.view(namespace), namespace.split_once('.')) {
            (Some(view), Some((database, name))) if view.contains_key("timeseries") => {
                format!("{database}.system.buckets.{name}")
            }
            _ => namespace.to_owned(),
        }
    }

    /// Changes an option of a time series, which its buckets have, too.
    pub fn set_time_series(&mut self, namespace: &str, name: &str, value: &Bson) {
        if let Some(view) = self.views.get_mut(namespace) {
            view.insert(name, value.clone());
        }
    }

    /// Names of the collections of a database that are there now, without views.
    pub fn collections<'a>(&'a self, database: &str) -> impl Iterator<Item = (&'a str, &'a Collection)> + use<'a> {
        let prefix = format!("{database}.");
        self.names.keys().filter_map(move |name| Some((name.strip_prefix(&prefix)?, self.collection(name)?)))
    }

    /// Names of the views of a database.
    pub fn views<'a>(&'a self, database: &str) -> impl Iterator<Item = (&'a str, &'a Document)> + use<'a> {
        let prefix = format!("{database}.");
        self.views.iter().filter_map(move |(name, view)| Some((name.strip_prefix(&prefix)?, view)))
    }

    /// Databases with anything in them.
    #[must_use]
    pub fn databases(&self) -> BTreeSet<&str> {
        let live = self.names.keys().filter(|name| self.collection(name).is_some());
        live.chain(self.views.keys()).filter_map(|name| Some(name.split_once('.')?.0)).collect()
    }

    /// Makes a collection.
    ///
    /// # Errors
    /// [`NAMESPACE_EXISTS`], [`INVALID_NAMESPACE`].
    pub fn create(&mut self, namespace: &str, options: Document) -> Result<()> {
        self.create_as(namespace, options, None)
    }

    /// Makes a collection with this UUID, or with one of its own.
    ///
    /// # Errors
    /// As for [`Store::create`].
    pub fn create_as(&mut self, namespace: &str, options: Document, uuid: Option<[u8; 16]>) -> Result<()> {
        self.check_free(namespace)?;
        let at = self.clock.tick();
        let mut collection = Collection::new(options.clone());
        collection.uuid = uuid.unwrap_or(collection.uuid);
        let uuid = collection.uuid;
        self.collections.insert(self.next, collection);
        self.name(namespace, self.next, at);
        self.next += 1;
        let (database, name) = split(namespace)?;
        let mut create = doc! { "create": name };
        create.extend(options);
        self.log_command(database, uuid, &create, at);
        Ok(())
    }

    /// Makes a view; it is a document of `system.views` (MongoDB manual, "Views").
    ///
    /// # Errors
    /// As for [`Store::create`].
    pub fn create_view(&mut self, namespace: &str, view: Document) -> Result<()> {
        self.check_free(namespace)?;
        let (database, _) = split(namespace)?;
        let mut document = doc! { "_id": namespace };
        document.extend(view.clone());
        self.insert(&format!("{database}.system.views"), &document)?;
        self.views.insert(namespace.into(), view);
        Ok(())
    }

    fn check_free(&self, namespace: &str) -> Result<()> {
        check_name(namespace)?;
        if self.collection(namespace).is_some() || self.views.contains_key(namespace) {
            let message = format!("namespace {namespace} already exists, but with different options");
            return Err(Failure::new(NAMESPACE_EXISTS, message));
        }
        Ok(())
    }

    /// Drops a collection or a view.
    ///
    /// # Errors
    /// [`NAMESPACE_NOT_FOUND`].
    pub fn drop(&mut self, namespace: &str) -> Result<()> {
        let (database, name) = split(namespace)?;
        if self.views.remove(namespace).is_some() {
            let id = doc! { "_id": namespace }.to_vec().map_err(|e| Failure::new(INVALID_NAMESPACE, e.to_string()))?;
            return self.remove_id(&format!("{database}.system.views"), &super::bson::Key::of(&id, "_id"));
        }
        let uuid = self.collection(namespace).map(|collection| collection.uuid);
        let uuid = uuid.ok_or_else(|| Failure::new(NAMESPACE_NOT_FOUND, "ns not found"))?;
        let at = self.clock.tick();
        self.end(namespace, at);
        self.log_command(database, uuid, &doc! { "drop": name }, at);
        Ok(())
    }

    /// Drops all of a database.
    ///
    /// # Errors
    /// If something in it can't be dropped.
    pub fn drop_database(&mut self, database: &str) -> Result<()> {
        let views: Vec<String> = self.views(database).map(|(name, _)| name.to_owned()).collect();
        let collections: Vec<String> = self.collections(database).map(|(name, _)| name.to_owned()).collect();
        for name in views.iter().chain(&collections) {
            self.drop(&format!("{database}.{name}"))?;
        }
        Ok(())
    }

    /// Gives a collection another name, also in another database.
    ///
    /// # Errors
    /// [`NAMESPACE_NOT_FOUND`], [`NAMESPACE_EXISTS`].
    pub fn rename(&mut self, from: &str, to: &str, drop_target: bool) -> Result<()> {
        let number = self.number(from, None);
        let missing = || Failure::new(NAMESPACE_NOT_FOUND, format!("Source collection {from} does not exist"));
        let number = number.ok_or_else(missing)?;
        if drop_target && self.collection(to).is_some() {
            self.drop(to)?;
        }
        if self.collection(to).is_some() || self.views.contains_key(to) {
            return Err(Failure::new(NAMESPACE_EXISTS, "target namespace exists"));
        }
        check_name(to)?;
        let at = self.clock.tick();
        self.end(from, at);
        self.name(to, number, at);
        let uuid = self.numbered(number).map(|collection| collection.uuid).unwrap_or_default();
        let command = doc! { "renameCollection": from, "to": to, "stayTemp": false };
        self.log_command(split(from)?.0, uuid, &command, at);
        Ok(())
    }

    fn name(&mut self, namespace: &str, number: Number, since: Time) {
        self.names.entry(namespace.into()).or_default().push(Tenure { number, since, until: None });
    }

    fn end(&mut self, namespace: &str, at: Time) {
        let tenure = self.names.get_mut(namespace).and_then(|tenures| tenures.last_mut());
        if let Some(tenure) = tenure.filter(|tenure| tenure.until.is_none()) {
            tenure.until = Some(at);
        }
        self.ended += 1;
        if self.ended.is_multiple_of(FREED_AFTER) {
            self.forget_dropped();
        }
    }

    /// Frees the collections that no snapshot can see any more.
    fn forget_dropped(&mut self) {
        let horizon = self.horizon();
        for tenures in self.names.values_mut() {
            tenures.retain(|tenure| tenure.until.is_none_or(|until| until > horizon));
        }
        self.names.retain(|_, tenures| !tenures.is_empty());
        let used: BTreeSet<Number> = self.names.values().flatten().map(|tenure| tenure.number).collect();
        self.collections.retain(|number, _| used.contains(number));
    }

    /// The earliest time of which there is still everything: `minSnapshotHistoryWindowInSeconds` back (MongoDB manual,
    /// "Read Concern "snapshot""), or what [`Store::expire_snapshots`] said.
    #[must_use]
    pub fn horizon(&self) -> Time {
        let window = self.parameters.get("minSnapshotHistoryWindowInSeconds");
        let window = window.and_then(super::query::number).and_then(|seconds| u64::try_from(seconds).ok());
        let horizon = self.clock.wall().before(Duration::from_secs(window.unwrap_or_default()));
        self.floor.map_or(horizon, |floor| floor.max(horizon))
    }

    /// From here on nothing is known of the time before.
    pub fn expire_snapshots(&mut self) {
        self.floor = Some(self.clock.tick());
    }

    /// Checks that there is still everything of a time.
    ///
    /// # Errors
    /// [`SNAPSHOT_TOO_OLD`].
    pub fn check_history(&self, at: Time) -> Result<()> {
        let horizon = self.horizon();
        if at < horizon {
            let message = format!(
                "Read timestamp {} is older than the oldest available timestamp. {}",
                at.timestamp(),
                horizon.timestamp()
            );
            return Err(Failure::new(SNAPSHOT_TOO_OLD, message));
        }
        Ok(())
    }
}

/// Database and collection of a namespace.
///
/// # Errors
/// [`INVALID_NAMESPACE`].
pub fn split(namespace: &str) -> Result<(&str, &str)> {
    namespace.split_once('.').ok_or_else(|| invalid(namespace))
}

/// MongoDB manual, "Naming Restrictions".
fn check_name(namespace: &str) -> Result<()> {
    let (database, collection) = split(namespace)?;
    let database_is_right =
        !database.is_empty() && database.len() < 64 && !database.contains(['/', '\\', ' ', '"', '$']);
    let right = !collection.is_empty() && !collection.contains(['$', '\0']) && !collection.starts_with('.');
    if database_is_right && right && namespace.len() <= 255 { Ok(()) } else { Err(invalid(namespace)) }
}

fn invalid(namespace: &str) -> Failure {
    Failure::new(INVALID_NAMESPACE, format!("Invalid namespace specified '{namespace}'"))
}
