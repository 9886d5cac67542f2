//! Poolers that lend one server session to several connections in turn.
//!
//! Through such a one our settings are set in a session that the next statement may not run in: hidden rows would be missing
//! again instead of an error, and names would mean something else. A pooler that hands out a session when somebody asks, and
//! takes it back afterwards, gives a second connection the session that the first one doesn't use just now.

use crate::session::Session;
use cofferdam_sdk::{Error, Result};

/// How often both connections are asked. Others that use the pool may come between once, but hardly each time.
const ASKED: usize = 5;

const PROCESS: &str = "SELECT pg_catalog.pg_backend_pid()";

/// Refuses a session that isn't ours alone, by another one to the same database. It must be outside of a transaction: within
/// one it is ours.
///
/// # Errors
/// "unsupported" if it is shared.
pub async fn refuse(session: &Session, other: &Session) -> Result<()> {
    for _ in 0..ASKED {
        let (theirs, ours) = (other.connection.value(PROCESS).await?, session.connection.value(PROCESS).await?);
        if ours.as_deref() != Some(&session.process) || theirs == ours {
            return Err(pooled());
        }
    }
    Ok(())
}

/// What is said of a session that is shared.
pub fn pooled() -> Error {
    Error::unsupported("the connection goes through a pooler that shares server sessions")
        .with_hint("give the instance the server's own address, or a pool in session mode")
}
