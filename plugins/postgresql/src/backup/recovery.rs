//! What ends a backup of a standby.
//!
//! A standby plays its primary's changes back. Where they take away rows that a snapshot still sees, or lock what it reads,
//! playing back waits for `max_standby_streaming_delay` and then ends the statement, or the session if that isn't enough
//! (PostgreSQL documentation 26.4.2). The snapshot is gone then, and nothing that was read with it counts.

use crate::session::Session;
use cofferdam_sdk::Error;

/// The error, with what to do if it is such a conflict.
///
/// A backup's transactions only read and all have one snapshot, so nothing else of class 40 ("transaction rollback") can
/// happen to them.
pub fn explained(error: Error) -> Error {
    if !error.engine_code.as_deref().is_some_and(|code| code.starts_with("40")) {
        return error;
    }
    ended(error)
}

/// The error of joining a snapshot, with what to do if it is gone on a standby. A session that is ended while it waits to
/// send isn't told why, so this may be the first that is heard of it.
pub async fn lost(session: &Session, error: Error) -> Error {
    // Invalid parameter value: whoever exported the snapshot has ended.
    if !error.has_engine_code("22023") || session.connection.run("ROLLBACK").await.is_err() {
        return explained(error);
    }
    match session.connection.value("SELECT pg_catalog.pg_is_in_recovery()").await.as_ref().map(Option::as_deref) {
        Ok(Some("t")) => ended(error),
        _ => error,
    }
}

fn ended(error: Error) -> Error {
    Error {
        code: "unreachable".to_owned(),
        retryable: false,
        hint: Some(
            "a standby gives up what stands in the way of its primary's changes: set hot_standby_feedback = on there, raise \
             max_standby_streaming_delay and max_standby_archive_delay (-1 waits for ever), or back up the primary"
                .to_owned(),
        ),
        ..error.while_doing("the standby ended the snapshot")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_conflict_with_recovery_is_final_and_names_the_settings() {
        let conflict =
            Error { engine_code: Some("40001".to_owned()), ..Error::conflict("conflict with recovery").retryable() };
        let error = explained(conflict);
        assert!(!error.retryable && error.code == "unreachable");
        assert!(error.hint.unwrap().contains("hot_standby_feedback"));
        let other = explained(Error::conflict("busy").retryable());
        assert!(other.retryable && other.hint.is_none());
    }
}
