//! Reading a backup: units out, each chunk verified.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::error::{Error, Result};
use crate::repository::chunk::Opener;
use crate::repository::fetch;
use crate::repository::manifest::{ChunkRef, Manifest, UnitRecord};
use crate::repository::open::Repository;
use crate::repository::unit_reader::UnitReader;

/// Chunks that are kept open for the next unit: small units share one.
const CACHED: usize = 4;

/// Reads the units of one backup, several at once if need be.
pub struct BackupReader {
    shared: Arc<Opened>,
}

/// A backup's chunks, as its units' readers share them.
pub(super) struct Opened {
    repository: Repository,
    opener: Arc<Opener>,
    backup: String,
    streams: Vec<Vec<Placed>>,
    cache: Mutex<VecDeque<(Place, Arc<OnceCell<Bytes>>)>>,
}

/// A stream's number and a chunk's number in it.
type Place = (usize, usize);

/// A chunk and where it begins in its stream.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub start: u64,
    pub chunk: ChunkRef,
}

impl Repository {
    /// A reader of the backup that `manifest`, which came out of this repository, describes.
    ///
    /// # Errors
    /// "permission-denied" if the repository was opened with a writer key.
    pub fn reader(&self, manifest: &Manifest) -> Result<BackupReader> {
        let streams = manifest.streams.iter().map(|stream| {
            let mut next = 0;
            let place = |chunk: &ChunkRef| {
                let start = next;
                next += u64::from(chunk.bytes);
                Placed { start, chunk: *chunk }
            };
            stream.chunks.iter().map(place).collect()
        });
        let shared = Opened {
            repository: self.clone(),
            opener: self.opener()?,
            backup: manifest.id.to_string(),
            streams: streams.collect(),
            cache: Mutex::default(),
        };
        Ok(BackupReader { shared: Arc::new(shared) })
    }
}

impl BackupReader {
    /// A reader of `unit`, from its first byte.
    ///
    /// # Errors
    /// "corrupt" if the unit lies outside of its stream.
    pub fn unit(&self, unit: &UnitRecord) -> Result<UnitReader> {
        UnitReader::new(Arc::clone(&self.shared), unit)
    }
}

impl fmt::Debug for BackupReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupReader").field("backup", &self.shared.backup).finish_non_exhaustive()
    }
}

impl Opened {
    /// The backup's name, for messages.
    pub fn backup(&self) -> &str {
        &self.backup
    }

    /// The chunk at `place`.
    pub fn placed(&self, place: Place) -> Option<Placed> {
        self.streams.get(place.0)?.get(place.1).copied()
    }

    /// The number of the chunk of stream `stream` that byte `offset` lies in.
    pub fn index_of(&self, stream: usize, offset: u64) -> Option<usize> {
        let chunks = self.streams.get(stream)?;
        chunks.partition_point(|placed| placed.start <= offset).checked_sub(1)
    }

    /// The plain bytes of the chunk at `place`. Readers that want the same chunk at once wait for one fetch.
    pub async fn load(&self, place: Place) -> Result<Bytes> {
        let placed =
            self.placed(place).ok_or_else(|| Error::internal("a chunk outside of its stream was asked for"))?;
        let cell = self.cell(place);
        let fetch = || fetch::chunk(&self.repository.inner.store, &self.opener, &placed.chunk);
        cell.get_or_try_init(fetch).await.cloned()
    }

    fn cell(&self, place: Place) -> Arc<OnceCell<Bytes>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let found = cache.iter().position(|(p, _)| *p == place).and_then(|at| cache.remove(at));
        let entry = found.unwrap_or_else(|| (place, Arc::default()));
        let cell = Arc::clone(&entry.1);
        cache.push_back(entry);
        if cache.len() > CACHED {
            cache.pop_front();
        }
        cell
    }
}
