//! Could an operation work here?

use crate::catalog::rows::Catalogue;
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::engine::Finding;
use cofferdam_sdk::{Endpoint, Error, Options, Result, options};
use serde::Deserialize;

const ROLE: &str = include_str!("role.sql");
const UNREADABLE: &str = include_str!("unreadable.sql");
const ROWS_HIDDEN: &str = include_str!("rows_hidden.sql");

/// Names that a finding lists before it only counts the others.
const NAMED: usize = 10;

#[derive(Deserialize)]
struct Role {
    name: String,
    superuser: bool,
    bypasses_row_security: bool,
    creates_databases: bool,
    standby: bool,
    database: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Looks for what would stop the operation, without changing anything.
pub async fn check(endpoint: &Endpoint, operation: &str, settings: &Options) -> Result<Vec<Finding>> {
    let database = options::get(settings, "database").filter(|_| operation == "backup");
    let session = Session::open(endpoint, database.map(str::to_owned), "check").await?;
    // With row_security off, asking about it would be the error itself.
    session.connection.run("SET row_security = on; BEGIN READ ONLY").await?;
    let catalogue = Catalogue { connection: &session.connection, version: session.version };
    let role = catalogue.rows::<Role>(ROLE).await?.into_iter().next();
    let role = role.ok_or_else(|| Error::corrupt("the server doesn't know the role that we are"))?;
    let mut findings = vec![finding("ok", format!("PostgreSQL {}", session.version.major()), None)];
    match operation {
        "backup" => {
            let names = |rows: Vec<Name>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
            let unreadable = names(catalogue.rows(UNREADABLE).await?);
            let hidden = names(catalogue.rows(ROWS_HIDDEN).await?);
            findings.extend(backup(&role, &unreadable, &hidden, session.version.major()));
        }
        "restore" | "clone" => findings.extend(restore(&role)),
        other => return Err(Error::invalid_options(format!("there is no operation {other:?} to check"))),
    }
    session.connection.run("COMMIT").await?;
    Ok(findings)
}

fn backup(role: &Role, unreadable: &[String], hidden: &[String], major: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !unreadable.is_empty() {
        let name = ident(&role.name);
        let remedy = if major >= 14 {
            format!("GRANT pg_read_all_data TO {name}")
        } else {
            format!("GRANT USAGE ON ALL SCHEMAS and SELECT ON ALL TABLES and SEQUENCES IN SCHEMA ... TO {name}")
        };
        findings.push(finding("blocker", format!("role {name} can't read {}", listed(unreadable)), Some(remedy)));
    }
    if !hidden.is_empty() && !role.superuser && !role.bypasses_row_security {
        let what = format!("row security hides rows of {}", listed(hidden));
        findings.push(finding("blocker", what, Some(format!("ALTER ROLE {} BYPASSRLS", ident(&role.name)))));
    }
    if role.standby {
        let what = "the server is a standby: a long backup may be cancelled by replay (max_standby_streaming_delay)";
        findings.push(finding("warning", what, Some("ALTER SYSTEM SET hot_standby_feedback = on".to_owned())));
    }
    if findings.iter().all(|finding| finding.severity != "blocker") {
        let what = format!("role {} can read all of database {}", ident(&role.name), ident(&role.database));
        findings.push(finding("ok", what, None));
    }
    findings
}

fn restore(role: &Role) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = ident(&role.name);
    if role.standby {
        findings.push(finding("blocker", "the server is a standby and takes no writes", None));
    }
    if role.superuser || role.creates_databases {
        findings.push(finding("ok", format!("role {name} can make databases"), None));
    } else {
        let what = format!("role {name} can't make databases, only restore into an empty one of its own");
        findings.push(finding("warning", what, Some(format!("ALTER ROLE {name} CREATEDB"))));
    }
    if !role.superuser {
        let what = "without a superuser, owners are kept only for roles that this one is a member of";
        findings.push(finding("warning", what, None));
    }
    findings
}

fn listed(names: &[String]) -> String {
    let first = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn finding(severity: &str, what: impl Into<String>, remedy: Option<String>) -> Finding {
    Finding { severity: severity.to_owned(), object: String::new(), what: what.into(), remedy }
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

    #[test]
    fn a_table_that_cannot_be_read_blocks_and_is_named() {
        let findings = backup(&role(), &["public.orders".to_owned()], &[], 15);
        assert_eq!(findings[0].severity, "blocker");
        assert!(findings[0].what.contains("public.orders"));
        assert_eq!(findings[0].remedy.as_deref(), Some("GRANT pg_read_all_data TO \"bk\""));
    }

    #[test]
    fn hidden_rows_block_only_those_whom_they_are_hidden_from() {
        let hidden = ["public.t".to_owned()];
        assert_eq!(backup(&role(), &[], &hidden, 15)[0].severity, "blocker");
        let bypassing = Role { bypasses_row_security: true, ..role() };
        assert!(backup(&bypassing, &[], &hidden, 15).iter().all(|finding| finding.severity == "ok"));
    }
}
