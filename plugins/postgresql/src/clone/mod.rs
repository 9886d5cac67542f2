//! A copy that the server makes by itself: `CREATE DATABASE ... TEMPLATE`.
//!
//! The server refuses while anybody is connected to the template (PostgreSQL documentation 23.3). Then, and wherever else it
//! can't be, nothing is changed and the host pipes. The copy is made under a working name, as a restore is, and gets its
//! name last.

mod origin;

use crate::backup::units::note;
use crate::quote::{ident, literal};
use crate::restore::{Roles, Target, exists, neutralize, rename};
use crate::session::{Session, application_name};
use cofferdam_sdk::engine::{CloneOptions, Cloned, Note, Summary};
use cofferdam_sdk::{Endpoint, Error, Result};
use origin::Origin;

/// From here on files are copied instead of every page being written to the log, which costs two checkpoints
/// (PostgreSQL documentation, CREATE DATABASE, STRATEGY).
const LARGE: u64 = 1 << 30;

/// Copies a database inside its server.
pub async fn copy(source: &Endpoint, target: &Endpoint, options: CloneOptions) -> Result<Cloned> {
    let not_here = |reason: &str| Ok(Cloned::NotHere(reason.to_owned()));
    if options.if_exists != "fail" {
        return not_here("an existing database may be in the way");
    }
    let changing = |name: &str| options.extra.iter().any(|(key, value)| key == name && value != "off");
    if changing("owner") || changing("no-owner") {
        return not_here("objects are to have other owners");
    }
    let reading = Session::lead(source, options.source.clone(), &options.operation_id).await?;
    let Some(origin) = Origin::read(&reading).await? else {
        return not_here("the server doesn't tell the role which server it is (pg_control_system)");
    };
    drop(reading);
    if origin.subscriptions > 0 {
        return not_here("a server copies a database without its subscriptions, and there are some");
    }
    if origin.login_triggers > 0 {
        return not_here("its triggers on logins would act on a copy that isn't whole yet");
    }
    // The template mustn't be connected to, not even by us.
    let elsewhere = target.info().database.filter(|name| *name != origin.database);
    let other = if origin.database == "postgres" { "template1" } else { "postgres" };
    let managing = elsewhere.unwrap_or_else(|| other.to_owned());
    let managing = match Session::lead(target, Some(managing.clone()), &options.operation_id).await {
        Err(error) if error.engine_code.is_some() => {
            return not_here(&format!("no connection to database {}: {}", ident(&managing), error.message));
        }
        opened => opened?,
    };
    if origin::server(&managing).await?.as_ref() != Some(&origin.server) {
        return not_here("the source and the target are two servers");
    }
    let name = options.target.as_deref().unwrap_or(&origin.database);
    if exists(&managing, name).await? {
        return not_here(&format!("database {} is there already", ident(name)));
    }
    let connected = connected(&managing, &origin.database, &options.operation_id).await?;
    if connected > 0 {
        return not_here(&format!("database {} is in use, by {connected} sessions", ident(&origin.database)));
    }
    // What a copy has no use for: units, and the encoding of the rows that come.
    let copy = Target { owner: Some(origin.owner.clone()), ..Target::beside(name, &options.operation_id, "", 0) };
    if let Err(error) = managing.connection.run(create(&copy, &origin, managing.version.major())).await {
        return match error.engine_code.as_deref() {
            // Object in use; insufficient privilege.
            Some("55006" | "42501") => not_here(&error.message),
            _ => Err(error.while_doing(format!("copying database {}", ident(&origin.database)))),
        };
    }
    let mut notes = settle(target, &copy, &origin, &options).await?;
    notes.extend(rename(&managing, &copy, &options.operation_id).await?);
    Ok(Cloned::Copied(Summary { notes, ..Summary::default() }))
}

/// Sessions of others that are connected to the database.
async fn connected(managing: &Session, database: &str, operation_id: &str) -> Result<u64> {
    let query = format!(
        "SELECT count(*) FROM pg_catalog.pg_stat_activity
         WHERE datname = {} AND backend_type = 'client backend' AND application_name <> {}",
        literal(database),
        literal(&application_name(operation_id))
    );
    Ok(managing.connection.value(query).await?.map_or(Ok(0), |count| count.parse())?)
}

fn create(copy: &Target, origin: &Origin, major: u32) -> String {
    let strategy = if major >= 15 && origin.bytes > LARGE { " STRATEGY FILE_COPY" } else { "" };
    format!("CREATE DATABASE {} TEMPLATE {}{strategy}", ident(&copy.working), ident(&origin.database))
}

/// Gives the copy what the server doesn't copy, takes away what it mustn't have, and looks whether it is whole.
async fn settle(endpoint: &Endpoint, copy: &Target, origin: &Origin, options: &CloneOptions) -> Result<Vec<Note>> {
    let session = copy.open(endpoint, &options.operation_id).await?;
    let mut notes = Vec::new();
    if options.neutral {
        notes.extend(neutralize(&session).await?);
    }
    let roles = Roles::read(&session).await?;
    for entry in &origin.own {
        for statement in roles.statements(entry) {
            let done = session.connection.run(statement).await;
            done.map_err(|error| {
                error.while_doing(format!("what is set and granted on database {}", ident(&copy.name)))
            })?;
        }
    }
    let tables = origin::tables(&session).await?;
    if tables != origin.tables {
        return Err(Error::conflict(format!(
            "the copy has {tables} tables, and database {} had {}: somebody changed it meanwhile",
            ident(&origin.database),
            origin.tables
        ))
        .with_hint("clone again"));
    }
    let reason = format!(
        "copied by the server with its {tables} tables, about {} MB; its rows weren't read, and nobody could connect to \
         the source meanwhile",
        origin.bytes / 1_000_000
    );
    notes.push(note("carried", format!("DATABASE {}", ident(&copy.name)), reason));
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_large_database_is_copied_as_files_and_only_where_the_server_can() {
        let copy = Target::beside("b", "0123456789ab", "", 0);
        let origin = |bytes| Origin { database: "a".to_owned(), bytes, ..Origin::default() };
        assert!(!create(&copy, &origin(1), 15).contains("STRATEGY"));
        assert!(create(&copy, &origin(LARGE + 1), 15).ends_with("TEMPLATE \"a\" STRATEGY FILE_COPY"));
        assert!(!create(&copy, &origin(LARGE + 1), 14).contains("STRATEGY"));
    }
}
