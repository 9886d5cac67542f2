//! What fuzz targets reach of the service.

use super::documents::{Batch, Splitter, has_empty_timestamp};
use super::url::parse_url;

/// Tells documents apart in pieces of `size` bytes, and makes an insert of them.
///
/// # Panics
/// If bytes are lost or added.
pub fn split(bytes: &[u8], size: usize) {
    let Ok(mut batch) = Batch::new(bytes, Vec::new()) else { return };
    let (mut splitter, mut taken) = (Splitter::new(1 << 20), 0);
    for piece in bytes.chunks(size) {
        splitter.push(piece);
        loop {
            match splitter.next() {
                Ok(Some(document)) => {
                    taken += document.len();
                    let _ = has_empty_timestamp(&document);
                    batch.push(&document);
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    assert_eq!(taken == bytes.len(), splitter.end().is_ok());
    let _ = batch.into_command();
}

/// Reads the URL of an instance.
pub fn url(text: &str) {
    let _ = parse_url(text);
}
