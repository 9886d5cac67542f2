//! Large buffers that streams use one after the other. Freed and made anew on one thread after another, they would
//! leave holes in the allocator's heaps that made a backup's peak half as high again.

use std::sync::{Mutex, PoisonError};

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
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
}
