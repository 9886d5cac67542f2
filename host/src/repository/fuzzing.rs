//! What fuzz targets reach of the repository: everything that its readers take from a store. The first byte says what
//! the rest is meant to be.

use std::sync::LazyLock;

use bytes::Bytes;

use super::chunk::{ChunkId, Opener};
use super::config::{Config, Pin};
use super::derive::Key;
use super::keyfile::KeyFile;
use super::keyring::{Keyring, Root};
use super::layout::ChunkObject;
use super::{BackupId, Location, Manifest, candidates, lease, printed, symmetric};
use crate::error::Result;

/// The keys that everything is opened with.
static KEYS: LazyLock<Option<(Pin, Keyring)>> = LazyLock::new(|| {
    let pin = Pin::from_bytes([7; 16]);
    Root::generate().ok().map(|root| (pin, Keyring::owner(root)))
});

/// Reads `bytes` as one of the things that are stored.
///
/// # Panics
/// If something that isn't sealed with our keys opens, or doesn't read back as it was written.
pub fn read(bytes: &[u8]) {
    let Some((what, bytes)) = bytes.split_first() else { return };
    match what % 8 {
        0 => {
            let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return };
            let _ = manifest.check_ranges();
            let again = serde_json::to_vec(&manifest).unwrap_or_default();
            assert!(serde_json::from_slice::<Manifest>(&again).is_ok_and(|again| again == manifest));
        }
        1 => drop(serde_json::from_slice::<KeyFile>(bytes)),
        2 => drop(serde_json::from_slice::<Config>(bytes)),
        3 => drop(serde_json::from_slice::<lease::Record>(bytes)),
        4 => drop(serde_json::from_slice::<candidates::Record>(bytes)),
        5 => text(bytes),
        6 => assert!(opened(bytes).is_err(), "a chunk opens that nobody sealed"),
        _ => assert!(symmetric::open(&Key::default(), b"", bytes).is_none()),
    }
}

fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(object) = ChunkObject::parse(text) {
        assert!(text.ends_with(&object.file_name()));
    }
    if let Ok(id) = BackupId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    let _ = (Location::parse(text), text.parse::<Pin>());
    let _ = printed::decode::<32>("key", "CDR1", text);
}

fn opened(bytes: &[u8]) -> Result<Bytes> {
    let Some((pin, keys)) = &*KEYS else { return Ok(Bytes::new()) };
    let opener = Opener::new(*pin, keys.data_key()?, keys.root()?.bookkeeping(), 1 << 16);
    opener.open(ChunkId::of(&Key::default(), b""), 1 << 16, Bytes::copy_from_slice(bytes))
}
