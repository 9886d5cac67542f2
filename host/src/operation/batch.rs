//! How a plan's units are dealt out: a large one alone, small ones together in the order of their names, so that their
//! streams lie end to end and twenty thousand tiny tables aren't twenty thousand objects.

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
/// A unit that is expected to be larger gets a stream of its own.
const SMALL: u64 = 1 << 20;
/// A batch is full with so many bytes expected, or so many units.
const BATCH_BYTES: u64 = 8 << 20;
const BATCH_UNITS: usize = 500;
/// What a unit costs besides its bytes: a round trip.
const PER_UNIT: u64 = 4 << 10;

/// Deals the units out, what takes longest first.
#[must_use]
pub fn deal(units: Vec<Unit>) -> Vec<Batch> {
    let bytes = |unit: &Unit| unit.estimated_bytes.unwrap_or(0);
    let (mut large, mut small): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(|u| bytes(u) > SMALL);
    large.sort_by(|a, b| bytes(b).cmp(&bytes(a)).then_with(|| a.name.cmp(&b.name)));
    small.sort_by(|a, b| a.name.cmp(&b.name));
    let mut batches: Vec<Batch> = large.into_iter().map(|unit| Batch { units: vec![unit], attempt: 0 }).collect();
    let (mut open, mut filled) = (Vec::new(), 0);
    for unit in small {
        filled += bytes(&unit) + PER_UNIT;
        open.push(unit);
        if filled >= BATCH_BYTES || open.len() >= BATCH_UNITS {
            batches.push(Batch { units: std::mem::take(&mut open), attempt: 0 });
            filled = 0;
        }
    }
    if !open.is_empty() {
        batches.push(Batch { units: open, attempt: 0 });
    }
    batches
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

    #[test]
    fn the_largest_comes_first_and_alone_and_small_ones_share() {
        let batches = deal(vec![unit("c", 10), unit("big", 5 << 20), unit("a", 10), unit("bigger", 9 << 20)]);
        let names: Vec<Vec<&str>> = batches.iter().map(|b| b.units.iter().map(|u| u.name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["bigger"], vec!["big"], vec!["a", "c"]]);
    }

    #[test]
    fn twenty_thousand_empty_tables_are_forty_batches() {
        let batches = deal((0..20_000).map(|i| unit(&format!("{i:05}"), 0)).collect());
        assert_eq!(batches.len(), 40);
        assert_eq!(batches[39].units[499].name, "19999");
    }
}
