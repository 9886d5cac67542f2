//! Could a backup be made here: may the role read everything, and has the server room for the locks?

use super::check::{Role, finding};
use crate::backup::Room;
use crate::catalog::rows::{self, Catalogue};
use crate::quote::{ident, qualified};
use crate::session::Session;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::Finding;
use serde::Deserialize;
use std::collections::BTreeSet;

const UNREADABLE: &str = include_str!("unreadable.sql");
const ROWS_HIDDEN: &str = include_str!("rows_hidden.sql");
const LOCKED: &str = include_str!("locked.sql");

/// Names that a finding lists before it only counts the others.
const NAMED: usize = 10;

/// A table, a sequence, or the catalogue of large objects.
#[derive(Deserialize)]
struct Relation {
    schema: String,
    name: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Locked {
    tables: usize,
}

/// Looks for what would stop a backup.
pub async fn check(session: &Session, role: &Role) -> Result<Vec<Finding>> {
    let catalogue = Catalogue::of(session);
    let unreadable: Vec<Relation> = catalogue.rows(UNREADABLE).await?;
    let hidden: Vec<String> = catalogue.rows(ROWS_HIDDEN).await?.into_iter().map(|row: Name| row.name).collect();
    let mut findings = rights(role, &unreadable, &hidden, session.version.major());
    let tables = rows::at_once::<Locked>(session, LOCKED).await?.first().map_or(0, |locked| locked.tables);
    let room = Room::read(session).await?;
    if !room.holds(tables) {
        let what = format!("{}; the setting counts from the server's next start", room.shortage(tables));
        findings.push(finding("blocker", what, Some(room.remedy(tables))));
    }
    if findings.iter().all(|finding| finding.severity != "blocker") {
        let what = format!("role {} can read all of database {}", ident(&role.name), ident(&role.database));
        findings.push(finding("ok", what, None));
    }
    Ok(findings)
}

fn rights(role: &Role, unreadable: &[Relation], hidden: &[String], major: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = ident(&role.name);
    if !unreadable.is_empty() {
        let names: Vec<String> = unreadable.iter().map(|one| qualified(&one.schema, &one.name)).collect();
        let remedy = if major >= 14 { format!("GRANT pg_read_all_data TO {name}") } else { grants(unreadable, &name) };
        findings.push(finding("blocker", format!("role {name} can't read {}", listed(&names)), Some(remedy)));
    }
    if !hidden.is_empty() && !role.superuser && !role.bypasses_row_security {
        let what = format!("row security hides rows of {}", listed(hidden));
        findings.push(finding("blocker", what, Some(format!("ALTER ROLE {name} BYPASSRLS"))));
    }
    if role.standby {
        let what = "the server is a standby: what it plays back may end a long backup (max_standby_streaming_delay)";
        findings.push(finding("warning", what, Some("ALTER SYSTEM SET hot_standby_feedback = on".to_owned())));
    }
    findings
}

/// The statements for servers that have no role which may read everything. Tables that are made later need them again.
fn grants(unreadable: &[Relation], role: &str) -> String {
    let (system, users): (Vec<&Relation>, Vec<&Relation>) =
        unreadable.iter().partition(|one| one.schema == "pg_catalog");
    let schemas: BTreeSet<String> = users.iter().map(|one| ident(&one.schema)).collect();
    let schemas = schemas.into_iter().collect::<Vec<_>>().join(", ");
    let mut statements = Vec::new();
    if !schemas.is_empty() {
        statements.push(format!("GRANT USAGE ON SCHEMA {schemas} TO {role}"));
        statements.push(format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO {role}"));
        statements.push(format!("GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schemas} TO {role}"));
    }
    statements
        .extend(system.iter().map(|one| format!("GRANT SELECT ON {} TO {role}", qualified(&one.schema, &one.name))));
    statements.join("; ")
}

fn listed(names: &[String]) -> String {
    let first = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn role() -> Role {
        Role {
            name: "bk".to_owned(),
            superuser: false,
            bypasses_row_security: false,
            creates_databases: false,
            standby: false,
            database: "d".to_owned(),
        }
    }

    fn relation(schema: &str, name: &str) -> Relation {
        Relation { schema: schema.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_table_that_cannot_be_read_blocks_and_is_named() {
        let findings = rights(&role(), &[relation("public", "orders")], &[], 15);
        assert_eq!(findings[0].severity, "blocker");
        assert!(findings[0].what.contains("\"public\".\"orders\""));
        assert_eq!(findings[0].remedy.as_deref(), Some("GRANT pg_read_all_data TO \"bk\""));
    }

    #[test]
    fn before_14_everything_is_granted_by_name() {
        let unreadable = [relation("pg_catalog", "pg_largeobject"), relation("s", "a"), relation("s", "b")];
        let findings = rights(&role(), &unreadable, &[], 13);
        assert_eq!(
            findings[0].remedy.as_deref(),
            Some(
                "GRANT USAGE ON SCHEMA \"s\" TO \"bk\"; GRANT SELECT ON ALL TABLES IN SCHEMA \"s\" TO \"bk\"; \
                 GRANT SELECT ON ALL SEQUENCES IN SCHEMA \"s\" TO \"bk\"; \
                 GRANT SELECT ON \"pg_catalog\".\"pg_largeobject\" TO \"bk\""
            )
        );
    }

    #[test]
    fn hidden_rows_block_only_those_whom_they_are_hidden_from() {
        let hidden = ["public.t".to_owned()];
        assert_eq!(rights(&role(), &[], &hidden, 15)[0].severity, "blocker");
        let bypassing = Role { bypasses_row_security: true, ..role() };
        assert!(rights(&bypassing, &[], &hidden, 15).is_empty());
    }
}
