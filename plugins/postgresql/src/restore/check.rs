//! The dry run: what would happen, and what would stop it.

use super::labels::MissingProviders;
use super::locale::Locale;
use super::prepare::DEFAULT_TABLESPACE;
use super::source::Facts;
use super::tablespaces::Tablespaces;
use super::target::{Target, exists, occupant};
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::engine::{Finding, RestoreOptions};
use cofferdam_sdk::{Endpoint, Result};
use std::collections::{BTreeSet, HashMap};

/// Looks at the target without changing it.
pub async fn check(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    facts: &Facts,
) -> Result<Vec<Finding>> {
    let mut findings = vec![database(endpoint, maintenance, options, facts).await?];
    findings.extend(version(maintenance, facts));
    findings.extend(extensions(maintenance, facts).await?);
    findings.extend(roles(maintenance, facts).await?);
    let tablespaces = Tablespaces::read(maintenance, &options.extra).await?;
    let own = facts.tablespace.iter().filter(|name| *name != DEFAULT_TABLESPACE);
    let named: BTreeSet<&String> = facts.tablespaces.iter().chain(own).collect();
    findings.extend(named.into_iter().filter_map(|name| tablespaces.finding(name)));
    findings.extend(MissingProviders::among(maintenance, &facts.label_providers).await?.findings());
    Ok(findings)
}

/// A finding.
pub fn finding(severity: &str, object: impl Into<String>, what: impl Into<String>, remedy: Option<String>) -> Finding {
    Finding { severity: severity.to_owned(), object: object.into(), what: what.into(), remedy }
}

async fn database(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    facts: &Facts,
) -> Result<Finding> {
    let name = options.database.as_deref().unwrap_or(&facts.database);
    let object = format!("DATABASE {}", ident(name));
    if !exists(maintenance, name).await? {
        let may = "SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user";
        return Ok(if maintenance.connection.value(may).await?.as_deref() == Some("t") {
            finding("ok", object, "it isn't there and will be made", None)
        } else {
            let remedy = maintenance.connection.value("SELECT format('ALTER ROLE %I CREATEDB', current_user)").await?;
            finding("blocker", object, "it isn't there, and the role may not make it", remedy)
        });
    }
    let session = Target::in_place(name, &facts.encoding, facts.units).open(endpoint, &options.operation_id).await?;
    if let Some(occupant) = occupant(&session).await? {
        return Ok(finding("blocker", object, format!("it is there and isn't empty: it has {occupant}"), None));
    }
    let locale = Locale::read(&session).await?;
    Ok(match locale.differences(facts) {
        (Some(blocker), _) => finding("blocker", object, blocker, None),
        (None, Some(changed)) => finding("changed", object, changed, None),
        _ => finding("ok", object, "it is there and empty, and will be restored into", None),
    })
}

fn version(maintenance: &Session, facts: &Facts) -> Option<Finding> {
    let (from, to) = (facts.major?, maintenance.version.major());
    let what = format!("the backup is of PostgreSQL {from}, the target is {to}: what only {from} knows will fail");
    (from > to).then(|| finding("warning", "", what, None))
}

async fn extensions(maintenance: &Session, facts: &Facts) -> Result<Vec<Finding>> {
    let rows = maintenance
        .connection
        .column("SELECT name || ' ' || default_version FROM pg_catalog.pg_available_extensions")
        .await?;
    let there: HashMap<&str, &str> = rows.iter().filter_map(|row| row.split_once(' ')).collect();
    let judged = facts.extensions.iter().map(|extension| {
        let object = format!("EXTENSION {}", ident(&extension.name));
        match there.get(extension.name.as_str()) {
            None => {
                let what = "the target server has no such extension: install its package there";
                Some(finding("blocker", object, what, None))
            }
            Some(version) if *version != extension.version => {
                let what = format!("version {version} instead of {}", extension.version);
                Some(finding("changed", object, what, None))
            }
            Some(_) => None,
        }
    });
    Ok(judged.flatten().collect())
}

async fn roles(maintenance: &Session, facts: &Facts) -> Result<Vec<Finding>> {
    let there = maintenance.connection.column("SELECT rolname FROM pg_catalog.pg_roles").await?;
    let missing = facts.roles.iter().filter(|role| !there.contains(role));
    Ok(missing
        .map(|role| {
            let what = "the target has no such role: its rights are left out";
            finding("warning", format!("ROLE {}", ident(role)), what, Some(format!("CREATE ROLE {}", ident(role))))
        })
        .collect())
}
