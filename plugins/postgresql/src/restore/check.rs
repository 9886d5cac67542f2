//! The dry run: what would happen, and what would stop it.

use super::append::{self, Move};
use super::exchange::Exchange;
use super::labels::MissingProviders;
use super::prepare::DEFAULT_TABLESPACE;
use super::rights;
use super::scope::Scope;
use super::source::Facts;
use super::tablespaces::Tablespaces;
use super::target::Target;
use super::way::{self, Way};
use super::wishes::Wishes;
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::engine::{Finding, RestoreOptions, Source};
use cofferdam_sdk::{Endpoint, Result};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// What was found out about a target before it is changed.
pub struct Looked {
    /// How it is come by.
    pub way: Way,
    /// What is wanted of the backup.
    pub scope: Scope,
    /// The move into another schema.
    pub moved: Option<Move>,
    /// What is replaced of what is there, by itself.
    pub exchange: Option<Exchange>,
    /// What stands for and against it.
    pub findings: Vec<Finding>,
}

/// Looks at the target without changing it. `kept` is what stands behind the names that keep what is replaced, once chosen.
pub async fn look(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    wishes: &Wishes,
    source: &Source,
    facts: &Facts,
    kept: &RefCell<Option<String>>,
) -> Result<Looked> {
    let (way, mut findings) = way::find(endpoint, maintenance, options, wishes, facts).await?;
    findings.extend(superuser(maintenance, wishes).await?);
    let (scope, moved, exchange) = if way == Way::Adding {
        let name = options.database.as_deref().unwrap_or(&facts.database);
        let session = Target::in_place(name, &facts.encoding, 0).open(endpoint, &options.operation_id).await?;
        let there = append::holds(&session).await?;
        let mut scope = Scope::of(source, wishes, Some(there.clone()))?;
        let moved = wishes.into_schema.as_ref().map(|to| Move::of(source, &scope, to, &there)).transpose()?;
        if let Some(moved) = &moved {
            scope = Scope::of(source, wishes, Some(moved.hide(source, there.clone())?))?;
        }
        let mut exchange = None;
        if let Some(chosen) = scope.chosen.as_ref().filter(|_| wishes.exchanges()) {
            let found = Exchange::of(&session, chosen, wishes.drop_old, kept).await?;
            findings.extend(found.check(&session).await?);
            scope = Scope::of(source, wishes, Some(found.hide(there)))?;
            exchange = Some(found);
        }
        if let Some(chosen) = &scope.chosen {
            findings.extend(append::check(&session, source, chosen, moved.as_ref()).await?);
        }
        (scope, moved, exchange)
    } else {
        (Scope::of(source, wishes, None)?, None, None)
    };
    findings.extend(scope.notes.iter().map(|note| finding(&note.kind, &note.object, &note.reason, None)));
    findings.extend(version(maintenance, facts));
    findings.extend(extensions(maintenance, facts, &scope, wishes).await?);
    findings.extend(roles(maintenance, facts, wishes).await?);
    findings.extend(rights::look(maintenance, source, facts, &scope, wishes).await?);
    if wishes.globals {
        findings.extend(globals(maintenance, facts).await?);
    }
    let tablespaces = Tablespaces::read(maintenance, &options.extra).await?;
    let own = facts.tablespace.iter().filter(|name| *name != DEFAULT_TABLESPACE && way != Way::Adding);
    let named: BTreeSet<&String> = facts.tablespaces.iter().chain(own).collect();
    findings.extend(named.into_iter().filter_map(|name| tablespaces.finding(name)));
    findings.extend(MissingProviders::among(maintenance, &facts.label_providers).await?.findings());
    Ok(Looked { way, scope, moved, exchange, findings })
}

/// A finding.
pub fn finding(severity: &str, object: impl Into<String>, what: impl Into<String>, remedy: Option<String>) -> Finding {
    Finding { severity: severity.to_owned(), object: object.into(), what: what.into(), remedy }
}

/// Check constraints, defaults and casts of the source run with the rights of whoever restores, and whoever made them
/// could be anybody.
async fn superuser(maintenance: &Session, wishes: &Wishes) -> Result<Option<Finding>> {
    let superuser = maintenance.connection.value("SHOW is_superuser").await?.as_deref() == Some("on");
    Ok((superuser && !wishes.as_superuser).then(|| {
        let what = "restoring runs functions of the source, and this role is a superuser: they could do anything here; \
            if you trust whoever could make functions in the source, allow it with --as-superuser";
        finding("blocker", "", what, Some("CREATE ROLE restorer LOGIN CREATEDB, and restore as that".to_owned()))
    }))
}

fn version(maintenance: &Session, facts: &Facts) -> Option<Finding> {
    let (from, to) = (facts.major?, maintenance.version.major());
    let what = format!("the backup is of PostgreSQL {from}, the target is {to}: what only {from} knows will fail");
    (from > to).then(|| finding("warning", "", what, None))
}

/// The version of each extension that is made if none is named, and whether this role may make it.
const EXTENSIONS: &str = "
    SELECT e.name, e.default_version, NOT v.superuser OR v.trusted OR current_setting('is_superuser') = 'on'
    FROM pg_catalog.pg_available_extensions AS e
    JOIN pg_catalog.pg_available_extension_versions AS v ON v.name = e.name AND v.version = e.default_version";

async fn extensions(maintenance: &Session, facts: &Facts, scope: &Scope, wishes: &Wishes) -> Result<Vec<Finding>> {
    let mut there: HashMap<String, (String, bool)> = HashMap::new();
    for row in maintenance.connection.rows(EXTENSIONS).await? {
        let mut cells = row.into_iter().map(|cell| String::from_utf8(cell.unwrap_or_default()));
        let mut next = || cells.next().unwrap_or_else(|| Ok(String::new()));
        there.insert(next()?, (next()?, next()? == "t"));
    }
    let mut findings = Vec::new();
    for extension in &facts.extensions {
        let object = format!("EXTENSION {}", ident(&extension.name));
        if !scope.has(&object) || scope.is_there(&object) {
            continue;
        }
        match there.get(extension.name.as_str()) {
            None => {
                let what = format!(
                    "version {} is needed, and the target server has none: install its package there, or leave out what \
                     needs it with --except",
                    extension.version
                );
                findings.push(finding(wishes.stopper(), object, what, None));
            }
            Some((_, false)) => {
                let what = "only a superuser may make it on this server";
                let remedy =
                    Some(format!("CREATE {object} in the target database, and restore with --if-exists append"));
                findings.push(finding(wishes.stopper(), object, what, remedy));
            }
            Some((version, true)) if *version != extension.version => {
                let what = format!("version {version} instead of {}", extension.version);
                findings.push(finding("changed", object, what, None));
            }
            Some(_) => {}
        }
    }
    Ok(findings)
}

/// What stands against restoring what belongs to the server.
async fn globals(maintenance: &Session, facts: &Facts) -> Result<Option<Finding>> {
    if facts.globals.is_empty() {
        let what = "the backup holds no roles or what else is the server's: it wasn't made with --globals";
        return Ok(Some(finding("blocker", "globals", what, None)));
    }
    let may = "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user";
    if maintenance.connection.value(may).await?.as_deref() == Some("t") {
        return Ok(None);
    }
    let remedy = "SELECT pg_catalog.format('ALTER ROLE %I CREATEROLE', current_user)";
    let remedy = maintenance.connection.value(remedy).await?;
    Ok(Some(finding("blocker", "globals", "the role may not make roles", remedy)))
}

async fn roles(maintenance: &Session, facts: &Facts, wishes: &Wishes) -> Result<Vec<Finding>> {
    let there = maintenance.connection.column("SELECT rolname FROM pg_catalog.pg_roles").await?;
    let named = facts.roles.iter().map(|role| wishes.owners.get(role).unwrap_or(role));
    let come = |role: &String| wishes.globals && facts.globals.contains(role);
    let mut missing: Vec<&String> = named.filter(|role| !there.contains(role) && !come(role)).collect();
    missing.sort();
    missing.dedup();
    let mut findings: Vec<Finding> = missing
        .into_iter()
        .map(|role| {
            let what = "the target has no such role: what it owns will belong to the restoring role, and its rights are left \
                out; --owner gives them to another one";
            finding("warning", format!("ROLE {}", ident(role)), what, Some(format!("CREATE ROLE {}", ident(role))))
        })
        .collect();
    let unknown = wishes.owners.keys().filter(|from| !facts.roles.contains(from));
    findings.extend(unknown.map(|from| {
        finding("warning", format!("ROLE {}", ident(from)), "--owner names it, and nothing in the backup does", None)
    }));
    Ok(findings)
}
