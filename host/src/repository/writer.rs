//! Writing a backup: streams go in, then the manifest.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;

use tokio_util::sync::CancellationToken;

use crate::error::Result;
use crate::repository::buffers::Buffers;
use crate::repository::candidates;
use crate::repository::chunk::ChunkId;
use crate::repository::cutter::PIECE;
use crate::repository::layout::{self, ChunkObject};
use crate::repository::lease::{self, Lease, Purpose};
use crate::repository::manifest::BackupId;
use crate::repository::open::Repository;
use crate::repository::spent::Spent;
use crate::repository::stream::StreamWriter;

/// A backup that is being written. Nothing of it counts before [`commit`](Self::commit).
pub struct BackupWriter {
    pub(super) shared: Arc<Shared>,
    pub(super) lease: Lease,
    pub(super) cancel: CancellationToken,
}

/// What the streams of a backup share.
pub(super) struct Shared {
    pub repository: Repository,
    pub id: BackupId,
    /// The chunks that are in the repository and may be leaned on.
    known: Mutex<HashMap<ChunkId, ChunkObject>>,
    stored: AtomicU64,
    spent: Mutex<Spent>,
    /// For what its streams take in.
    pub windows: Buffers,
    /// For their sealed chunks. Few are as long as their room: of a buffer that never held more, the rest is no memory.
    pub sealed: Buffers,
}

impl Shared {
    /// The object that holds chunk `id`, if it may be leaned on.
    pub fn known(&self, id: ChunkId) -> Option<ChunkObject> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Notes that `object` was stored.
    pub fn stored(&self, object: ChunkObject) {
        self.stored.fetch_add(u64::from(object.stored), Ordering::Relaxed);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(object.id, object);
    }

    /// Adds what a stream needed that was finished.
    pub fn spend(&self, spent: Spent) {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) += spent;
    }
}

impl Repository {
    /// Begins a backup for the operation `operation_id`: takes a lease, then lists the chunks that it may lean on.
    ///
    /// # Errors
    /// "authentication-failed" if the writer's key was removed meanwhile, "storage" if the store fails.
    pub async fn writer(&self, operation_id: &str) -> Result<BackupWriter> {
        self.writer_as(operation_id, BackupId::new(Timestamp::now())?).await
    }

    /// The same, of a backup that has its name already: a copy. If it is there, `commit` fails.
    ///
    /// # Errors
    /// As [`Repository::writer`].
    pub async fn writer_as(&self, operation_id: &str, id: BackupId) -> Result<BackupWriter> {
        self.writers().await?.current(&self.inner.keys.signer_id())?;
        let lease = Lease::take(&self.inner.store, Purpose::Backup, operation_id).await?;
        match self.known_chunks(&lease).await {
            Ok(known) => {
                let longest = self.inner.config.chunking.maximum as usize + PIECE;
                let shared = Shared {
                    repository: self.clone(),
                    id,
                    known: Mutex::new(known),
                    stored: AtomicU64::new(0),
                    spent: Mutex::default(),
                    windows: Buffers::new(longest),
                    sealed: Buffers::new(longest),
                };
                Ok(BackupWriter { shared: Arc::new(shared), lease, cancel: CancellationToken::new() })
            }
            Err(error) => {
                // The first failure is the one to tell; a lease that stays behind runs out by itself.
                let _ = lease.release().await;
                Err(error)
            }
        }
    }

    /// The order matters: the lease is there before candidate lists are read, and these before chunks are listed.
    async fn known_chunks(&self, lease: &Lease) -> Result<HashMap<ChunkId, ChunkObject>> {
        let store = &self.inner.store;
        store.sweep(lease::LIFETIME).await?;
        let lists = candidates::list(store).await?;
        lease.honour(lists.iter().map(|list| list.id.clone()).collect()).await?;
        let condemned: HashSet<ChunkObject> = lists.into_iter().flat_map(|list| list.chunks).collect();
        let mut known = HashMap::new();
        let mut objects = store.list(layout::CHUNKS);
        while let Some(object) = objects.try_next().await? {
            let Some(chunk) = ChunkObject::parse(&object.name) else { continue };
            // A truncated object is as good as none.
            if u64::from(chunk.stored) == object.bytes && !condemned.contains(&chunk) {
                known.insert(chunk.id, chunk);
            }
        }
        Ok(known)
    }
}

impl BackupWriter {
    /// The name that the backup will have.
    #[must_use]
    pub fn id(&self) -> &BackupId {
        &self.shared.id
    }

    /// Lets `cancel` end the commit, for as long as no manifest was put.
    #[must_use]
    pub fn cancelled_by(self, cancel: CancellationToken) -> Self {
        Self { cancel, ..self }
    }

    /// Opens a stream. Several may be written at once.
    ///
    /// # Errors
    /// "internal" if the compressor doesn't start.
    pub fn stream(&self) -> Result<StreamWriter> {
        StreamWriter::new(Arc::clone(&self.shared))
    }

    /// Keeps the component that makes this backup. `digest` is its BLAKE3, 64 hexadecimal digits.
    ///
    /// # Errors
    /// "storage" if the store fails, "internal" if the digest is another's.
    pub async fn add_plugin(&self, digest: &str, bytes: Bytes) -> Result<()> {
        self.shared.repository.store_plugin(digest, bytes).await
    }

    /// Bytes that were stored so far, after deduplication, compression and sealing.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.shared.stored.load(Ordering::Relaxed)
    }

    /// What the streams that were finished needed.
    #[must_use]
    pub fn spent(&self) -> Spent {
        *self.shared.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the backup up. Chunks that were stored stay until `prune`; the next backup leans on them.
    ///
    /// # Errors
    /// "storage" if the lease can't be deleted; it runs out by itself.
    pub async fn abandon(self) -> Result<()> {
        self.lease.release().await
    }
}

impl fmt::Debug for BackupWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupWriter").field("id", &self.shared.id).finish_non_exhaustive()
    }
}
