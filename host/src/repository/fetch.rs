//! Chunks out of the store, opened and verified off the async threads.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;

use crate::error::{Error, Result};
use crate::repository::chunk::Opener;
use crate::repository::layout::ChunkObject;
use crate::repository::manifest::ChunkRef;
use crate::repository::open::Repository;
use crate::repository::store::Store;

impl Repository {
    /// What opens chunks.
    ///
    /// # Errors
    /// "permission-denied" if the repository was opened with a writer key.
    pub(super) fn opener(&self) -> Result<Arc<Opener>> {
        let keys = &self.inner.keys;
        Ok(Arc::new(Opener::new(self.pin(), keys.data_key()?, keys.naming.clone(), self.inner.config.chunking.maximum)))
    }
}

/// The plain bytes of `chunk`: from the object that the manifest names, or from any other sound copy of it.
pub(super) async fn chunk(store: &Store, opener: &Arc<Opener>, chunk: &ChunkRef) -> Result<Bytes> {
    let named = chunk.object();
    let first = match object(store, opener, named, chunk.bytes).await {
        Ok(plain) => return Ok(plain),
        // Whatever is the matter with it, a disk that can't read it for one, another copy may be sound.
        Err(error) => error,
    };
    let mut objects = store.list(&ChunkObject::folder(chunk.id));
    while let Ok(Some(found)) = objects.try_next().await {
        let copy = ChunkObject::parse(&found.name).filter(|o| o.id == chunk.id && *o != named);
        if let Some(copy) = copy
            && let Ok(plain) = object(store, opener, copy, chunk.bytes).await
        {
            return Ok(plain);
        }
    }
    Err(first)
}

/// The plain bytes, `length` of them, of the chunk in `object`.
pub(super) async fn object(store: &Store, opener: &Arc<Opener>, object: ChunkObject, length: u32) -> Result<Bytes> {
    let name = object.name();
    let sealed = store.get(&name, u64::from(object.stored)).await?;
    let at = store.object(&name);
    if sealed.len() != object.stored as usize {
        return Err(Error::corrupt(format!("{at} has {} bytes and must have {}", sealed.len(), object.stored))
            .with_hint("`repository check` shows which backups need it"));
    }
    let opener = Arc::clone(opener);
    tokio::task::spawn_blocking(move || opener.open(object.id, length, sealed))
        .await
        .map_err(|e| Error::internal("opening a chunk ended early").with_cause(e))?
        .map_err(|e| e.while_doing(at))
}
