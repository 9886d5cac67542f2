//! The objects that are sorted and made before the data.

use crate::backup::inventory::Inventory;
use crate::catalog::object::Object;
use crate::catalog::tables;
use std::collections::HashMap;

/// The objects of the catalogue, and the parts that tables are made of.
pub fn of(inventory: &Inventory) -> (Vec<Object>, tables::Parts) {
    let mut parts = tables::Parts::default();
    for column in &inventory.columns {
        parts.columns.entry(column.relation).or_default().push(column.clone());
    }
    let mut domain_checks: HashMap<u32, Vec<_>> = HashMap::new();
    for check in &inventory.checks {
        if check.relation == 0 {
            domain_checks.entry(check.r#type).or_default().push(check.clone());
        } else {
            parts.checks.entry(check.relation).or_default().push(check.clone());
        }
    }
    for sequence in inventory.sequences.iter().filter(|sequence| sequence.identity == Some(true)) {
        if let (Some(table), Some(column)) = (sequence.table_oid, sequence.column_number) {
            parts.identities.insert((table, column), sequence.clone());
        }
    }
    let mut objects: Vec<Object> = Vec::new();
    objects.extend(inventory.schemas.iter().cloned().map(|row| row.into_object()));
    objects.extend(inventory.extensions.iter().cloned().map(|row| row.into_object()));
    for row in inventory.types.iter().cloned() {
        let checks = domain_checks.remove(&row.oid).unwrap_or_default();
        objects.push(row.into_object(checks));
    }
    objects.extend(inventory.functions.iter().cloned().map(|row| row.into_object()));
    objects.extend(inventory.sequences.iter().cloned().flat_map(|row| row.into_objects()));
    objects.extend(inventory.tables.iter().cloned().flat_map(|row| row.into_objects(&parts)));
    for row in inventory.views.iter().cloned() {
        let columns = parts.columns.get(&row.oid).map(Vec::as_slice).unwrap_or_default();
        objects.push(row.into_object(columns));
    }
    for (kind, row) in inventory.definitions.before_data.iter().cloned() {
        objects.push(row.into_object(kind));
    }
    (objects, parts)
}
