//! Behind which rows of a stream a chunk may end.
//!
//! Whoever writes a stream of rows digests each of them anyway, so to choose by the digest costs next to nothing, while to
//! look for boundaries byte by byte costs more than to name the chunk. Equal rows are chosen wherever they are.

use std::fmt;

use crate::repository::config::Chunking;
use crate::repository::derive::Key;

/// Rows that get as far as the key are so many times more than those that are chosen.
const COARSE: u64 = 16;

/// Chooses rows by their digests under a key of the repository's, so that the sizes of chunks don't tell content.
#[derive(Clone)]
pub struct Boundaries {
    key: Key,
    /// Bytes from one chosen row to the next, on average. A chunk has these behind the shortest that it may have, but for
    /// those that would get too long.
    span: u64,
}

impl Boundaries {
    pub(super) fn new(chunking: Chunking, key: Key) -> Self {
        Self { key, span: u64::from(chunking.average - chunking.minimum / 2) }
    }

    /// Whether a chunk may end behind a row with this digest, whose values are spread evenly, and this length in bytes. The
    /// chance grows with the length: however long rows are, chunks get as long as the repository wants them.
    #[must_use]
    pub fn after(&self, row: u128, bytes: u64) -> bool {
        let [low, _] = halves(row);
        let coarse = bytes.saturating_mul(COARSE);
        below(low, self.span) < coarse && below(self.keyed(row), self.span.min(coarse)) < bytes
    }

    /// Such as choose every row.
    #[cfg(test)]
    pub(crate) fn all() -> Self {
        Self { key: Key::default(), span: 1 }
    }

    fn keyed(&self, row: u128) -> u64 {
        let hash = blake3::keyed_hash(&self.key, &row.to_le_bytes());
        let [first, ..] = hash.as_bytes().as_chunks::<8>().0 else { return 0 };
        u64::from_le_bytes(*first)
    }
}

impl fmt::Debug for Boundaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boundaries").field("span", &self.span).finish_non_exhaustive()
    }
}

/// Brings a value that may be any into 0 to `limit` - 1.
fn below(value: u64, limit: u64) -> u64 {
    let [_, high] = halves(u128::from(value) * u128::from(limit));
    high
}

/// The low and the high half.
fn halves(value: u128) -> [u64; 2] {
    let [low, high] = [value, value >> 64].map(|half| half & u128::from(u64::MAX));
    [low, high].map(|half| u64::try_from(half).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boundaries(key: u8) -> Boundaries {
        Boundaries::new(Chunking::default(), Key::new([key; 32]))
    }

    fn digest(row: u32) -> u128 {
        xxhash_rust::xxh3::xxh3_128(&row.to_le_bytes())
    }

    /// Bytes from one chosen row to the next.
    fn distance(bytes: u64, rows: u32) -> f64 {
        let chosen = (0..rows).filter(|row| boundaries(1).after(digest(*row), bytes)).count();
        f64::from(rows) * bytes as f64 / chosen as f64
    }

    #[test]
    fn short_and_long_rows_give_chunks_of_one_length() {
        for (bytes, rows) in [(20, 20_000_000), (1000, 1_000_000), (100_000, 20_000)] {
            let distance = distance(bytes, rows) / f64::from(3 << 19);
            assert!((0.8..1.25).contains(&distance), "rows of {bytes} bytes: {distance} of what is wanted");
        }
        assert!((0..1000).all(|row| boundaries(1).after(digest(row), 3 << 19)), "a row that is as long as a chunk");
    }

    #[test]
    fn the_key_chooses() {
        let chosen = |key| (0..100_000).filter(|row| boundaries(key).after(digest(*row), 1000)).collect::<Vec<_>>();
        assert_eq!(chosen(1), chosen(1));
        assert!(chosen(1).iter().filter(|row| chosen(2).contains(row)).count() * 4 < chosen(1).len());
    }
}
