//! The statements of units of definitions.

use cofferdam_sdk::Result;

use crate::catalog::{self, Program, Relation};
use crate::definition::Definition;
use crate::session::Session;
use crate::table::{self, Parts};
use crate::{rename, sql};

/// A table of fewer rows, as the server estimates them, gets its keys at once: another statement for them costs more.
const FEW: u64 = 10_000;

/// A table's parts. `USE` must have chosen its database.
///
/// # Errors
/// What the server says.
pub async fn parts(session: &mut Session, relation: &Relation) -> Result<Parts> {
    let statement = catalog::definition(session, "TABLE", &relation.name).await?;
    Ok(table::take_apart(&statement, relation.rows >= FEW))
}

/// What rows go into: a sequence with where it stands, or a table without what waits for its rows.
///
/// # Errors
/// What the server says.
pub async fn of_relation(session: &mut Session, relation: &Relation) -> Result<Vec<Definition>> {
    let name = sql::name(&relation.name);
    if relation.kind == "SEQUENCE" {
        let object = format!("SEQUENCE {}", relation.name);
        let create = catalog::definition(session, "SEQUENCE", &relation.name).await?;
        let state = session.texts(format!("SELECT next_not_cached_value, cycle_count FROM {name}")).await?;
        let set = format!("DO SETVAL({name}, {}, 0, {})", cell(&state, 0), cell(&state, 1));
        return Ok(vec![Definition::new(&object, create).making("sequence", 1), Definition::new(object, set)]);
    }
    let parts = parts(session, relation).await?;
    let compare_as = Some(table::without_counter(&parts.create));
    let definition = Definition { compare_as, ..Definition::new(object(&relation.name), parts.create) };
    Ok(vec![definition.making("table", 1).making("key", parts.kept_keys)])
}

/// All keys in one pass over the table, but full-text and spatial keys apart: InnoDB makes one of those at a time.
pub fn keys(table: &str, parts: &Parts) -> Vec<Definition> {
    let alone = |key: &&String| key.starts_with("FULLTEXT") || key.starts_with("SPATIAL");
    let (alone, together): (Vec<&String>, Vec<&String>) = parts.keys.iter().partition(alone);
    let add = |keys: &[&String]| {
        let added: Vec<_> = keys.iter().map(|key| format!("ADD {key}")).collect();
        Definition::new(object(table), format!("ALTER TABLE {} {}", sql::name(table), added.join(", ")))
            .making("key", keys.len() as u64)
    };
    let together = (!together.is_empty()).then(|| add(&together));
    together.into_iter().chain(alone.into_iter().map(|key| add(&[key]))).collect()
}

/// Foreign keys of a table, and its defaults out of sequences.
pub fn late(table: &str, parts: &Parts, database: &str) -> Vec<Definition> {
    let alter = |changes: &[String]| {
        Definition::new(object(table), format!("ALTER TABLE {} {}", sql::name(table), changes.join(", ")))
    };
    let added: Vec<_> = parts.foreign_keys.iter().map(|key| format!("ADD {key}")).collect();
    let foreign = (!added.is_empty()).then(|| alter(&added).making("foreign key", added.len() as u64));
    let defaults = (!parts.defaults.is_empty()).then(|| qualified(alter(&parts.defaults), database));
    foreign.into_iter().chain(defaults).collect()
}

/// A table whose rows are somewhere else: what it is made by.
///
/// # Errors
/// What the server says.
pub async fn elsewhere(session: &mut Session, relation: &Relation) -> Result<Definition> {
    let create = catalog::definition(session, "TABLE", &relation.name).await?;
    let parts = table::take_apart(&create, false);
    let keys = parts.kept_keys + parts.keys.len() as u64;
    let compare_as = Some(table::without_counter(&create));
    let definition = Definition { compare_as, ..Definition::new(object(&relation.name), create) };
    let foreign = parts.foreign_keys.len() as u64;
    Ok(definition.making("table", 1).making("key", keys).making("foreign key", foreign))
}

/// The statement of a routine, trigger, event or view.
pub fn of_program(program: Program, database: &str) -> Definition {
    let definition = Definition {
        sql_mode: program.sql_mode,
        text: Some((program.charset, program.collation)),
        time_zone: program.time_zone,
        ..Definition::new(format!("{} {}", program.kind, program.name), program.statement)
    };
    let definition = definition.making(&program.kind.to_ascii_lowercase(), 1);
    // Only what the server itself wrote can be told apart word by word.
    if program.kind == "VIEW" { qualified(definition, database) } else { definition }
}

/// A definition that may name its database, so that it is compared without.
fn qualified(definition: Definition, database: &str) -> Definition {
    let compare_as = rename::database(&definition.sql, database, "");
    Definition { qualified: true, compare_as, ..definition }
}

fn object(table: &str) -> String {
    format!("TABLE {table}")
}

fn cell(row: &[String], place: usize) -> &str {
    row.get(place).map_or("0", String::as_str)
}
