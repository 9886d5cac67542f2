//! Takes away what an operation left on a server, from a fresh sandbox: the operation's own may be what broke.

use std::time::Duration;

use super::{Environment, Operation, Party};
use crate::error::{Error, Result};
use crate::plugin::Note;

/// Longer than ending sessions and dropping a database takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Cleans up after the operation with this id.
///
/// # Errors
/// If the server can't be reached, refuses, or takes longer than two minutes.
pub async fn run(party: &Party, operation: &str, environment: Environment) -> Result<Vec<Note>> {
    let well_formed = operation.len() == 12 && operation.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !well_formed {
        return Err(Error::invalid_options(format!("{operation:?} is no operation's id"))
            .with_hint("an id has twelve hexadecimal digits, in lower case; the operation's first line shows it"));
    }
    quietly(party, operation, environment).await
}

pub(super) async fn quietly(party: &Party, operation: &str, environment: Environment) -> Result<Vec<Note>> {
    // Its sessions bear an id of their own: those that bear the broken operation's are what it ends.
    let cleaning = Operation::quiet(environment)?;
    let work = async { cleaning.sandbox(&party.plugin).await?.cleanup(&party.endpoint, operation).await };
    let result = tokio::time::timeout(PATIENCE, work).await;
    let result = result.unwrap_or_else(|_| {
        Err(Error::unreachable(format!("cleaning up on {} took longer than {} s", party.name, PATIENCE.as_secs())))
    });
    let result = result.map(|notes| notes.iter().map(|note| cleaning.clean_note(note)).collect());
    cleaning.close(result).await
}
