//! How a plan's units are dealt out: a large one alone, middling ones together, so that the next is asked for while one is
//! read, and small ones together in the order of their names, so that their streams lie end to end and twenty thousand
//! tiny tables aren't twenty thousand objects.

use crate::plugin::Unit;

/// Units that one worker reads one after the other into one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// In the order of their names.
    pub units: Vec<Unit>,
    /// From 0; counted up when a unit is tried again.
    pub attempt: u32,
}

/// Reads that one worker has open ahead in a batch of small units, so that round trips don't add up.
pub(super) const AHEAD: usize = 16;
/// A unit that is expected to be larger gets chunks of its own.
const SMALL: u64 = 1 << 20;
/// A batch is full with so many bytes expected, or so many units. A unit that is expected to be larger is one by itself.
const BATCH_BYTES: u64 = 8 << 20;
const BATCH_UNITS: usize = 500;
/// What a unit costs besides its bytes: a round trip.
const PER_UNIT: u64 = 4 << 10;

/// Deals the units out, what takes longest first.
#[must_use]
pub fn deal(mut units: Vec<Unit>) -> Vec<Batch> {
    // Small ones are as good as empty, and so in the order of their names.
    let weight = |unit: &Unit| if has_own_chunks(unit) { bytes(unit) } else { 0 };
    units.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.name.cmp(&b.name)));
    let mut batches = Vec::new();
    let (mut open, mut filled) = (Vec::new(), 0_u64);
    for unit in units {
        let more = bytes(&unit).saturating_add(PER_UNIT);
        if !open.is_empty() && (more.saturating_add(filled) > BATCH_BYTES || open.len() >= BATCH_UNITS) {
            batches.push(Batch { units: std::mem::take(&mut open), attempt: 0 });
            filled = 0;
        }
        filled = more.saturating_add(filled);
        open.push(unit);
    }
    if !open.is_empty() {
        batches.push(Batch { units: open, attempt: 0 });
    }
    batches
}

/// Which of the units that are laid end to end in a stream share no chunk with those before them.
#[derive(Default)]
pub(super) struct Apart(bool);

impl Apart {
    /// Whether a chunk has to end before `unit`, the next one: it is too large to share one, or the last one was. What
    /// changes in one of them must leave the chunks of the others as they are.
    pub(super) fn begins(&mut self, unit: &Unit) -> bool {
        let apart = has_own_chunks(unit);
        std::mem::replace(&mut self.0, apart) || apart
    }
}

fn has_own_chunks(unit: &Unit) -> bool {
    bytes(unit) > SMALL
}

fn bytes(unit: &Unit) -> u64 {
    unit.estimated_bytes.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn unit(name: &str, bytes: u64) -> Unit {
        Unit {
            name: name.to_owned(),
            format: String::new(),
            framing: "lines".to_owned(),
            objects: Vec::new(),
            after: Vec::new(),
            estimated_bytes: Some(bytes),
            estimated_rows: None,
            leader: false,
            external: false,
            extra: Vec::new(),
        }
    }

    fn names(batches: &[Batch]) -> Vec<Vec<&str>> {
        batches.iter().map(|batch| batch.units.iter().map(|unit| unit.name.as_str()).collect()).collect()
    }

    #[test]
    fn the_largest_comes_first_and_alone_and_small_ones_share() {
        let batches = deal(vec![unit("c", 10), unit("big", 8 << 20), unit("a", 20), unit("bigger", 9 << 20)]);
        assert_eq!(names(&batches), [vec!["bigger"], vec!["big"], vec!["a", "c"]]);
    }

    #[test]
    fn middling_ones_share_a_batch_and_keep_their_chunks_apart() {
        let batches = deal(vec![unit("z", 3 << 20), unit("a", 2 << 20), unit("m", 4 << 20), unit("tiny", 1)]);
        assert_eq!(names(&batches), [vec!["m", "z"], vec!["a", "tiny"]]);
        let mut apart = Apart::default();
        assert!(batches.iter().flat_map(|batch| &batch.units).all(|unit| apart.begins(unit)));
        assert!(!apart.begins(&unit("next", 1)), "two small ones share");
    }

    #[test]
    fn twenty_thousand_empty_tables_are_forty_batches() {
        let batches = deal((0..20_000).map(|i| unit(&format!("{i:05}"), 0)).collect());
        assert_eq!(batches.len(), 40);
        assert_eq!(batches[39].units[499].name, "19999");
    }
}
