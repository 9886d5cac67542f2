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
        extra: request.settings.clone(),
    };
    let sandbox = operation.sandbox(&to.plugin).await?;
    let mut notes = Vec::new();
    match sandbox.clone_inside(&from.endpoint, &to.endpoint, options).await? {
        Cloned::Copied(summary) => {
            operation.note(summary.notes, &mut notes);
            Ok(Some(Outcome { notes, ..Outcome::default() }))
        }
        Cloned::NotHere(reason) => {
            let reason = format!("read and written instead of copied by the server: {reason}");
            operation.note(vec![Note { kind: "info".to_owned(), object: "clone".to_owned(), reason }], &mut notes);
            Ok(None)
        }
    }
}
