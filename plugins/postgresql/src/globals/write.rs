//! Writing what belongs to the server.

use super::{EVERYBODY, ROLE, TABLESPACE};
use crate::backup::units::note;
use crate::entry::{Entry, LONGEST};
use crate::quote::ident;
use crate::restore::{Made, MissingProviders};
use crate::session::Session;
use cofferdam_sdk::engine::{Complete, Data, Note, Summary};
use cofferdam_sdk::{Error, Lines, Result};
use std::collections::HashSet;

/// What the server would write into its own log, with the passwords in it. Only a superuser may switch that off.
const QUIET: &str = "SET LOCAL log_statement = 'none'; SET LOCAL log_min_duration_statement = -1;
    SET LOCAL log_min_error_statement = 'panic'";

/// Makes what isn't there, in one transaction with `mark`. What is there is never altered: neither a role's rights nor its
/// password, nor is one that is there made a member of another that is. Labels of `missing` providers are left out.
///
/// # Errors
/// If the server refuses any of it; then nothing was made.
pub async fn write(
    session: &Session,
    mark: &str,
    missing: &MissingProviders,
    data: Data,
    complete: Complete,
) -> Result<Summary> {
    let connection = &session.connection;
    let roles = connection.column("SELECT rolname FROM pg_catalog.pg_roles").await?;
    let tablespaces = connection.column("SELECT spcname FROM pg_catalog.pg_tablespace").await?;
    let there = roles.iter().map(|name| format!("{} {}", ROLE.to_uppercase(), ident(name)));
    let there = there.chain(tablespaces.iter().map(|name| format!("{} {}", TABLESPACE.to_uppercase(), ident(name))));
    let there: HashSet<String> = there.chain([EVERYBODY.to_owned()]).collect();
    connection.run(format!("BEGIN; {mark}")).await?;
    if connection.value("SHOW is_superuser").await?.as_deref() == Some("on") {
        connection.run(QUIET).await?;
    }
    let mut lines = Lines::new(data, LONGEST);
    let (mut notes, mut count) = (Vec::new(), Made::default());
    while let Some(line) = lines.next().await? {
        let entry = Entry::parse(&line)?;
        if let Some(told) = kept(&entry, &there).or_else(|| missing.note(&entry)) {
            count.leave_out(&entry);
            notes.push(told);
            continue;
        }
        for sql in &entry.sql {
            connection.run(sql.as_str()).await.map_err(|error| refused(error, &entry.object))?;
        }
        count.carried.extend(&entry.carries);
    }
    complete.await?;
    connection.run("COMMIT").await?;
    let (carried, left_out) = (count.carried.into_list(), count.left_out.into_list());
    Ok(Summary { notes, carried, left_out, ..Summary::default() })
}

/// What to tell of an entry that isn't made.
fn kept(entry: &Entry, there: &HashSet<String>) -> Option<Note> {
    let told = |reason: String| Some(note("left-out", entry.object.clone(), reason));
    if there.contains(&entry.object) {
        return told("there already: it stays as it is".to_owned());
    }
    if entry.object.starts_with(&TABLESPACE.to_uppercase()) {
        // It is a folder of the server's machine, and can't be made in a transaction.
        return told(format!("its folder is for the server's administrator to make: {}", entry.sql.join("; ")));
    }
    let all = !entry.needs.is_empty() && entry.needs.iter().all(|role| there.contains(role));
    if all { told("who it is about is there already, and stays as is".to_owned()) } else { None }
}

fn refused(error: Error, object: &str) -> Error {
    let denied = error.has_engine_code("42501");
    let error = error.while_doing(format!("making {object}"));
    if denied {
        error.with_hint("only a superuser makes every role; make it yourself, or restore without --globals")
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_there_is_never_altered() {
        let there: HashSet<String> = ["ROLE \"a\"", "ROLE \"b\"", EVERYBODY].map(str::to_owned).into();
        let entry = |object: &str, needs: &[&str]| Entry {
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            ..Entry::new(object, vec!["statement".to_owned()])
        };
        assert!(kept(&entry("ROLE \"a\"", &[]), &there).is_some());
        assert!(kept(&entry("ROLE \"c\"", &[]), &there).is_none());
        assert!(kept(&entry("MEMBERSHIP", &["ROLE \"a\"", "ROLE \"b\""]), &there).is_some());
        assert!(kept(&entry("MEMBERSHIP", &["ROLE \"a\"", "ROLE \"c\""]), &there).is_none());
        assert!(kept(&entry("PRIVILEGES", &[EVERYBODY]), &there).is_some());
        let told = kept(&entry("TABLESPACE \"t\"", &[]), &there).unwrap();
        assert!(told.reason.ends_with("statement"));
    }
}
