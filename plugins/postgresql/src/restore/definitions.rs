//! Units of definitions on their way in.

use super::marker::Marker;
use crate::backup::units::note;
use crate::entry::{Entry, LONGEST};
use crate::session::Session;
use cofferdam_sdk::engine::{Complete, Data, Note, Summary, Unit};
use cofferdam_sdk::{Error, Lines, Result, join_all};
use std::collections::HashSet;

/// Statements that are on their way at once. More than 30, and `join_all` wouldn't start them in their order.
const AT_ONCE: usize = 30;

/// Runs a unit's statements, all in one transaction.
pub async fn write(
    session: &Session,
    roles: &HashSet<String>,
    marker: &Marker,
    unit: &Unit,
    data: Data,
    complete: Complete,
) -> Result<Summary> {
    session.connection.run(format!("BEGIN; {}", marker.insert(&unit.name))).await?;
    let written = run_all(session, roles, data).await;
    let whole = match written {
        Ok(notes) => complete.await.map(|()| notes),
        Err(error) => Err(error),
    };
    match whole {
        Ok(notes) => {
            session.connection.run("COMMIT").await?;
            Ok(Summary { notes, ..Summary::default() })
        }
        Err(error) => {
            session.connection.run("ROLLBACK").await?;
            Err(error)
        }
    }
}

async fn run_all(session: &Session, roles: &HashSet<String>, data: Data) -> Result<Vec<Note>> {
    let mut lines = Lines::new(data, LONGEST);
    let mut notes = Vec::new();
    let mut waiting: Vec<(String, String)> = Vec::new();
    while let Some(line) = lines.next().await? {
        let entry = Entry::parse(&line)?;
        notes.extend(missing_roles(&entry, roles));
        for sql in statements(&entry, roles) {
            waiting.push((entry.object.clone(), sql));
            if waiting.len() == AT_ONCE {
                run(session, std::mem::take(&mut waiting)).await?;
            }
        }
    }
    run(session, waiting).await?;
    Ok(notes)
}

/// Runs statements; of those that fail the first is the one to tell, the others fail because of it.
async fn run(session: &Session, statements: Vec<(String, String)>) -> Result<()> {
    let calls = statements.into_iter().map(|(object, sql)| async move {
        session.connection.run(sql).await.map_err(|error| explained(error, &object))
    });
    join_all(calls).await.into_iter().try_for_each(|result| result.map(drop))
}

fn explained(error: Error, object: &str) -> Error {
    let error = error.while_doing(format!("making {object}"));
    match error.engine_code.as_deref() {
        // Feature not supported or file missing: CREATE EXTENSION without the extension's files.
        Some("0A000" | "58P01") if object.starts_with("EXTENSION") && error.hint.is_none() => {
            error.with_hint("install the extension's package on the target server")
        }
        _ => error,
    }
}

/// The statements of an entry whose roles are all there.
fn statements(entry: &Entry, roles: &HashSet<String>) -> Vec<String> {
    let for_roles = entry.for_roles.iter().filter(|statement| statement.roles.iter().all(|role| roles.contains(role)));
    entry.sql.iter().chain(for_roles.map(|statement| &statement.sql)).cloned().collect()
}

fn missing_roles(entry: &Entry, roles: &HashSet<String>) -> Option<Note> {
    let named = entry.for_roles.iter().flat_map(|statement| &statement.roles);
    let mut missing: Vec<&str> = named.filter(|role| !roles.contains(*role)).map(String::as_str).collect();
    missing.sort_unstable();
    missing.dedup();
    let what = if missing.len() == 1 { "role" } else { "roles" };
    let reason = format!("without its owner or some rights: the target has no {what} {}", missing.join(", "));
    (!missing.is_empty()).then(|| note("changed", entry.object.clone(), reason))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn what_names_a_role_that_is_not_there_is_left_out_and_told() {
        let mut entry = Entry::new("TABLE \"t\"", vec!["create".to_owned()]);
        entry.owned_by("alice");
        entry.owned_by("bob");
        let roles = HashSet::from(["bob".to_owned()]);
        assert_eq!(statements(&entry, &roles), ["create", "ALTER TABLE \"t\" OWNER TO \"bob\""]);
        assert!(missing_roles(&entry, &roles).unwrap().reason.ends_with("no role alice"));
        assert!(missing_roles(&Entry::new("x", vec![]), &roles).is_none());
    }
}
