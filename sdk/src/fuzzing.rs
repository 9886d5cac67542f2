//! What fuzz targets reach of the SDK.

use crate::lines::Splitter;

/// Takes `bytes` for lines, in pieces of `size` bytes.
///
/// # Panics
/// If bytes are lost.
pub fn lines(bytes: &[u8], size: usize) {
    let (mut splitter, mut taken) = (Splitter::new(100), 0);
    for piece in bytes.chunks(size) {
        splitter.push(piece);
        loop {
            match splitter.line() {
                Ok(Some(line)) => taken += line.len() + 1,
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    assert_eq!(taken == bytes.len(), splitter.end().is_ok());
}
