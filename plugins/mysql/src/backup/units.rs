//! The units of a backup and their order.

use cofferdam_sdk::engine::{Note, Unit};
use cofferdam_sdk::options;

use super::state::State;
use crate::catalog::Relation;
use crate::definition::{FORMAT, ROWS};

/// Everything that rows go into.
pub const TABLES: &str = "schema/tables";
/// What is made last: foreign keys, views, routines, triggers and events.
pub const LATE: &str = "schema/late";
/// A unit's note: the rows come with when they were current.
pub const HISTORY: &str = "history";
/// A unit's note: a table in it fetches its rows from elsewhere.
pub const FETCHES: &str = "fetches";

/// Units of everything.
pub fn of(state: &State) -> Vec<Unit> {
    let tables: Vec<&Relation> = state.relations.iter().filter(|relation| relation.has_rows()).collect();
    // Only the leader knows what was there when the lock was held.
    let mut units = vec![Unit { leader: true, ..definitions(TABLES, Vec::new()) }];
    for table in tables {
        let history = state.histories.contains(&table.name);
        units.push(Unit {
            framing: "lines".to_owned(),
            format: ROWS.to_owned(),
            objects: vec![table.name.clone()],
            estimated_bytes: Some(table.bytes),
            estimated_rows: Some(table.rows),
            extra: if history { options::from_pairs([(HISTORY, "carried")]) } else { Vec::new() },
            ..definitions(&format!("data/{}", table.name), vec![TABLES.to_owned()])
        });
        if state.keys.contains_key(&table.name) {
            units.push(Unit {
                objects: vec![table.name.clone()],
                ..definitions(&format!("keys/{}", table.name), vec![format!("data/{}", table.name)])
            });
        }
    }
    let fetches = state.relations.iter().any(|relation| relation.is_table() && relation.fetches());
    units.push(Unit {
        leader: true,
        extra: if fetches { options::from_pairs([(FETCHES, "yes")]) } else { Vec::new() },
        ..definitions(LATE, vec![TABLES.to_owned()])
    });
    units
}

fn definitions(name: &str, after: Vec<String>) -> Unit {
    Unit {
        name: name.to_owned(),
        format: FORMAT.to_owned(),
        framing: "definitions".to_owned(),
        objects: Vec::new(),
        after,
        estimated_bytes: None,
        estimated_rows: None,
        leader: false,
        external: false,
        extra: Vec::new(),
    }
}

/// A note on an object.
pub fn note(kind: &str, object: &str, reason: &str) -> Note {
    Note { kind: kind.to_owned(), object: object.to_owned(), reason: reason.to_owned() }
}
