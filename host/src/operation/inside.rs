//! Clone inside one server: the server copies the database by itself, where the engine has that and nothing stands
//! against it. Else the caller pipes.

use super::clone::Request;
use super::{Operation, Outcome, Party};
use crate::error::Result;
use crate::plugin::{Capability, CloneOptions, Cloned, Note};

/// Has the server copy; none if it can't, which is told.
pub(super) async fn copy(
    operation: &Operation,
    from: &Party,
    to: &Party,
    request: &Request,
) -> Result<Option<Outcome>> {
    let able = to.plugin.inspection().capabilities.contains(&Capability::Clone);
    let chosen = !request.only.is_empty() || !request.except.is_empty();
    if !able || chosen {
        return Ok(None);
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
    let (way, told) = match cloned {
        Cloned::Copied(summary) => {
            ("copied by the server, so no rows were read and counted".to_owned(), Some(summary.notes))
        }
        Cloned::NotHere(reason) => (format!("read and written instead of copied by the server: {reason}"), None),
    };
    let mut notes = Vec::new();
    operation.note(vec![Note { kind: "info".to_owned(), object: "clone".to_owned(), reason: way }], &mut notes);
    let Some(told) = told else { return Ok(None) };
    operation.note(told, &mut notes);
    Ok(Some(Outcome { notes, ..Outcome::default() }))
}
