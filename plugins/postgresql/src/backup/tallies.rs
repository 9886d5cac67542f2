//! What was counted, held beside what is carried and what is left out.

use crate::catalog::census;
use crate::counts::Counts;
use cofferdam_sdk::engine::Tally;
use std::collections::BTreeSet;

/// A tally for each kind that was counted, carried or left out. Whether they add up is the host's to say.
pub fn of(census: &[census::Row], carried: &Counts, left_out: &Counts) -> Vec<Tally> {
    let counted = |kind: &str| census.iter().filter(|row| row.kind == kind).map(|row| row.counted).sum();
    let kinds: BTreeSet<&str> =
        census.iter().map(|row| row.kind.as_str()).chain(carried.kinds()).chain(left_out.kinds()).collect();
    kinds
        .into_iter()
        .map(|kind| Tally {
            kind: kind.to_owned(),
            counted: counted(kind),
            carried: carried.of(kind),
            left_out: left_out.of(kind),
        })
        .collect()
}
