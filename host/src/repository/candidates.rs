//! Candidate lists: the chunks that a prune means to delete later, once nobody can lean on them any more.

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::repository::derive::random;
use crate::repository::encoding::hex;
use crate::repository::layout::{self, ChunkObject};
use crate::repository::store::Store;

const LIMIT: u64 = 1 << 30;

/// The object `candidates/<id>`.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    version: u32,
    made: Timestamp,
    /// The last parts of the chunk objects' names.
    chunks: Vec<String>,
}

/// A candidate list.
#[derive(Debug)]
pub(super) struct Candidates {
    /// The last part of the object's name.
    pub id: String,
    /// When it was put, by the store's clock.
    pub put: Timestamp,
    /// What is to go.
    pub chunks: Vec<ChunkObject>,
}

/// Every candidate list in the store.
pub(super) async fn list(store: &Store) -> Result<Vec<Candidates>> {
    let objects: Vec<_> = store.list(layout::CANDIDATES).try_collect().await?;
    let mut lists = Vec::new();
    for object in objects {
        let content = match store.get(&object.name, LIMIT).await {
            Ok(content) => content,
            // A prune finished it between listing and reading.
            Err(e) if e.is_not_found() => continue,
            Err(e) => return Err(e),
        };
        let broken = || {
            Error::corrupt(format!("{} is no candidate list", store.object(&object.name)))
                .with_hint("delete it: the next prune finds its chunks again")
        };
        let record: Record = serde_json::from_slice(&content).map_err(|e| broken().with_cause(e))?;
        let chunks: Option<Vec<_>> = record.chunks.iter().map(|name| ChunkObject::parse(name)).collect();
        let chunks = chunks.filter(|_| record.version == 1).ok_or_else(broken)?;
        lists.push(Candidates { id: object.file_name().to_owned(), put: object.modified, chunks });
    }
    Ok(lists)
}

/// Stores a new list.
pub(super) async fn write(store: &Store, chunks: &[ChunkObject]) -> Result<()> {
    let record =
        Record { version: 1, made: Timestamp::now(), chunks: chunks.iter().map(ChunkObject::file_name).collect() };
    let json = serde_json::to_vec(&record)
        .map_err(|e| Error::internal("a candidate list can't be written as JSON").with_cause(e))?;
    let id = hex(random::<8>()?.as_slice());
    store.create(&layout::object(layout::CANDIDATES, id), Bytes::from(json)).await
}

/// Removes list `id`, whose chunks are gone or named again.
pub(super) async fn remove(store: &Store, id: &str) -> Result<()> {
    store.delete(&layout::object(layout::CANDIDATES, id)).await
}
