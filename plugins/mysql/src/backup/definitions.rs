//! The statements of a unit of definitions.

use cofferdam_sdk::engine::Unit;
use cofferdam_sdk::{Error, Result};

use super::units::{FOREIGN_KEYS, PROGRAMS, TABLES};
use crate::catalog;
use crate::definition::Definition;
use crate::session::Session;
use crate::sql;
use crate::table::{self, Parts};

/// Every statement of a unit, in order.
///
/// # Errors
/// What the server says; "conflict" if something was altered since the plan.
pub async fn of(session: &mut Session, database: &str, unit: &Unit) -> Result<Vec<Definition>> {
    match unit.name.as_str() {
        TABLES => tables(session, database).await,
        FOREIGN_KEYS => foreign_keys(session, database).await,
        PROGRAMS => programs(session, database).await,
        _ => {
            let table = unit.objects.first().ok_or_else(|| Error::internal("a unit of keys names no table"))?;
            let parts = parts(session, table).await?;
            Ok(keys(table, &parts))
        }
    }
}

async fn parts(session: &mut Session, table: &str) -> Result<Parts> {
    Ok(table::take_apart(&catalog::definition(session, "TABLE", table).await?))
}

async fn tables(session: &mut Session, database: &str) -> Result<Vec<Definition>> {
    let mut definitions = Vec::new();
    let relations = catalog::relations(session, database).await?;
    // A column's default may be the next value of a sequence.
    for sequence in relations.iter().filter(|r| r.kind == "SEQUENCE") {
        let create = catalog::definition(session, "SEQUENCE", &sequence.name).await?;
        let name = sql::name(&sequence.name);
        let next = session.column(format!("SELECT next_not_cached_value FROM {name}")).await?;
        definitions.push(Definition::new(&sequence.name, create));
        if let Some(next) = next.first() {
            definitions.push(Definition::new(&sequence.name, format!("ALTER SEQUENCE {name} RESTART {next}")));
        }
    }
    for table in relations.iter().filter(|r| r.is_table()) {
        definitions.push(Definition::new(&table.name, parts(session, &table.name).await?.create));
    }
    Ok(definitions)
}

/// All keys in one pass over the table, but a full-text key apart: InnoDB makes one of those at a time.
fn keys(table: &str, parts: &Parts) -> Vec<Definition> {
    let (texts, keys): (Vec<&String>, Vec<&String>) = parts.keys.iter().partition(|key| key.starts_with("FULLTEXT"));
    let add = |keys: &[&String]| {
        let keys: Vec<_> = keys.iter().map(|key| format!("ADD {key}")).collect();
        Definition::new(table, format!("ALTER TABLE {} {}", sql::name(table), keys.join(", ")))
    };
    let together = (!keys.is_empty()).then(|| add(&keys));
    together.into_iter().chain(texts.into_iter().map(|text| add(&[text]))).collect()
}

async fn foreign_keys(session: &mut Session, database: &str) -> Result<Vec<Definition>> {
    let mut definitions = Vec::new();
    for table in catalog::relations(session, database).await?.iter().filter(|r| r.is_table()) {
        let keys: Vec<_> =
            parts(session, &table.name).await?.foreign_keys.iter().map(|key| format!("ADD {key}")).collect();
        if !keys.is_empty() {
            let alter = format!("ALTER TABLE {} {}", sql::name(&table.name), keys.join(", "));
            definitions.push(Definition::new(&table.name, alter));
        }
    }
    Ok(definitions)
}

/// Functions before views, which may call them; triggers and events last.
async fn programs(session: &mut Session, database: &str) -> Result<Vec<Definition>> {
    let programs = catalog::programs(session, database).await?;
    let (late, early): (Vec<_>, Vec<_>) = programs.into_iter().partition(|p| matches!(p.kind, "TRIGGER" | "EVENT"));
    let definition = |program: catalog::Program| Definition {
        object: program.name,
        sql: program.statement,
        sql_mode: Some(program.sql_mode),
        text: Some((program.charset, program.collation)),
    };
    let mut definitions: Vec<_> = early.into_iter().map(definition).collect();
    for view in catalog::relations(session, database).await?.iter().filter(|r| r.kind == "VIEW") {
        let row = session.texts(format!("SHOW CREATE VIEW {}", sql::name(&view.name))).await?;
        let [_, statement, charset, collation] = row.as_slice() else {
            return Err(Error::corrupt(format!("the server doesn't say how the view {} is made", view.name)));
        };
        definitions.push(Definition {
            object: view.name.clone(),
            sql: statement.clone(),
            sql_mode: None,
            text: Some((charset.clone(), collation.clone())),
        });
    }
    definitions.extend(late.into_iter().map(definition));
    Ok(definitions)
}
