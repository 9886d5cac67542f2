//! Leases: who is writing or pruning. A prune deletes nothing that a living writer may lean on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::repository::derive::random;
use crate::repository::encoding::hex;
use crate::repository::layout;
use crate::repository::store::Store;

/// A lease that wasn't renewed for so long is dead, and its holder may not finish.
pub(super) const LIFETIME: Duration = Duration::from_secs(30 * 60);
const RENEWAL: Duration = Duration::from_secs(60);
const LIMIT: u64 = 1 << 20;

/// What a lease is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    Backup,
    Prune,
}

/// The object `leases/<id>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    version: u32,
    pub purpose: Purpose,
    /// The operation that holds it.
    pub operation: String,
    started: Timestamp,
    renewed: Timestamp,
    /// The candidate lists that the holder read before it listed chunks: it leans on nothing that they name.
    pub honours: Vec<String>,
}

/// A lease that somebody holds.
#[derive(Debug)]
pub(super) struct Held {
    /// The object's name.
    pub name: String,
    /// When it was renewed, by the store's clock.
    pub renewed: Timestamp,
    /// What it says. None if it can't be read: then it honours nothing.
    pub record: Option<Record>,
}

/// A lease of ours. It is renewed in the background until it is released or dropped.
pub(super) struct Lease {
    state: Arc<State>,
    renewal: JoinHandle<()>,
}

struct State {
    store: Store,
    name: String,
    record: Mutex<Record>,
    renewed: std::sync::Mutex<Moment>,
    over: AtomicBool,
}

/// A moment by two clocks: one doesn't jump, the other one goes on while the machine sleeps.
#[derive(Clone, Copy)]
struct Moment(Instant, SystemTime);

impl Moment {
    fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    fn age(self) -> Duration {
        self.0.elapsed().max(self.1.elapsed().unwrap_or_default())
    }
}

impl Lease {
    /// Takes a lease for `operation`.
    pub async fn take(store: &Store, purpose: Purpose, operation: &str) -> Result<Self> {
        let name = layout::object(layout::LEASES, hex(random::<8>()?.as_slice()));
        let (moment, now) = (Moment::now(), Timestamp::now());
        let record = Record {
            version: 1,
            purpose,
            operation: operation.to_owned(),
            started: now,
            renewed: now,
            honours: Vec::new(),
        };
        store.create(&name, encode(&record)?).await?;
        let state = Arc::new(State {
            store: store.clone(),
            name,
            record: Mutex::new(record),
            renewed: std::sync::Mutex::new(moment),
            over: AtomicBool::new(false),
        });
        let renewal = tokio::spawn(renew_until_over(Arc::clone(&state)));
        Ok(Self { state, renewal })
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Tells prunes that the holder leans on nothing in the candidate lists `lists`.
    pub async fn honour(&self, lists: Vec<String>) -> Result<()> {
        self.state.renew(Some(lists)).await
    }

    /// Checks that the lease is still ours.
    ///
    /// The error is "conflict": a prune may have deleted what we lean on.
    pub async fn check(&self) -> Result<()> {
        self.state.check().await
    }

    /// Gives the lease back.
    pub async fn release(self) -> Result<()> {
        self.state.over.store(true, Ordering::SeqCst);
        // With the record in hand no renewal is under way that would put the object back.
        let _record = self.state.record.lock().await;
        self.state.store.delete(&self.state.name).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

impl State {
    async fn check(&self) -> Result<()> {
        let age = self.renewed.lock().map_or(LIFETIME, |moment| moment.age());
        let lost = self.over.load(Ordering::SeqCst) || age >= LIFETIME;
        if lost || self.store.head(&self.name).await?.is_none() {
            self.over.store(true, Ordering::SeqCst);
            return Err(Error::conflict(format!(
                "the lease {} ran out: it wasn't renewed for {} minutes",
                self.store.object(&self.name),
                LIFETIME.as_secs() / 60
            ))
            .with_hint("the machine slept or the repository was unreachable meanwhile; run the backup again")
            .retryable(true));
        }
        Ok(())
    }

    async fn renew(&self, honours: Option<Vec<String>>) -> Result<()> {
        let mut record = self.record.lock().await;
        self.check().await?;
        let moment = Moment::now();
        record.renewed = Timestamp::now();
        if let Some(honours) = honours {
            record.honours = honours;
        }
        self.store.put(&self.name, encode(&record)?).await?;
        if let Ok(mut renewed) = self.renewed.lock() {
            *renewed = moment;
        }
        Ok(())
    }
}

async fn renew_until_over(state: Arc<State>) {
    while !state.over.load(Ordering::SeqCst) {
        tokio::time::sleep(RENEWAL).await;
        // A store that fails for a while is tried again; `check` sees how long it lasted.
        let _ = state.renew(None).await;
    }
}

fn encode(record: &Record) -> Result<Bytes> {
    let json = serde_json::to_vec_pretty(record);
    json.map(Bytes::from).map_err(|e| Error::internal("a lease can't be written as JSON").with_cause(e))
}

/// Every lease in the store, dead ones too.
pub(super) async fn list(store: &Store) -> Result<Vec<Held>> {
    let objects: Vec<_> = store.list(layout::LEASES).try_collect().await?;
    let mut held = Vec::new();
    for object in objects {
        let record = match store.get(&object.name, LIMIT).await {
            Ok(content) => serde_json::from_slice(&content).ok(),
            Err(e) if e.is_not_found() => continue,
            Err(e) => return Err(e),
        };
        held.push(Held { name: object.name, renewed: object.modified, record });
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::repository::location::Location;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::local(folder.path()).unwrap()).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn a_lease_is_seen_until_it_is_released() {
        let (_folder, store) = store();
        let lease = Lease::take(&store, Purpose::Backup, "op-1").await.unwrap();
        lease.honour(vec!["x".to_owned()]).await.unwrap();
        lease.check().await.unwrap();
        let held = list(&store).await.unwrap();
        assert_eq!(held[0].record.as_ref().unwrap().honours, ["x"]);
        lease.release().await.unwrap();
        assert!(list(&store).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_lease_that_a_prune_removed_is_lost_and_stays_lost() {
        let (_folder, store) = store();
        let lease = Lease::take(&store, Purpose::Backup, "op-1").await.unwrap();
        store.delete(lease.name()).await.unwrap();
        assert!(lease.check().await.unwrap_err().is_conflict());
        assert!(lease.honour(Vec::new()).await.is_err());
        assert!(list(&store).await.unwrap().is_empty(), "a renewal must not bring it back");
    }

    #[tokio::test]
    async fn a_lease_that_wasnt_renewed_in_time_is_lost() {
        let (_folder, store) = store();
        let lease = Lease::take(&store, Purpose::Backup, "op-1").await.unwrap();
        *lease.state.renewed.lock().unwrap() = Moment(Instant::now(), SystemTime::now() - LIFETIME);
        assert!(lease.check().await.unwrap_err().is_conflict());
    }
}
