//! The manifest: what a backup is, and where each unit of it lies.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::repository::chunk::ChunkId;
use crate::repository::derive::random;
use crate::repository::encoding::hex;
use crate::repository::layout::ChunkObject;

/// The version that this program writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;

/// A backup's name, `20260131T235959Z-1a2b3c4d`: its time in UTC, and behind the dash four hexadecimal digits that say how
/// far the second had come, in 65,536ths, and four random ones.
///
/// Names sort by time, those of one second too: the latest backup is the one that began last. [`Repository::find`](super::Repository::find) takes any unambiguous beginning or end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupId(String);

impl BackupId {
    /// A new name for a backup that begins at `started`.
    ///
    /// # Errors
    /// "internal" if the operating system has no random numbers.
    pub fn new(started: Timestamp) -> Result<Self> {
        let random = random::<2>()?;
        let begun = i64::from(started.subsec_nanosecond()) * 0x1_0000 / 1_000_000_000;
        Ok(Self(format!("{}-{begun:04x}{}", started.strftime("%Y%m%dT%H%M%SZ"), hex(random.as_slice()))))
    }

    /// Reads a whole name.
    ///
    /// # Errors
    /// "invalid-options" for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let digits = |part: Option<&str>| part.is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
        let tail = text.get(17..).is_some_and(|t| t.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        let shape = text.get(8..9) == Some("T") && text.get(15..17) == Some("Z-");
        if text.len() == 25 && digits(text.get(..8)) && shape && digits(text.get(9..15)) && tail {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid_options(format!("{text:?} is no backup's name"))
            .with_hint("names look like 20260131T235959Z-1a2b3c4d; `backups list` shows them"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BackupId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> Self {
        id.0
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A backup. Readers ignore fields that they don't know; `version` grows only when ignoring would be wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this record. Set by the writer.
    pub version: u32,
    /// The backup's name. Set by the writer.
    pub id: BackupId,
    /// The operation that made it.
    pub operation: String,
    /// When the operation began.
    pub started: Timestamp,
    /// When its last unit was in.
    pub finished: Timestamp,
    /// The instance, by its name in the operator's configuration.
    pub instance: String,
    /// The database, where one was named.
    pub database: Option<String>,
    /// The engine: "postgresql", "mongodb".
    pub engine: String,
    /// The plugin that made it.
    pub plugin: PluginRecord,
    /// What the server called itself.
    pub server_version: String,
    /// What the copy is consistent with: "snapshot", "point-in-time", "single-transaction", "per-object".
    pub consistency: String,
    /// The moment that the copy shows, in the server's own words.
    pub taken_at: Option<String>,
    /// The position in the server's log that belongs to it.
    pub position: Option<String>,
    /// What the operator calls it.
    pub tags: Vec<String>,
    /// The options that the operation ran with; no secrets.
    pub options: BTreeMap<String, String>,
    /// What the plugin wants back at restore.
    pub extra: Vec<(String, String)>,
    /// How many objects of each kind there were, and what became of them. Empty if the engine doesn't count.
    #[serde(default)]
    pub tallies: Vec<TallyRecord>,
    /// What the operator should know about the backup.
    pub notes: Vec<NoteRecord>,
    /// Everything that is in it.
    pub units: Vec<UnitRecord>,
    /// The streams that units lie in.
    pub streams: Vec<StreamRecord>,
    /// The id of the key that signed it. Set by the writer.
    pub writer: String,
}

/// The plugin that made a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRecord {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The BLAKE3 of its component, 64 hexadecimal digits: its name in the repository.
    pub digest: String,
}

/// How many objects of a kind there were, and what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRecord {
    /// The kind, in the engine's words.
    pub kind: String,
    /// How many the source's catalogue had, by a count of its own.
    pub counted: u64,
    /// How many are in the units.
    pub carried: u64,
    /// How many aren't; notes say which, or what they have in common.
    pub left_out: u64,
}

/// Something that happened, was changed or was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRecord {
    /// "info", "warning", "carried", "changed", "left-out".
    pub kind: String,
    /// What it is about.
    pub object: String,
    /// What there is to know.
    pub reason: String,
}

/// A unit: a named run of bytes in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRecord {
    /// Its name.
    pub name: String,
    /// The media type and version of its bytes.
    pub format: String,
    /// How rows are told apart in it.
    pub framing: String,
    /// The database objects in it.
    pub objects: Vec<String>,
    /// Units that must be back before it.
    pub after: Vec<String>,
    /// What the plan expected, in bytes.
    pub estimated_bytes: Option<u64>,
    /// What the plan expected, in rows.
    pub estimated_rows: Option<u64>,
    /// Whether the bytes were made by a tool outside of the plugin.
    pub external: bool,
    /// What the plugin wants back at restore.
    pub extra: Vec<(String, String)>,
    /// Rows that the host counted.
    pub rows: Option<u64>,
    /// Rows that the plugin claims, where the host couldn't count.
    pub rows_claimed: Option<u64>,
    /// The order-independent digest of its rows, 32 hexadecimal digits.
    pub row_digest: Option<String>,
    /// Its length in bytes; may be 0.
    pub bytes: u64,
    /// The stream that it lies in, counted from 0.
    pub stream: usize,
    /// Where it begins in that stream, in bytes.
    pub offset: u64,
}

/// A stream: what its chunks give, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRecord {
    /// Its chunks in order.
    pub chunks: Vec<ChunkRef>,
}

impl StreamRecord {
    /// Its length in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|c| u64::from(c.bytes)).sum()
    }
}

/// A chunk in a stream, and the object that held it when the backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// The keyed BLAKE3 of its plain bytes.
    pub id: ChunkId,
    /// Its length before compression and sealing, in bytes.
    pub bytes: u32,
    /// The object's size in bytes.
    pub stored: u32,
    /// Which copy of the chunk, if there are several.
    pub copy: u32,
}

impl ChunkRef {
    /// The object that held it.
    pub(super) fn object(&self) -> ChunkObject {
        ChunkObject { id: self.id, stored: self.stored, copy: self.copy }
    }
}

impl Manifest {
    /// Checks that every unit lies inside of its stream.
    ///
    /// # Errors
    /// "corrupt", naming the unit.
    pub(super) fn check_ranges(&self) -> Result<()> {
        let lengths: Vec<u64> = self.streams.iter().map(StreamRecord::bytes).collect();
        for unit in self.units.iter().filter(|u| u.bytes > 0) {
            let end = unit.offset.checked_add(unit.bytes);
            let length = lengths.get(unit.stream).copied();
            if end.zip(length).is_none_or(|(end, length)| end > length) {
                return Err(Error::corrupt(format!(
                    "unit {} of backup {} lies outside of its stream",
                    unit.name, self.id
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn names_sort_by_time_and_read_back() {
        let early = BackupId::new("2026-01-31T23:59:59Z".parse().unwrap()).unwrap();
        let late = BackupId::new("2026-02-01T00:00:00Z".parse().unwrap()).unwrap();
        assert!(early.as_str().starts_with("20260131T235959Z-") && early < late);
        assert_eq!(BackupId::parse(early.as_str()).unwrap(), early);
        let within = ["00", "000016", "5", "999999"]
            .map(|fraction| BackupId::new(format!("2026-01-31T23:59:59.{fraction}Z").parse().unwrap()).unwrap());
        assert!(within.is_sorted(), "{within:?}");
        assert!(within.last().unwrap().as_str().starts_with("20260131T235959Z-ffff"));
    }

    #[test]
    fn what_isnt_a_name_is_refused() {
        for text in [
            "",
            "latest",
            "../config",
            "20260131T235959Z-1a2b3c4",
            "20260131T235959Z-1A2b3c4d",
            "20260131T2359ü9Z-1a2b3c4d",
        ] {
            assert!(BackupId::parse(text).is_err(), "{text}");
        }
    }
}
