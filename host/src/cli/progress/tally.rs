//! What has been done and what is left, counted from events.

use std::collections::BTreeMap;

use crate::operation::event::Event;

/// The sums that every renderer shows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    running: BTreeMap<String, Running>,
    done_bytes: u64,
    estimated_bytes: u64,
    /// Units that are where they belong.
    pub done: usize,
    /// Units that there are.
    pub planned: usize,
}

#[derive(Debug, Default)]
struct Running {
    bytes: u64,
    estimated_bytes: u64,
}

impl Tally {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Planned { units, estimated_bytes, .. } => {
                // Two plans of an operation, two databases to compare, are one amount of work.
                self.planned += units;
                self.estimated_bytes = self.estimated_bytes.saturating_add(*estimated_bytes);
            }
            Event::UnitStarted { unit, estimated_bytes } => {
                let estimated_bytes = estimated_bytes.unwrap_or(0);
                self.running.insert(unit.clone(), Running { bytes: 0, estimated_bytes });
            }
            // A unit that is tried again begins anew.
            Event::UnitRetried { unit, .. } => self.running.entry(unit.clone()).or_default().bytes = 0,
            Event::UnitProgress { unit, bytes } => self.running.entry(unit.clone()).or_default().bytes = *bytes,
            Event::UnitDone { unit, bytes, .. } => {
                let unit = self.running.remove(unit).unwrap_or_default();
                self.done += 1;
                self.done_bytes = self.done_bytes.saturating_add(*bytes);
                // What is known takes the place of what was expected.
                self.estimated_bytes = self.estimated_bytes.saturating_sub(unit.estimated_bytes).saturating_add(*bytes);
            }
            _ => {}
        }
    }

    /// Bytes that went through, those of unfinished units too.
    pub(super) fn bytes(&self) -> u64 {
        self.running.values().fold(self.done_bytes, |sum, unit| sum.saturating_add(unit.bytes))
    }

    /// Bytes that there will be. Estimates can be too low; then it is what there was already.
    pub(super) fn total(&self) -> u64 {
        self.estimated_bytes.max(self.bytes())
    }

    /// How much is done in per cent. Below 100 until every unit is done.
    pub(super) fn percent(&self) -> u64 {
        if self.planned > 0 && self.done >= self.planned {
            return 100;
        }
        let share = u128::from(self.bytes()) * 100 / u128::from(self.total().max(1));
        u64::try_from(share).unwrap_or(99).min(99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(units: usize, estimated_bytes: u64) -> Event {
        Event::Planned { units, estimated_bytes, consistency: "snapshot".into(), jobs: 2 }
    }

    fn progress(unit: &str, bytes: u64) -> Event {
        Event::UnitProgress { unit: unit.into(), bytes }
    }

    fn done(unit: &str, bytes: u64) -> Event {
        Event::UnitDone { unit: unit.into(), bytes, rows: None }
    }

    fn started(unit: &str, estimated_bytes: u64) -> Event {
        Event::UnitStarted { unit: unit.into(), estimated_bytes: Some(estimated_bytes) }
    }

    #[test]
    fn running_and_done_units_add_up_and_a_retry_begins_anew() {
        let mut tally = Tally::default();
        for (event, bytes) in [
            (planned(2, 100), 0),
            (started("a", 40), 0),
            (progress("a", 10), 10),
            (started("b", 60), 10),
            (progress("b", 5), 15),
            (Event::UnitRetried { unit: "a".into(), attempt: 2, reason: "lost".into() }, 5),
            (progress("a", 7), 12),
            (done("b", 60), 67),
        ] {
            tally.apply(&event);
            assert_eq!(tally.bytes(), bytes, "{event:?}");
        }
        assert_eq!((tally.done, tally.planned, tally.total(), tally.percent()), (1, 2, 100, 67));
    }

    #[test]
    fn what_a_unit_really_was_takes_the_place_of_its_estimate() {
        let mut tally = Tally::default();
        for event in [planned(2, 100), started("a", 60), started("b", 40), done("a", 20)] {
            tally.apply(&event);
        }
        assert_eq!((tally.bytes(), tally.total()), (20, 60));
        tally.apply(&done("b", 500));
        assert_eq!((tally.bytes(), tally.total(), tally.percent()), (520, 520, 100));
    }

    #[test]
    fn a_low_estimate_neither_overflows_nor_says_that_all_is_done() {
        let mut tally = Tally::default();
        tally.apply(&planned(2, 10));
        tally.apply(&started("a", 5));
        tally.apply(&progress("a", 500));
        assert_eq!((tally.total(), tally.percent()), (500, 99));
        tally.apply(&done("a", u64::MAX));
        tally.apply(&done("b", 1));
        assert_eq!((tally.total(), tally.percent()), (u64::MAX, 100));
    }
}
