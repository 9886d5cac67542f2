//! What the restoring role may not do, found before anything is made.

use super::check::finding;
use super::scope::{self, Scope};
use super::source::Facts;
use super::wishes::Wishes;
use crate::backup::units::{EVENT_TRIGGERS, SUBSCRIPTIONS, SYSTEM_PRIVILEGES};
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::{Finding, Source};
use std::collections::BTreeSet;

/// Kinds of objects that only a superuser may make, as the notes of each CREATE in PostgreSQL's documentation say.
const FOR_SUPERUSERS: [&str; 7] = [
    "ACCESS METHOD",
    "FOREIGN DATA WRAPPER",
    "LANGUAGE",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
];

/// Why a unit is left out that [`may_make`] says no to. Nothing else needs what is in such a unit.
pub const MAY_NOT_MAKE: &str = "the restoring role may not make it: a superuser may";

/// Whether the role may make what is in a unit: event triggers and privileges on the server's own objects are a superuser's,
/// and so are subscriptions, or from PostgreSQL 16 those of the members of a role for that.
pub async fn may_make(session: &Session, unit: &str) -> Result<bool> {
    const SUPERUSER: &str = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolsuper AND rolname = current_user";
    const SUBSCRIBER: &str = "SELECT 1 FROM pg_catalog.pg_roles AS r
        WHERE (r.rolsuper AND r.rolname = current_user)
           OR (r.rolname = 'pg_create_subscription' AND pg_catalog.pg_has_role(r.oid, 'USAGE'))";
    let query = match unit {
        SUBSCRIPTIONS => SUBSCRIBER,
        EVENT_TRIGGERS | SYSTEM_PRIVILEGES => SUPERUSER,
        _ => return Ok(true),
    };
    Ok(session.connection.value(query).await?.is_some())
}

/// Looks for objects that this role can't make, and for owners that it can't give them to.
pub async fn look(
    maintenance: &Session,
    source: &Source,
    facts: &Facts,
    scope: &Scope,
    wishes: &Wishes,
) -> Result<Vec<Finding>> {
    let connection = &maintenance.connection;
    if connection.value("SHOW is_superuser").await?.as_deref() == Some("on") {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    for item in scope::contents(source)?.0 {
        let wanted = scope.has(&item.object) && !scope.is_there(&item.object);
        let kind = FOR_SUPERUSERS.iter().find(|kind| item.object.strip_prefix(**kind).is_some_and(starts_name));
        if kind.is_some() && wanted {
            let remedy = format!("--except '{}' leaves it out with what needs it; a superuser makes it", item.name);
            findings.push(finding(wishes.stopper(), item.object, "only a superuser may make it", Some(remedy)));
        }
    }
    let for_superusers = [
        (SUBSCRIPTIONS, "subscriptions"),
        (SYSTEM_PRIVILEGES, "privileges on the server's own objects"),
        (EVENT_TRIGGERS, "event triggers"),
    ];
    for (unit, objects) in for_superusers {
        let wanted = scope.units.as_ref().is_none_or(|units| units.iter().any(|name| name == unit));
        let comes = wanted && source.units.iter().any(|one| one.name == unit);
        if comes && !may_make(maintenance, unit).await? {
            findings.push(finding("left-out", objects, MAY_NOT_MAKE, None));
        }
    }
    if !wishes.no_owner {
        findings.extend(owners(maintenance, facts, wishes).await?);
    }
    Ok(findings)
}

async fn owners(maintenance: &Session, facts: &Facts, wishes: &Wishes) -> Result<Vec<Finding>> {
    let connection = &maintenance.connection;
    // From 16 a member may lack the right to act as the role.
    let right = if maintenance.version.major() >= 16 { "SET" } else { "MEMBER" };
    // The server's own roles stand for others: pg_database_owner is whoever owns the database that will be made.
    let foreign = format!(
        "SELECT rolname, rolsuper FROM pg_catalog.pg_roles
         WHERE NOT pg_catalog.pg_has_role(oid, '{right}') AND rolname !~ '^pg_' ORDER BY 1"
    );
    let ourselves = connection.value("SELECT current_user").await?.unwrap_or_default();
    let owners: BTreeSet<&String> = facts.owners.iter().map(|role| wishes.owners.get(role).unwrap_or(role)).collect();
    let mut findings = Vec::new();
    for row in connection.rows(foreign).await? {
        let mut cells = row.into_iter().map(|cell| String::from_utf8(cell.unwrap_or_default()));
        let mut next = || cells.next().unwrap_or_else(|| Ok(String::new()));
        let (owner, superuser) = (next()?, next()? == "t");
        if owners.contains(&owner) {
            let what = "the restoring role isn't a member of it: what it owns will belong to the restoring role";
            // Nobody should become a superuser for the sake of owners.
            let remedy = (!superuser).then(|| format!("GRANT {} TO {}", ident(&owner), ident(&ourselves)));
            findings.push(finding("warning", format!("ROLE {}", ident(&owner)), what, remedy));
        }
    }
    Ok(findings)
}

/// Whether this is the end of a kind: a quoted name comes next.
fn starts_name(rest: &str) -> bool {
    rest.starts_with(" \"")
}
