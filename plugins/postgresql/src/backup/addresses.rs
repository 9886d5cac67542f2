//! How statements call every object, for what is said of objects from outside.

use super::inventory::Inventory;
use crate::catalog::id::{Id, class};
use crate::catalog::object::Object;
use crate::quote::{ident, qualified};
use std::collections::HashMap;

/// Addresses by identity: of objects, their constraints, and what comes after the data.
pub fn of(inventory: &Inventory, objects: &[Object]) -> HashMap<Id, String> {
    let mut addresses: HashMap<Id, String> = objects.iter().map(|object| (object.id, object.address.clone())).collect();
    // A composite type's columns hang on a relation of its own.
    addresses.extend(
        inventory
            .aliases
            .iter()
            .filter_map(|alias| {
                let (part, whole) = alias.pair();
                let address = addresses.get(&whole).filter(|_| part.class == class::RELATION)?;
                Some((part, address.clone()))
            })
            .collect::<Vec<_>>(),
    );
    let tables = inventory.tables.iter().map(|table| (table.oid, table.qualified()));
    let tables: HashMap<u32, String> = tables.collect();
    for check in &inventory.checks {
        let on = match tables.get(&check.relation) {
            Some(table) => table.clone(),
            None => match addresses.get(&Id::new(class::TYPE, check.r#type)) {
                Some(domain) => domain.clone(),
                None => continue,
            },
        };
        addresses.insert(check.id(), format!("CONSTRAINT {} ON {on}", ident(&check.name)));
    }
    for column in &inventory.columns {
        if let (Some(constraint), Some(table)) = (column.not_null_constraint(), tables.get(&column.relation)) {
            addresses.insert(constraint.id, format!("CONSTRAINT {} ON {table}", ident(constraint.name)));
        }
    }
    for domain in &inventory.types {
        if let (Some((id, name)), Some(address)) = (domain.named_not_null(), addresses.get(&domain.id()).cloned()) {
            addresses.insert(id, format!("CONSTRAINT {} ON {address}", ident(name)));
        }
    }
    for index in inventory.indexes.iter().filter(|index| !index.is_broken()) {
        for id in index.ids() {
            let constraint = index.constraint_address().filter(|_| id.class == class::CONSTRAINT);
            addresses.insert(id, constraint.unwrap_or_else(|| index.address()));
        }
    }
    addresses.extend(inventory.foreign_keys.iter().map(|key| (key.id(), key.address())));
    let definitions = &inventory.definitions;
    let definitions =
        definitions.after_data.iter().chain(&definitions.event_triggers).chain(&definitions.subscriptions);
    addresses.extend(definitions.map(|row| (row.id(), row.address().to_owned())));
    for sequence in inventory.sequences.iter().filter(|sequence| sequence.identity == Some(true)) {
        addresses.insert(sequence.id(), format!("SEQUENCE {}", qualified(&sequence.schema, &sequence.name)));
    }
    addresses
}
