//! The moment a backup begins to count.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures::TryStreamExt;

use crate::error::{Error, Result};
use crate::fault;
use crate::repository::layout::{self, ChunkObject};
use crate::repository::manifest::{BackupId, Manifest, VERSION};
use crate::repository::open::Repository;
use crate::repository::sealed_manifest;
use crate::repository::store::Store;
use crate::repository::writer::BackupWriter;

impl BackupWriter {
    /// Makes the backup count: sees every chunk again, checks the lease, creates the manifest and reads it back.
    ///
    /// `version`, `id` and `writer` of `manifest` are set here. Every stream must be finished.
    ///
    /// # Errors
    /// "conflict" if the lease ran out, "corrupt" if a chunk isn't there any more or the store gives back something
    /// else than the manifest, "storage" if it fails, "cancelled" if the token was cancelled before the manifest was put.
    /// Then there is no backup.
    pub async fn commit(self, manifest: Manifest) -> Result<BackupId> {
        let committed = self.try_commit(manifest).await;
        let released = self.lease.release().await;
        // A lease that stays behind only delays a prune.
        committed.inspect(|_| drop(released))
    }

    async fn try_commit(&self, manifest: Manifest) -> Result<BackupId> {
        let repository = &self.shared.repository;
        let id = self.shared.id.clone();
        let manifest =
            Manifest { version: VERSION, id: id.clone(), writer: repository.inner.keys.signer_id(), ..manifest };
        manifest.check_ranges()?;
        let seen = async {
            fault::point("chunks-stored").await;
            see_chunks(&repository.inner.store, &manifest).await
        };
        self.cancel
            .run_until_cancelled(seen)
            .await
            .unwrap_or_else(|| Err(Error::cancelled("cancelled before the backup counted")))?;
        let sealed = Bytes::from(sealed_manifest::seal(repository.pin(), &repository.inner.keys, &manifest)?);
        self.lease.check().await?;
        fault::point("manifest-put").await;
        self.lease.check().await?;
        put(repository, &id, &sealed).await?;
        fault::point("manifest-read-back").await;

        let counted = self.read_back(&manifest, &sealed).await;
        if let Err(error) = counted {
            // The backup must not count.
            let withdrawn = repository.inner.store.delete(&layout::object(layout::BACKUPS, &id)).await;
            return Err(match withdrawn {
                Ok(()) => error,
                Err(_) => error.with_hint(format!(
                    "backup {id} is listed and can't be relied on; run `backups forget {id}` once the repository can be \
                     written to"
                )),
            });
        }
        fault::point("manifest-committed").await;
        Ok(id)
    }

    async fn read_back(&self, manifest: &Manifest, sealed: &Bytes) -> Result<()> {
        let repository = &self.shared.repository;
        let found = repository.manifest_object(&manifest.id).await?;
        if found != sealed {
            return Err(Error::corrupt(format!("the store gave back another manifest for backup {}", manifest.id))
                .with_hint("check the repository's volume: it doesn't keep what it is given"));
        }
        let writers = repository.writers().await?;
        let read = sealed_manifest::open(repository.pin(), &repository.inner.keys, &writers, &manifest.id, &found)?;
        if read != *manifest {
            return Err(Error::internal(format!("the manifest of backup {} doesn't read back as it was", manifest.id)));
        }
        // If the process was frozen while it put the manifest, a prune may have gone by.
        self.lease.check().await
    }
}

/// Creates the manifest. A store may fail after it stored, and a retry inside of it may meet its own first try: what
/// counts is what is there.
async fn put(repository: &Repository, id: &BackupId, sealed: &Bytes) -> Result<()> {
    let created = repository.inner.store.create(&layout::object(layout::BACKUPS, id), sealed.clone()).await;
    match created {
        Ok(()) => Ok(()),
        Err(error) => match repository.manifest_object(id).await {
            Ok(found) if found == sealed => Ok(()),
            _ => Err(error),
        },
    }
}

/// Checks that every chunk that `manifest` names is there in full.
async fn see_chunks(store: &Store, manifest: &Manifest) -> Result<()> {
    let mut missing: HashSet<ChunkObject> =
        manifest.streams.iter().flat_map(|s| &s.chunks).map(|c| c.object()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut wrong: HashMap<ChunkObject, u64> = HashMap::new();
    let mut objects = store.list(layout::CHUNKS);
    while let Some(object) = objects.try_next().await? {
        let Some(chunk) = ChunkObject::parse(&object.name).filter(|c| missing.remove(c)) else { continue };
        if u64::from(chunk.stored) != object.bytes {
            wrong.insert(chunk, object.bytes);
        }
    }
    // A listing may lag behind what was put; asking for the object itself doesn't.
    for chunk in missing {
        match store.head(&chunk.name()).await? {
            Some(object) if object.bytes == u64::from(chunk.stored) => {}
            found => {
                wrong.insert(chunk, found.map_or(0, |o| o.bytes));
            }
        }
    }
    match wrong.into_iter().next() {
        None => Ok(()),
        Some((chunk, bytes)) => Err(Error::corrupt(format!(
            "{} must have {} bytes and has {bytes}",
            store.object(&chunk.name()),
            chunk.stored
        ))
        .with_hint("something removed or cut it since it was stored; run the backup again, then `repository check`")
        .retryable(true)),
    }
}
