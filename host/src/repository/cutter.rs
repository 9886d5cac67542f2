//! Cuts a stream by its content, so that what didn't change gives the same chunks wherever it moved.

use fastcdc::v2020::{FastCDC, Normalization};

use crate::repository::config::Chunking;

/// The longest piece that is taken in at once, in bytes.
pub(super) const PIECE: usize = 256 << 10;

/// Collects a stream's bytes and says where the next chunk ends. Never holds more than the longest chunk and one piece.
pub(super) struct Cutter {
    chunking: Chunking,
    seed: u64,
    window: Vec<u8>,
}

impl Cutter {
    /// A cutter with the repository's limits and secret seed.
    pub fn new(chunking: Chunking, seed: u64, window: Vec<u8>) -> Self {
        Self { chunking, seed, window }
    }

    /// Gives the window back; there is nothing more to cut.
    pub fn take_window(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.window)
    }

    /// Adds a piece of the stream, of [`PIECE`] bytes at most.
    pub fn push(&mut self, piece: &[u8]) {
        self.window.extend_from_slice(piece);
    }

    /// The next chunk; none if more bytes are needed first, unless it is the stream's `end`.
    pub fn chunk(&self, end: bool) -> Option<&[u8]> {
        let Chunking { minimum, average, maximum } = self.chunking;
        let (minimum, average, maximum) = (minimum as usize, average as usize, maximum as usize);
        if self.window.is_empty() || (self.window.len() < maximum && !end) {
            return None;
        }
        let cut =
            FastCDC::with_level_and_seed(&self.window, minimum, average, maximum, Normalization::Level1, self.seed)
                .next()?;
        self.window.get(..cut.length)
    }

    /// Drops the first `length` bytes, which were a chunk.
    pub fn consume(&mut self, length: usize) {
        self.window.drain(..length.min(self.window.len()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    const SMALL: Chunking = Chunking { minimum: 1 << 10, average: 4 << 10, maximum: 16 << 10 };

    fn cut(data: &[u8], piece: usize, seed: u64) -> Vec<Vec<u8>> {
        let mut cutter = Cutter::new(SMALL, seed, Vec::new());
        let mut chunks = Vec::new();
        for piece in data.chunks(piece) {
            cutter.push(piece);
            while let Some(chunk) = cutter.chunk(false).map(<[u8]>::to_vec) {
                cutter.consume(chunk.len());
                chunks.push(chunk);
            }
        }
        while let Some(chunk) = cutter.chunk(true).map(<[u8]>::to_vec) {
            cutter.consume(chunk.len());
            chunks.push(chunk);
        }
        chunks
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut data = vec![0; length];
        blake3::Hasher::new().finalize_xof().fill(&mut data);
        data
    }

    #[test]
    fn how_bytes_arrive_doesnt_move_boundaries() {
        let data = noise(300_000);
        let whole = cut(&data, data.len(), 5);
        assert_eq!(whole.concat(), data);
        assert!(whole.len() > 20 && whole.iter().all(|c| c.len() <= SMALL.maximum as usize));
        for piece in [1000, 16 << 10, 77_777] {
            assert_eq!(cut(&data, piece, 5), whole);
        }
    }

    #[test]
    fn an_insertion_changes_few_chunks() {
        let data = noise(300_000);
        let before = cut(&data, 65_536, 5);
        let after = cut(&[b"new".as_slice(), &data].concat(), 65_536, 5);
        let new = after.iter().filter(|c| !before.contains(c)).count();
        assert!(new <= 2, "{new} of {} chunks are new", after.len());
    }

    #[test]
    fn the_seed_moves_boundaries() {
        let data = noise(300_000);
        assert_ne!(cut(&data, 65_536, 5), cut(&data, 65_536, 6));
    }

    #[test]
    fn zeros_and_nothing_are_cut_too() {
        assert!(cut(&[], 10, 5).is_empty());
        assert_eq!(cut(&[0; 100_000], 4096, 5).concat(), vec![0; 100_000]);
    }
}
