//! Large buffers that streams use one after the other. Freed and made anew on one thread after another, they would
//! leave holes in the allocator's heaps that made a backup's peak half as high again.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers of one size, as many as were in use at once.
pub(super) struct Buffers {
    capacity: usize,
    idle: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    /// Buffers that hold `capacity` bytes each.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, idle: Mutex::default() }
    }

    /// An empty buffer.
    pub fn take(&self) -> Vec<u8> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Vec::with_capacity(self.capacity))
    }

    /// Gives a buffer back. One that isn't of the size is freed.
    pub fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() == self.capacity {
            buffer.clear();
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}

/// A buffer that gives itself back when nobody reads it any more.
struct Lent {
    buffer: Vec<u8>,
    buffers: Arc<Buffers>,
}

/// The bytes of a filled buffer, which goes back to `buffers` with the last of them.
pub(super) fn lend(buffer: Vec<u8>, buffers: &Arc<Buffers>) -> Bytes {
    Bytes::from_owner(Lent { buffer, buffers: Arc::clone(buffers) })
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.buffers.give(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn a_buffer_that_was_given_back_is_taken_again_and_empty() {
        let buffers = Buffers::new(100);
        let mut first = buffers.take();
        first.push(1);
        buffers.give(first);
        assert_eq!(buffers.idle.lock().unwrap().len(), 1);
        assert!(buffers.take().is_empty());
        assert_eq!(buffers.idle.lock().unwrap().len(), 0);
    }

    #[test]
    fn a_buffer_of_another_size_is_not_kept() {
        let buffers = Buffers::new(100);
        buffers.give(Vec::with_capacity(10));
        assert_eq!(buffers.idle.lock().unwrap().len(), 0);
    }

    #[test]
    fn a_lent_buffer_comes_back_with_the_last_of_its_bytes() {
        let buffers = Arc::new(Buffers::new(100));
        let mut buffer = buffers.take();
        buffer.extend_from_slice(b"data");
        let mut bytes = lend(buffer, &buffers);
        let piece = bytes.split_to(2);
        drop(bytes);
        assert_eq!((&piece[..], buffers.idle.lock().unwrap().len()), (&b"da"[..], 0));
        drop(piece);
        assert_eq!(buffers.idle.lock().unwrap().len(), 1);
    }
}
