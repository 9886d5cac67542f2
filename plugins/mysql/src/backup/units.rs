//! The units of a backup and their order.

use cofferdam_sdk::engine::{BackupOptions, Note, Unit};
use cofferdam_sdk::{Error, Result};

use crate::catalog::Relation;
use crate::definition::{FORMAT, ROWS};

/// Everything that rows go into.
pub const TABLES: &str = "schema/tables";
/// Foreign keys, once every table has its rows and keys.
pub const FOREIGN_KEYS: &str = "schema/foreign-keys";
/// Views, routines, triggers and events.
pub const PROGRAMS: &str = "schema/programs";

/// Units of everything, and notes of what they don't hold.
pub fn of(relations: &[Relation], options: &BackupOptions) -> Result<(Vec<Unit>, Vec<Note>)> {
    if !options.only.is_empty() || !options.except.is_empty() {
        return Err(Error::unsupported("this engine backs up a database as a whole")
            .with_hint("leave --only and --except away"));
    }
    let tables: Vec<&Relation> = relations.iter().filter(|r| r.is_table()).collect();
    let mut units = vec![definitions(TABLES, Vec::new())];
    let mut notes = Vec::new();
    for table in &tables {
        units.push(Unit {
            framing: "lines".to_owned(),
            format: ROWS.to_owned(),
            objects: vec![table.name.clone()],
            estimated_bytes: Some(table.bytes),
            estimated_rows: Some(table.rows),
            ..definitions(&format!("data/{}", table.name), vec![TABLES.to_owned()])
        });
        units.push(Unit {
            objects: vec![table.name.clone()],
            ..definitions(&format!("keys/{}", table.name), vec![format!("data/{}", table.name)])
        });
        if table.kind == "SYSTEM VERSIONED" {
            notes.push(left_out(&table.name, "the history of a system-versioned table; its current rows are carried"));
        }
        if !table.is_transactional() {
            notes.push(Note {
                kind: "changed".to_owned(),
                object: table.name.clone(),
                reason: format!("{} knows no transactions: its rows are those of the moment of reading", table.engine),
            });
        }
    }
    let keys = tables.iter().map(|table| format!("keys/{}", table.name)).chain([TABLES.to_owned()]).collect();
    units.push(definitions(FOREIGN_KEYS, keys));
    units.push(definitions(PROGRAMS, vec![FOREIGN_KEYS.to_owned()]));
    Ok((units, notes))
}

fn definitions(name: &str, after: Vec<String>) -> Unit {
    Unit {
        name: name.to_owned(),
        format: FORMAT.to_owned(),
        framing: "lines".to_owned(),
        objects: Vec::new(),
        after,
        estimated_bytes: None,
        estimated_rows: None,
        leader: false,
        external: false,
        extra: Vec::new(),
    }
}

fn left_out(object: &str, reason: &str) -> Note {
    Note { kind: "left-out".to_owned(), object: object.to_owned(), reason: reason.to_owned() }
}
