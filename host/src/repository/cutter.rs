//! Cuts a stream by its content, so that what didn't change gives the same chunks wherever it moved: behind the rows that
//! were chosen, and where there are none, as in a row that is longer than a chunk, by the bytes themselves.

use fastcdc::v2020::{FastCDC, Normalization};

use crate::repository::config::Chunking;

/// The longest piece that is taken in at once, in bytes.
pub(super) const PIECE: usize = 256 << 10;

/// Collects a stream's bytes and says where the next chunk ends. Never holds more than the longest chunk and one piece.
pub(super) struct Cutter {
    chunking: Chunking,
    seed: u64,
    window: Vec<u8>,
    /// Where in the window a chunk may end that isn't too short, rising.
    ends: Vec<usize>,
    /// Whether one was named since what is cut began.
    has_rows: bool,
}

impl Cutter {
    /// A cutter with the repository's limits and secret seed.
    pub fn new(chunking: Chunking, seed: u64, window: Vec<u8>) -> Self {
        Self { chunking, seed, window, ends: Vec::new(), has_rows: false }
    }

    /// Gives the window back; there is nothing more to cut.
    pub fn take_window(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.window)
    }

    /// Adds a piece of the stream, of [`PIECE`] bytes at most, and where in it a chunk may end.
    pub fn push(&mut self, piece: &[u8], ends: &[usize]) {
        let (before, minimum) = (self.window.len(), self.minimum());
        self.has_rows |= !ends.is_empty();
        self.ends.extend(ends.iter().map(|end| before + end).filter(|end| *end >= minimum));
        self.window.extend_from_slice(piece);
    }

    /// The next chunk; none if more bytes are needed first, unless it is the stream's `end`.
    pub fn chunk(&self, end: bool) -> Option<&[u8]> {
        let Chunking { minimum, average, maximum } = self.chunking;
        let (minimum, average, maximum) = (minimum as usize, average as usize, maximum as usize);
        if let Some(&row) = self.ends.first().filter(|row| **row <= maximum) {
            return self.window.get(..row);
        }
        if self.window.is_empty() || (self.window.len() < maximum && !end) {
            return None;
        }
        if self.has_rows && self.window.len() <= maximum && end {
            return Some(&self.window);
        }
        let cut =
            FastCDC::with_level_and_seed(&self.window, minimum, average, maximum, Normalization::Level1, self.seed)
                .next()?;
        self.window.get(..cut.length)
    }

    /// Forgets what was cut: what comes now is cut the same way whatever that was.
    pub fn begin_anew(&mut self) {
        self.has_rows = false;
    }

    /// Drops the first `length` bytes, which were a chunk.
    pub fn consume(&mut self, length: usize) {
        self.window.drain(..length.min(self.window.len()));
        let minimum = self.minimum();
        self.ends = self.ends.iter().filter_map(|end| end.checked_sub(length)).filter(|end| *end >= minimum).collect();
    }

    fn minimum(&self) -> usize {
        self.chunking.minimum as usize
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    const SMALL: Chunking = Chunking { minimum: 1 << 10, average: 4 << 10, maximum: 16 << 10 };

    fn cut(data: &[u8], piece: usize, seed: u64) -> Vec<Vec<u8>> {
        cut_behind(data, &[], piece, seed)
    }

    fn cut_behind(data: &[u8], ends: &[usize], piece: usize, seed: u64) -> Vec<Vec<u8>> {
        let mut cutter = Cutter::new(SMALL, seed, Vec::new());
        let mut chunks = Vec::new();
        let mut before = 0;
        for piece in data.chunks(piece) {
            let within = ends.iter().filter(|end| (before + 1..=before + piece.len()).contains(*end));
            cutter.push(piece, &within.map(|end| end - before).collect::<Vec<_>>());
            before += piece.len();
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
    fn a_chunk_ends_behind_the_first_chosen_row_that_makes_it_long_enough() {
        let data = noise(60_000);
        // The first is too early, and so is the last but one; between the others is more than a chunk may have.
        let ends = [500, 1500, 2000, 3000, 40_000, 41_023, 60_000];
        let chunks = cut_behind(&data, &ends, data.len(), 5);
        let mut length = 0;
        let borders: Vec<usize> = chunks
            .iter()
            .map(|chunk| {
                length += chunk.len();
                length
            })
            .collect();
        assert_eq!(borders[..2], [1500, 3000]);
        assert!(borders.contains(&40_000) && !borders.contains(&41_023), "{borders:?}");
        assert!(borders.iter().filter(|border| (3001..40_000).contains(*border)).count() > 2, "{borders:?}");
        assert!(chunks.iter().all(|chunk| chunk.len() <= SMALL.maximum as usize));
        for piece in [1000, 16 << 10, 77_777] {
            assert_eq!(cut_behind(&data, &ends, piece, 5), chunks);
        }
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
