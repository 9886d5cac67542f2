//! Could an operation work here?

use super::check_backup;
use crate::catalog::rows::Catalogue;
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::engine::Finding;
use cofferdam_sdk::{Endpoint, Error, Options, Result, options};
use serde::Deserialize;

const ROLE: &str = include_str!("role.sql");

/// The role that we are, and where.
#[derive(Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether it may do everything.
    pub superuser: bool,
    /// Whether no row is hidden from it.
    pub bypasses_row_security: bool,
    /// Whether it may make databases.
    pub creates_databases: bool,
    /// Whether the server is a standby.
    pub standby: bool,
    /// The database that we are connected to.
    pub database: String,
}

/// Looks for what would stop the operation, without changing anything.
pub async fn check(endpoint: &Endpoint, operation: &str, settings: &Options) -> Result<Vec<Finding>> {
    let database = options::get(settings, "database").filter(|_| operation == "backup");
    let session = Session::lead(endpoint, database.map(str::to_owned), "check").await?;
    // With row_security off, asking about it would be the error itself.
    session.connection.run("SET row_security = on; BEGIN READ ONLY").await?;
    let catalogue = Catalogue::of(&session);
    let role = catalogue.rows::<Role>(ROLE).await?.into_iter().next();
    let role = role.ok_or_else(|| Error::corrupt("the server doesn't know the role that we are"))?;
    let mut findings = vec![finding("ok", format!("PostgreSQL {}", session.version.major()), None)];
    match operation {
        "backup" => findings.extend(check_backup::check(&session, &role).await?),
        "restore" | "clone" => findings.extend(restore(&role)),
        other => return Err(Error::invalid_options(format!("there is no operation {other:?} to check"))),
    }
    session.connection.run("COMMIT").await?;
    Ok(findings)
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

/// A finding.
pub fn finding(severity: &str, what: impl Into<String>, remedy: Option<String>) -> Finding {
    Finding { severity: severity.to_owned(), object: String::new(), what: what.into(), remedy }
}
