//! Where everything is: the names of the repository's objects.

use crate::repository::chunk::ChunkId;

/// The repository's description, written once, last of all that `init` writes.
pub(super) const CONFIG: &str = "config";
/// Sealed root keys and admitted writers, one an object.
pub(super) const KEYS: &str = "keys";
/// Sealed chunks, in 256 folders by the first byte of the chunk's id.
pub(super) const CHUNKS: &str = "chunks";
/// Manifests, one a backup.
pub(super) const BACKUPS: &str = "backups";
/// The components that made backups.
pub(super) const PLUGINS: &str = "plugins";
/// Who is writing or pruning.
pub(super) const LEASES: &str = "leases";
/// What a prune means to delete later.
pub(super) const CANDIDATES: &str = "candidates";
/// Damaged chunks that were put aside.
pub(super) const QUARANTINE: &str = "quarantine";

/// The object of key, manifest, plugin, lease or candidate list `id`.
pub(super) fn object(folder: &str, id: impl std::fmt::Display) -> String {
    format!("{folder}/{id}")
}

/// Every folder that a backup writes to.
pub(super) fn folders() -> impl Iterator<Item = String> {
    (0..=u8::MAX).map(folder).chain([BACKUPS, PLUGINS, LEASES].map(str::to_owned))
}

fn folder(first: u8) -> String {
    format!("{CHUNKS}/{first:02x}")
}

/// One stored copy of a chunk: everything that the object's name says.
///
/// The size is in the name so that a listing alone shows a truncated object. The random `copy` makes a name unique:
/// what a prune condemned is never written again, so that no delete can hit a chunk that was put meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ChunkObject {
    /// The chunk's content.
    pub id: ChunkId,
    /// The object's size in bytes.
    pub stored: u32,
    /// Told at random by whoever put it.
    pub copy: u32,
}

impl ChunkObject {
    /// The folder in which all copies of chunk `id` are.
    pub fn folder(id: ChunkId) -> String {
        let [first, ..] = id.as_bytes();
        folder(*first)
    }

    /// The object's full name.
    pub fn name(&self) -> String {
        format!("{}/{}", Self::folder(self.id), self.file_name())
    }

    /// The last part of the object's name.
    pub fn file_name(&self) -> String {
        format!("{}.{}.{:08x}", self.id, self.stored, self.copy)
    }

    /// Reads a full name or its last part; none if that isn't a chunk's.
    pub fn parse(name: &str) -> Option<Self> {
        let file = name.rsplit('/').next()?;
        let mut parts = file.split('.');
        let (id, stored, copy) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || copy.len() != 8 {
            return None;
        }
        let object =
            Self { id: ChunkId::parse(id)?, stored: stored.parse().ok()?, copy: u32::from_str_radix(copy, 16).ok()? };
        (object.file_name() == file).then_some(object)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_chunks_name_reads_back() {
        let object = ChunkObject { id: ChunkId::from_bytes([0xab; 32]), stored: 1_234_567, copy: 7 };
        assert!(object.name().starts_with("chunks/ab/abab"));
        assert_eq!(ChunkObject::parse(&object.name()), Some(object));
    }

    #[test]
    fn what_isnt_a_chunks_name_is_refused() {
        let id = "ab".repeat(32);
        for name in ["", "chunks/ab/x", &id, &format!("{id}.1"), &format!("{id}.1.2"), &format!("{id}.01.00000002")] {
            assert_eq!(ChunkObject::parse(name), None, "{name}");
        }
        assert_eq!(ChunkObject::parse(&format!("{id}.1.00000002.x")), None);
    }
}
