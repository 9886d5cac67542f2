//! Reading one unit: its pieces in order, the next chunk fetched ahead.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::repository::manifest::UnitRecord;
use crate::repository::reader::Opened;

/// The longest piece that is handed out, in bytes.
const PIECE: usize = 256 << 10;

/// The bytes of a unit. Every piece was verified before it is handed out.
pub struct UnitReader {
    opened: Arc<Opened>,
    name: String,
    stream: usize,
    /// Where the next piece begins in the stream.
    position: u64,
    end: u64,
    /// The chunk after the current one.
    next: usize,
    current: Bytes,
    ahead: Option<JoinHandle<Result<Bytes>>>,
}

impl UnitReader {
    pub(super) fn new(opened: Arc<Opened>, unit: &UnitRecord) -> Result<Self> {
        let outside =
            || Error::corrupt(format!("unit {} of backup {} lies outside of its stream", unit.name, opened.backup()));
        let end = unit.offset.checked_add(unit.bytes).ok_or_else(outside)?;
        let next = if unit.bytes == 0 { 0 } else { opened.index_of(unit.stream, unit.offset).ok_or_else(outside)? };
        Ok(Self {
            name: unit.name.clone(),
            stream: unit.stream,
            position: unit.offset,
            end,
            next,
            current: Bytes::new(),
            ahead: None,
            opened,
        })
    }

    /// The next piece, of 256 KiB at most; none at the unit's end.
    ///
    /// # Errors
    /// "corrupt" or "not-found" if a chunk isn't what it must be, "storage" if the store fails; each names backup, unit
    /// and object.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.position >= self.end {
            return Ok(None);
        }
        if self.current.is_empty() {
            let current = self.chunk().await;
            self.current = current
                .map_err(|e| e.while_doing(format_args!("unit {} of backup {}", self.name, self.opened.backup())))?;
        }
        let piece = self.current.split_to(self.current.len().min(PIECE));
        self.position += piece.len() as u64;
        Ok(Some(piece))
    }

    /// What of the next chunk belongs to the unit.
    async fn chunk(&mut self) -> Result<Bytes> {
        let short = || Error::corrupt("the stream ends before the unit does");
        let place = (self.stream, self.next);
        let placed = self.opened.placed(place).ok_or_else(short)?;
        let plain = match self.ahead.take() {
            None => self.opened.load(place).await?,
            Some(task) => task.await.map_err(|e| Error::internal("fetching a chunk ended early").with_cause(e))??,
        };
        self.next += 1;
        self.fetch_ahead();
        let from = usize::try_from(self.position - placed.start).unwrap_or(usize::MAX).min(plain.len());
        let to = usize::try_from(self.end - placed.start).unwrap_or(usize::MAX).min(plain.len());
        if from >= to {
            return Err(short());
        }
        Ok(plain.slice(from..to))
    }

    fn fetch_ahead(&mut self) {
        let place = (self.stream, self.next);
        if self.opened.placed(place).is_some_and(|placed| placed.start < self.end) {
            let opened = Arc::clone(&self.opened);
            self.ahead = Some(tokio::spawn(async move { opened.load(place).await }));
        }
    }
}

impl Drop for UnitReader {
    fn drop(&mut self) {
        if let Some(task) = &self.ahead {
            task.abort();
        }
    }
}

impl fmt::Debug for UnitReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitReader").field("unit", &self.name).field("position", &self.position).finish_non_exhaustive()
    }
}
