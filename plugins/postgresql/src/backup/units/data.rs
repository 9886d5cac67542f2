//! Units of rows, and of values that are no rows.

use super::{Building, COPY, PRE_DATA, SEQUENCES, note, object_name};
use crate::backup::inventory::Inventory;
use crate::catalog::tables;
use crate::entry::FORMAT;
use crate::long_rows::{FORMAT as LONG_ROWS, LongRows};
use crate::quote::unit_name;
use crate::table::Pages;
use cofferdam_sdk::Options;
use cofferdam_sdk::engine::Unit;

/// Parts that a table is read in at most. A larger one has larger parts.
const MOST_PARTS: u64 = 4000;
/// How many times faster a table is looked through for long rows than read.
const LOOKING: u64 = 16;

impl Building {
    pub(super) fn data(&mut self, table: &tables::Row, parts: &tables::Parts) {
        let name = unit_name("data", &table.schema, &table.name);
        let columns = serde_json::Value::from(table.copied_columns(parts)).to_string();
        let types = serde_json::Value::from(table.copied_types(parts)).to_string();
        let extra =
            [("schema", table.schema.clone()), ("table", table.name.clone()), ("columns", columns), ("types", types)];
        let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let object = object_name(&table.schema, &table.name);
        let ranges = ranges(table.pages.unwrap_or(0), table.bytes.unwrap_or(0), self.split);
        let count = ranges.len() as u64;
        let size = (table.bytes.map(|bytes| bytes / count), table.rows.map(|rows| rows / count));
        let mut names = Vec::with_capacity(ranges.len() + 1);
        let long = self.long.remove(&table.oid);
        for (number, range) in (1..).zip(ranges) {
            let name = if count == 1 { name.clone() } else { format!("{name}/{number}") };
            let mut extra = extra.clone();
            extra.extend(range.extra());
            extra.extend(long.as_ref().map(LongRows::noted_by_others));
            self.rows_unit(&name, object.clone(), PRE_DATA, size, extra);
            names.push(name);
        }
        if let Some(long) = long {
            let name = format!("{name}/long");
            // Which rows are long is seen without their TOAST, and hardly any are.
            let size = (table.bytes.map(|bytes| bytes / LOOKING), None);
            self.rows_unit(&name, object, PRE_DATA, size, extra.into_iter().chain(long.extra()).collect());
            self.units.last_mut().into_iter().for_each(|unit| unit.format = LONG_ROWS.to_owned());
            names.push(name);
        }
        self.data.insert(table.oid, names);
    }

    /// What isn't logged doesn't get to a standby.
    pub(super) fn unlogged(&mut self, table: &tables::Row) {
        let reason =
            "the table is unlogged, and the server a standby, which has no rows of it; the table itself is carried";
        self.left_out.add("rows", 1);
        self.notes.push(note("left-out", format!("rows of TABLE {}", table.qualified()), reason));
    }

    /// The user's rows in tables of extensions. The tables have their keys already, so they go in one after the other.
    pub(super) fn configuration(&mut self, inventory: &Inventory) {
        let mut after = PRE_DATA.to_owned();
        for table in inventory.configuration_tables.iter().filter(|table| !table.sequence) {
            let name = unit_name("data", &table.schema, &table.name);
            let columns = serde_json::Value::from(table.columns.clone()).to_string();
            let mut extra = vec![
                ("schema".to_owned(), table.schema.clone()),
                ("table".to_owned(), table.name.clone()),
                ("columns".to_owned(), columns),
            ];
            extra.extend(table.condition.clone().map(|condition| ("condition".to_owned(), condition)));
            self.rows_unit(&name, object_name(&table.schema, &table.name), &after, (table.bytes, None), extra);
            after = name;
        }
    }

    fn rows_unit(
        &mut self,
        name: &str,
        object: String,
        after: &str,
        (bytes, rows): (Option<u64>, Option<u64>),
        extra: Options,
    ) {
        self.units.push(Unit {
            name: name.to_owned(),
            format: COPY.to_owned(),
            framing: "lines".to_owned(),
            objects: vec![object],
            after: vec![after.to_owned()],
            estimated_bytes: bytes,
            estimated_rows: rows,
            leader: false,
            external: false,
            extra,
        });
    }

    /// The unit of the sequences' values. The leader's units are read when all others are, which these must be: they aren't
    /// part of the snapshot, and read before the data, one could be behind its column.
    pub(super) fn sequences(&mut self, inventory: &Inventory) {
        let configured = inventory.configuration_tables.iter().filter(|table| table.sequence);
        self.values.extend(inventory.sequences.iter().map(|row| (row.schema.clone(), row.name.clone())));
        self.values.extend(configured.map(|row| (row.schema.clone(), row.name.clone())));
        if self.values.is_empty() {
            return;
        }
        let objects = self.values.iter().map(|(schema, name)| object_name(schema, name)).collect();
        self.units.push(Unit {
            name: SEQUENCES.to_owned(),
            format: FORMAT.to_owned(),
            framing: "definitions".to_owned(),
            objects,
            after: vec![PRE_DATA.to_owned()],
            estimated_bytes: Some(self.values.len() as u64 * 120),
            estimated_rows: None,
            leader: true,
            external: false,
            extra: Vec::new(),
        });
    }
}

/// The ranges of pages that a table is read in: one that is everything, or several of about `split` bytes each. Its TOAST
/// counts, and is taken to be spread evenly. The last has no end, so that no page can be forgotten.
fn ranges(pages: u64, bytes: u64, split: Option<u64>) -> Vec<Pages> {
    let parts = split.filter(|split| bytes > *split).map_or(1, |split| bytes.div_ceil(split.max(1)));
    let parts = parts.min(MOST_PARTS).min(pages).max(1);
    let step = pages.div_ceil(parts).max(1);
    let starts = (0..parts).map(|part| part * step).take_while(|start| *start == 0 || *start < pages);
    let mut ranges: Vec<Pages> = starts.map(|first| Pages { first, end: Some(first + step) }).collect();
    if let Some(last) = ranges.last_mut() {
        last.end = None;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Option<u64> = Some(256 << 20);

    fn listed(pages: u64, bytes: u64, split: Option<u64>) -> Vec<(u64, Option<u64>)> {
        ranges(pages, bytes, split).into_iter().map(|range| (range.first, range.end)).collect()
    }

    #[test]
    fn a_table_up_to_the_size_of_a_part_is_read_whole() {
        for (pages, bytes, split) in
            [(0, 0, PART), (32768, 256 << 20, PART), (1 << 30, 1 << 43, None), (0, 1 << 40, PART)]
        {
            assert_eq!(listed(pages, bytes, split), [(0, None)]);
        }
    }

    #[test]
    fn the_parts_of_a_table_meet_and_the_last_has_no_end() {
        assert_eq!(listed(100, 600 << 20, PART), [(0, Some(34)), (34, Some(68)), (68, None)]);
        for (pages, bytes) in [(7, 1 << 40), (1_000_003, 8_192_024_576), (1 << 32, 1 << 45), (5, 3 << 28)] {
            let ranges = listed(pages, bytes, PART);
            assert_eq!(ranges.first().map(|range| range.0), Some(0));
            assert_eq!(ranges.last().map(|range| range.1), Some(None));
            assert!(
                ranges.windows(2).all(|pair| matches!(pair, [a, b] if a.1 == Some(b.0) && a.0 < b.0)),
                "{ranges:?}"
            );
            assert!(ranges.iter().all(|range| range.0 < pages) && ranges.len() as u64 <= MOST_PARTS);
        }
    }
}
