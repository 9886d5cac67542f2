//! What is said of the server's own objects where the target's server doesn't have them: each major has its own.

use super::roles::Made;
use crate::backup::units::note;
use crate::entry::Entry;
use crate::session::Session;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::Note;
use std::collections::BTreeSet;

/// Takes out entries about objects that this server doesn't have, and tells each of these objects.
pub async fn leave_out(
    session: &Session,
    entries: &mut Vec<Entry>,
    made: &mut Made,
    notes: &mut Vec<Note>,
) -> Result<()> {
    let wanted: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.only_where.as_deref()).collect();
    let mut missing = BTreeSet::new();
    for condition in wanted {
        if session.connection.value(format!("SELECT 1 WHERE {condition}")).await?.is_none() {
            missing.insert(condition.to_owned());
        }
    }
    let is_missing = |entry: &Entry| entry.only_where.as_ref().is_some_and(|condition| missing.contains(condition));
    let objects: BTreeSet<&str> =
        entries.iter().filter(|entry| is_missing(entry)).map(|entry| entry.object.as_str()).collect();
    notes.extend(
        objects.into_iter().map(|object| note("left-out", object, "this server has no such object of its own")),
    );
    entries.retain(|entry| {
        let kept = !is_missing(entry);
        if !kept {
            made.leave_out(entry);
        }
        kept
    });
    Ok(())
}
