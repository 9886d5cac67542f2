//! Units of rows, and of values that are no rows.

use super::{Building, COPY, LARGE_OBJECTS, PRE_DATA, SEQUENCES, object_name};
use crate::backup::inventory::Inventory;
use crate::catalog::tables;
use crate::entry::FORMAT;
use crate::quote::unit_name;
use cofferdam_sdk::Options;
use cofferdam_sdk::engine::Unit;

impl Building {
    pub(super) fn data(&mut self, table: &tables::Row, parts: &tables::Parts) {
        let name = unit_name("data", &table.schema, &table.name);
        let columns = serde_json::Value::from(table.copied_columns(parts)).to_string();
        let extra = [("schema", table.schema.clone()), ("table", table.name.clone()), ("columns", columns)];
        let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
        self.rows_unit(&name, object_name(&table.schema, &table.name), PRE_DATA, (table.bytes, table.rows), extra);
        self.data.insert(table.oid, name);
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

    pub(super) fn large_objects(&mut self, inventory: &Inventory) {
        self.units.extend(inventory.large_object_bytes.map(|bytes| Unit {
            name: LARGE_OBJECTS.to_owned(),
            format: FORMAT.to_owned(),
            framing: "lines".to_owned(),
            objects: Vec::new(),
            after: vec![PRE_DATA.to_owned()],
            // Its bytes are written as hexadecimal digits.
            estimated_bytes: Some(bytes.saturating_mul(2)),
            estimated_rows: None,
            leader: true,
            external: false,
            extra: Vec::new(),
        }));
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
