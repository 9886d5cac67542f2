//! Pruning: chunks that no backup names go, in two steps, beside writers that go on writing.

use std::collections::HashSet;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::error::{Error, Result};
use crate::repository::candidates::{self, Candidates};
use crate::repository::layout::{self, ChunkObject};
use crate::repository::lease::{self, Held, LIFETIME, Lease, Purpose};
use crate::repository::open::Repository;
use crate::repository::store::Store;

/// Objects that are deleted at once.
const AT_ONCE: usize = 8;

/// How to prune.
#[derive(Clone, Debug)]
pub struct PruneOptions {
    /// Only say what would be done.
    pub dry_run: bool,
    /// How long a chunk stays after it was found to be unneeded.
    pub grace: Duration,
    /// Go on if the repository has chunks and not one backup. A listing that failed silently looks like that.
    pub without_backups: bool,
}

impl Default for PruneOptions {
    fn default() -> Self {
        Self { dry_run: false, grace: Duration::from_secs(60 * 60), without_backups: false }
    }
}

/// What a prune did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Chunk objects that were deleted.
    pub deleted: u64,
    /// Bytes that they had.
    pub deleted_bytes: u64,
    /// Chunk objects that a later prune deletes, for they became unneeded lately.
    pub waiting: u64,
    /// Bytes that they have.
    pub waiting_bytes: u64,
    /// The operations whose end is waited for.
    pub waiting_for: Vec<String>,
}

impl Repository {
    /// Deletes what an earlier prune found to be unneeded and still is, and notes what is unneeded now.
    ///
    /// # Errors
    /// "conflict" beside another prune, or if there are chunks and no backups; "corrupt" or "permission-denied" if a
    /// backup can't be read, for its chunks aren't known; "storage" if a listing fails. Then nothing was deleted.
    pub async fn prune(&self, options: &PruneOptions) -> Result<Pruned> {
        let store = &self.inner.store;
        let lease = Lease::take(store, Purpose::Prune, "prune").await?;
        let pruned = self.prune_under(&lease, options).await;
        let released = lease.release().await;
        let pruned = pruned?;
        released?;
        Ok(pruned)
    }

    /// The order matters: leases, then manifests, then chunks. A writer whose lease is gone has its manifest there.
    async fn prune_under(&self, lease: &Lease, options: &PruneOptions) -> Result<Pruned> {
        let store = &self.inner.store;
        // Ages are told by the store's own clock: the lease was put just now.
        let now = store.head(lease.name()).await?.map(|o| o.modified);
        let now = now.ok_or_else(|| Error::storage("the store lost a lease that was put a moment ago"))?;
        let alive = living(store, lease, now, options.dry_run).await?;
        let lists = candidates::list(store).await?;
        let named = self.named().await?;
        let present = present(store).await?;
        self.refuse_doubtful(&named, &present, options).await?;
        if !options.dry_run {
            store.sweep(LIFETIME).await?;
        }

        // While a named object is missing, other copies of its chunk are all there is of it.
        let missing: HashSet<_> = named.difference(&present).map(|c| c.id).collect();
        let needed = |chunk: &ChunkObject| named.contains(chunk) || missing.contains(&chunk.id);
        let mut pruned = Pruned { dry_run: options.dry_run, ..Pruned::default() };
        let mut pending = HashSet::new();
        for list in &lists {
            let holders = holders(list, &alive);
            let ripe = age(list.put, now) >= options.grace && holders.is_empty();
            let unneeded = list.chunks.iter().filter(|c| present.contains(c) && !needed(c));
            if !ripe {
                pending.extend(unneeded.copied());
                pruned.waiting_for.extend(holders);
                continue;
            }
            let unneeded: Vec<_> = unneeded.copied().collect();
            pruned.deleted += unneeded.len() as u64;
            pruned.deleted_bytes += bytes(&unneeded);
            if !options.dry_run {
                lease.check().await?;
                delete(store, &unneeded).await?;
                candidates::remove(store, &list.id).await?;
            }
        }
        let listed: HashSet<_> = lists.iter().flat_map(|l| &l.chunks).collect();
        let new: Vec<_> = present.iter().filter(|c| !needed(c) && !listed.contains(c)).copied().collect();
        if !new.is_empty() && !options.dry_run {
            candidates::write(store, &new).await?;
        }
        pending.extend(new);
        pruned.waiting = pending.len() as u64;
        pruned.waiting_bytes = bytes(&pending);
        pruned.waiting_for.sort();
        pruned.waiting_for.dedup();
        Ok(pruned)
    }

    /// Every chunk object that a backup names. A backup that can't be read stops the prune.
    async fn named(&self) -> Result<HashSet<ChunkObject>> {
        let writers = self.writers().await?;
        let mut named = HashSet::new();
        for name in self.backup_names().await? {
            match self.read_manifest(&name, &writers).await {
                Ok(manifest) => named.extend(manifest.streams.iter().flat_map(|s| &s.chunks).map(|c| c.object())),
                // It was forgotten between listing and reading.
                Err(e) if e.is_not_found() => {}
                Err(e) => {
                    let hint = format!("nothing was deleted; repair backup {name} or forget it, then prune again");
                    return Err(e.while_doing("prune needs every backup's manifest").with_hint(hint));
                }
            }
        }
        Ok(named)
    }

    async fn refuse_doubtful(
        &self,
        named: &HashSet<ChunkObject>,
        present: &HashSet<ChunkObject>,
        options: &PruneOptions,
    ) -> Result<()> {
        let at = self.inner.store.shown();
        if present.is_empty() && !named.is_empty() {
            return Err(Error::storage(format!("the listing of chunks in {at} is empty, and backups name some"))
                .with_hint("nothing was deleted; check the repository's volume"));
        }
        if !present.is_empty() && !options.without_backups && self.backup_names().await?.is_empty() {
            return Err(Error::conflict(format!("{at} has chunks and not one backup"))
                .with_hint("nothing was deleted; if there really is no backup, prune with --without-backups"));
        }
        Ok(())
    }
}

/// Every lease but ours that is alive. The dead ones are removed, so that their holders notice before they finish.
async fn living(store: &Store, ours: &Lease, now: Timestamp, dry_run: bool) -> Result<Vec<Held>> {
    let mut alive = Vec::new();
    for held in lease::list(store).await?.into_iter().filter(|held| held.name != ours.name()) {
        if age(held.renewed, now) >= LIFETIME {
            if !dry_run {
                store.delete(&held.name).await?;
            }
        } else if held.record.as_ref().is_some_and(|r| r.purpose == Purpose::Prune) {
            return Err(Error::conflict(format!("another prune is at work in {}", store.shown()))
                .with_hint(format!("if it was killed, wait {} minutes", LIFETIME.as_secs() / 60)));
        } else {
            alive.push(held);
        }
    }
    Ok(alive)
}

/// The operations that may lean on a chunk of `list`: those that began before they could read it.
fn holders(list: &Candidates, alive: &[Held]) -> Vec<String> {
    let honours = |held: &&Held| held.record.as_ref().is_some_and(|r| r.honours.contains(&list.id));
    let operation = |held: &Held| held.record.as_ref().map_or_else(|| held.name.clone(), |r| r.operation.clone());
    alive.iter().filter(|held| !honours(held)).map(operation).collect()
}

async fn present(store: &Store) -> Result<HashSet<ChunkObject>> {
    let objects = store.list(layout::CHUNKS);
    objects.try_filter_map(async |object| Ok(ChunkObject::parse(&object.name))).try_collect().await
}

async fn delete(store: &Store, chunks: &[ChunkObject]) -> Result<()> {
    stream::iter(chunks)
        .map(|chunk| async move { store.delete(&chunk.name()).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn bytes<'a>(chunks: impl IntoIterator<Item = &'a ChunkObject>) -> u64 {
    chunks.into_iter().map(|c| u64::from(c.stored)).sum()
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    let age = now.duration_since(then).max(SignedDuration::ZERO);
    age.unsigned_abs()
}
