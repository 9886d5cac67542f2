//! What a backup has read so far, as its manifest will tell it.

use std::collections::HashMap;

use super::Totals;
use super::measure::Measured;
use crate::plugin::{Note, Tally, Unit};
use crate::repository::{StreamRecord, TallyRecord, UnitRecord};

/// A unit's record; the number of its stream is known once the stream is added.
pub(super) fn record(unit: Unit, measured: &Measured, claimed: Option<u64>, offset: u64) -> UnitRecord {
    UnitRecord {
        name: unit.name,
        format: unit.format,
        framing: unit.framing,
        objects: unit.objects,
        after: unit.after,
        estimated_bytes: unit.estimated_bytes,
        estimated_rows: unit.estimated_rows,
        external: unit.external,
        extra: unit.extra,
        rows: measured.rows,
        rows_claimed: claimed,
        row_digest: measured.digest.clone(),
        bytes: measured.bytes,
        stream: 0,
        offset,
    }
}

/// What the host saw when the backup was made.
impl From<&UnitRecord> for Measured {
    fn from(record: &UnitRecord) -> Self {
        Self { bytes: record.bytes, rows: record.rows, digest: record.row_digest.clone() }
    }
}

impl From<Tally> for TallyRecord {
    fn from(tally: Tally) -> Self {
        Self { kind: tally.kind, counted: tally.counted, carried: tally.carried, left_out: tally.left_out }
    }
}

impl From<TallyRecord> for Tally {
    fn from(tally: TallyRecord) -> Self {
        let TallyRecord { kind, counted, carried, left_out } = tally;
        Self { kind, counted, carried, left_out, failed: 0 }
    }
}

/// What was read so far.
pub(super) struct Done {
    place: HashMap<String, usize>,
    units: Vec<UnitRecord>,
    streams: Vec<StreamRecord>,
    pub(super) notes: Vec<Note>,
    pub(super) totals: Totals,
}

impl Done {
    /// Nothing yet of these units.
    pub(super) fn of(units: &[Unit]) -> Self {
        let place = units.iter().enumerate().map(|(i, unit)| (unit.name.clone(), i)).collect();
        Self { place, units: Vec::new(), streams: Vec::new(), notes: Vec::new(), totals: Totals::default() }
    }

    /// Adds a stream and the units that lie in it.
    pub(super) fn add(&mut self, stream: StreamRecord, records: Vec<UnitRecord>, notes: Vec<Note>) {
        let number = self.streams.len();
        self.streams.push(stream);
        self.notes.extend(notes);
        for record in records {
            self.totals.units += 1;
            self.totals.bytes += record.bytes;
            self.totals.rows += record.rows.unwrap_or(0);
            self.units.push(UnitRecord { stream: number, ..record });
        }
    }

    /// The units in the plan's order, and the streams.
    pub(super) fn records(mut self) -> (Vec<UnitRecord>, Vec<StreamRecord>) {
        self.units.sort_by_key(|unit| self.place.get(&unit.name).copied());
        (self.units, self.streams)
    }
}
