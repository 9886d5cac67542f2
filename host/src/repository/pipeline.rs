//! What a stream's thread does: cut, name, and unless it is known, compress, seal and put.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::repository::chunk::{ChunkId, Sealer};
use crate::repository::cutter::Cutter;
use crate::repository::derive::random;
use crate::repository::layout::ChunkObject;
use crate::repository::manifest::{ChunkRef, StreamRecord};
use crate::repository::spent::{Laps, Spent};
use crate::repository::writer::Shared;

/// Chunks of a stream that are put at once. A put waits for the disk several times, and compressing the next chunk takes
/// less than that.
const PUTS: usize = 2;

/// A stream's state. Its buffers go round: one is filled while others are put.
pub(super) struct Pipeline {
    shared: Arc<Shared>,
    runtime: Handle,
    cutter: Cutter,
    sealer: Sealer,
    record: StreamRecord,
    spare: Vec<u8>,
    /// What is being put, the oldest first.
    putting: VecDeque<Putting>,
    laps: Laps,
    spent: Spent,
}

struct Putting {
    object: ChunkObject,
    /// Gives the buffer back.
    task: JoinHandle<Result<Bytes>>,
}

impl Pipeline {
    /// The pipeline of a new stream. Puts run on `runtime`.
    pub fn new(shared: Arc<Shared>, runtime: Handle) -> Result<Self> {
        let inner = &shared.repository.inner;
        Ok(Self {
            cutter: Cutter::new(inner.config.chunking, inner.keys.boundaries, shared.windows.take()),
            sealer: Sealer::new(inner.config.pin(), inner.config.data_key()?)?,
            record: StreamRecord::default(),
            spare: shared.sealed.take(),
            putting: VecDeque::with_capacity(PUTS),
            laps: Laps::new(),
            spent: Spent::default(),
            runtime,
            shared,
        })
    }

    /// Takes in a piece of the stream, in which a chunk may end at `ends`.
    pub fn push(&mut self, piece: &[u8], ends: &[usize]) -> Result<()> {
        self.spent.source += self.laps.lap();
        self.cutter.push(piece, ends);
        self.take_chunks(false)
    }

    /// Ends the current chunk.
    pub fn cut(&mut self) -> Result<()> {
        self.spent.source += self.laps.lap();
        self.take_chunks(true)?;
        self.cutter.begin_anew();
        Ok(())
    }

    /// Takes in the stream's end, and waits until all of it is stored.
    pub fn finish(mut self) -> Result<StreamRecord> {
        self.spent.source += self.laps.lap();
        self.take_chunks(true)?;
        // Another stream may have begun meanwhile, and needs one.
        self.shared.windows.give(self.cutter.take_window());
        self.wait(0)?;
        self.spent.storing += self.laps.lap();
        self.shared.spend(self.spent);
        self.shared.sealed.give(self.spare);
        Ok(self.record)
    }

    fn take_chunks(&mut self, end: bool) -> Result<()> {
        while let Some(plain) = self.cutter.chunk(end) {
            let length = plain.len();
            self.spent.cutting += self.laps.lap();
            let id = ChunkId::of(&self.shared.repository.inner.keys.naming, plain);
            let putting = self.putting.iter().map(|p| p.object).find(|o| o.id == id);
            let known = putting.or_else(|| self.shared.known(id));
            self.spent.naming += self.laps.lap();
            let object = match known {
                Some(object) => object,
                None => {
                    self.sealer.compress(plain, &mut self.spare);
                    self.spent.compressing += self.laps.lap();
                    self.sealer.seal(id, &mut self.spare)?;
                    self.spent.sealing += self.laps.lap();
                    let object = self.put(id)?;
                    self.spent.storing += self.laps.lap();
                    object
                }
            };
            let bytes = u32::try_from(length).map_err(|e| Error::internal("a chunk is too long").with_cause(e))?;
            self.record.chunks.push(ChunkRef { id, bytes, stored: object.stored, copy: object.copy });
            self.cutter.consume(length);
        }
        self.spent.cutting += self.laps.lap();
        Ok(())
    }

    /// Begins to put the sealed chunk that is in the spare buffer.
    fn put(&mut self, id: ChunkId) -> Result<ChunkObject> {
        self.wait(PUTS - 1)?;
        let next = self.shared.sealed.take();
        let content = Bytes::from(std::mem::replace(&mut self.spare, next));
        let stored = u32::try_from(content.len()).map_err(|e| Error::internal("a chunk is too long").with_cause(e))?;
        let object = ChunkObject { id, stored, copy: u32::from_le_bytes(*random()?) };
        let (store, name) = (self.shared.repository.inner.store.clone(), object.name());
        let task = self.runtime.spawn(async move {
            store.put(&name, content.clone()).await?;
            Ok(content)
        });
        self.putting.push_back(Putting { object, task });
        Ok(object)
    }

    /// Waits until only `left` chunks are being put, and gives their buffers back.
    fn wait(&mut self, left: usize) -> Result<()> {
        while self.putting.len() > left {
            let Some(Putting { object, task }) = self.putting.pop_front() else { break };
            let content = self
                .runtime
                .block_on(task)
                .map_err(|e| Error::internal(format!("storing {} ended early", object.name())).with_cause(e))??;
            self.shared.stored(object);
            // The store may still hold it for a moment; then a new buffer is made.
            if content.is_unique() {
                self.shared.sealed.give(content.into());
            }
        }
        Ok(())
    }
}
