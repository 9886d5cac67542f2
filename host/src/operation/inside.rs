//! Clone inside one server: the server copies the database by itself, where the engine has that and nothing stands
//! against it. Else the caller pipes.

use super::clone::Request;
use super::{Operation, Outcome, Party};
use crate::error::Result;
use crate::plugin::{Capability, CloneOptions, Cloned, Note};

/// What became of it.
pub(super) enum Copied {
    /// The server copied.
    Whole(Outcome),
    /// It is for the caller to read and write; within one instance the notes say why.
    NotHere(Vec<Note>),
}

/// Has the server copy, if it can.
pub(super) async fn copy(operation: &Operation, from: &Party, to: &Party, request: &Request) -> Result<Copied> {
    let about = to.plugin.inspection();
    let mut notes = Vec::new();
    let note = |reason: String, notes: &mut Vec<Note>| {
        operation.note(vec![Note { kind: "info".to_owned(), object: "clone".to_owned(), reason }], notes);
    };
    let hindrance = if !about.capabilities.contains(&Capability::Clone) {
        Some(format!("the engine {} doesn't know how a server copies", about.about.name))
    } else if !request.only.is_empty() || !request.except.is_empty() {
        Some("a server copies only whole databases".to_owned())
    } else {
        None
    };
    if let Some(hindrance) = hindrance {
        if from.name == to.name {
            note(format!("read and written instead of copied by the server: {hindrance}"), &mut notes);
        }
        return Ok(Copied::NotHere(notes));
    }
    let options = CloneOptions {
        operation: operation.id().to_owned(),
        source: request.database.clone(),
        target: request.target.clone(),
        if_exists: request.if_exists.clone(),
        neutral: request.neutral,
        extra: to.with_settings(&request.settings),
    };
    let sandbox = operation.sandbox(&to.plugin).await?;
    let cloned = sandbox.clone_inside(&from.endpoint, &to.endpoint, options).await?;
    match cloned {
        Cloned::Copied(summary) => {
            note("copied by the server, so no rows were read and counted".to_owned(), &mut notes);
            operation.note(summary.notes, &mut notes);
            Ok(Copied::Whole(Outcome { notes, ..Outcome::default() }))
        }
        Cloned::NotHere(reason) => {
            note(format!("read and written instead of copied by the server: {reason}"), &mut notes);
            Ok(Copied::NotHere(notes))
        }
    }
}
