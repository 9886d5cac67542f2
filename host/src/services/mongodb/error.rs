//! What the driver and the server say went wrong (MongoDB manual, "Error Codes").
//!
//! A server's message may quote documents, keys and whole commands, always as `{ ... }`: it is cut there, since errors end
//! up in logs.

use mongodb::error::{Error as DriverError, ErrorKind};

use crate::error::Error;

/// Longest text that is kept of a message, in characters.
const LONGEST: usize = 1000;

struct Known {
    number: i32,
    name: &'static str,
    code: &'static str,
    retryable: bool,
}

const fn known(number: i32, name: &'static str, code: &'static str, retryable: bool) -> Known {
    Known { number, name, code, retryable }
}

/// Codes that mean something to us. Relatives of MongoDB leave the name out, so the number decides.
const KNOWN: [Known; 37] = [
    known(6, "HostUnreachable", "unreachable", true),
    known(7, "HostNotFound", "unreachable", true),
    known(11, "UserNotFound", "not-found", false),
    known(13, "Unauthorized", "permission-denied", false),
    known(18, "AuthenticationFailed", "authentication-failed", false),
    known(24, "LockTimeout", "conflict", true),
    known(26, "NamespaceNotFound", "not-found", false),
    known(27, "IndexNotFound", "not-found", false),
    known(43, "CursorNotFound", "unreachable", true),
    known(48, "NamespaceExists", "already-exists", false),
    known(50, "MaxTimeMSExpired", "unreachable", true),
    known(59, "CommandNotFound", "unsupported", false),
    known(64, "WriteConcernTimeout", "unreachable", true),
    known(72, "InvalidOptions", "invalid-options", false),
    known(89, "NetworkTimeout", "unreachable", true),
    known(91, "ShutdownInProgress", "unreachable", true),
    known(112, "WriteConflict", "conflict", true),
    known(115, "CommandNotSupported", "unsupported", false),
    known(121, "DocumentValidationFailure", "corrupt", false),
    known(133, "FailedToSatisfyReadPreference", "unreachable", true),
    known(134, "ReadConcernMajorityNotAvailableYet", "unreachable", true),
    known(136, "CappedPositionLost", "conflict", false),
    known(189, "PrimarySteppedDown", "unreachable", true),
    known(239, "SnapshotTooOld", "not-found", false),
    known(246, "SnapshotUnavailable", "unsupported", false),
    known(260, "InvalidResumeToken", "conflict", false),
    known(262, "ExceededTimeLimit", "unreachable", true),
    known(280, "ChangeStreamFatalError", "conflict", false),
    known(286, "ChangeStreamHistoryLost", "conflict", false),
    known(9001, "SocketException", "unreachable", true),
    known(10107, "NotWritablePrimary", "unreachable", true),
    known(11000, "DuplicateKey", "already-exists", false),
    known(11600, "InterruptedAtShutdown", "unreachable", true),
    known(11602, "InterruptedDueToReplStateChange", "unreachable", true),
    known(13435, "NotPrimaryNoSecondaryOk", "unreachable", true),
    known(13436, "NotPrimaryOrSecondary", "unreachable", true),
    known(14031, "OutOfDiskSpace", "storage", false),
];

/// An error that the server gave, by its number and what it says.
pub(super) fn from_server(number: i32, name: &str, message: &str) -> Error {
    let known = KNOWN.iter().find(|known| known.number == number);
    let code = known.map_or("internal", |known| known.code);
    let engine_code = match (known, name) {
        (Some(known), _) => known.name.to_owned(),
        (None, "") => number.to_string(),
        (None, name) => name.to_owned(),
    };
    let error = Error::from_code(code, without_documents(message))
        .with_engine_code(engine_code)
        .retryable(known.is_some_and(|known| known.retryable));
    match hint(number) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The driver's error as ours.
pub(super) fn from_driver(error: &DriverError, server: &str) -> Error {
    let labelled = error.labels().iter().any(|label| label == "RetryableWriteError");
    let told = match &*error.kind {
        ErrorKind::Command(command) => from_server(command.code, &command.code_name, &command.message),
        ErrorKind::Authentication { message, .. } => {
            Error::authentication_failed(format!("{server} doesn't let us in: {}", without_documents(message)))
                .with_hint("check the user, the password that its reference gives, and authSource")
        }
        ErrorKind::Io(cause) => Error::unreachable(format!("the connection to {server} was lost"))
            .with_cause(cause.to_string())
            .retryable(true),
        ErrorKind::ConnectionPoolCleared { .. } => {
            Error::unreachable(format!("the connection to {server} was lost")).retryable(true)
        }
        ErrorKind::ServerSelection { message, .. } => {
            Error::unreachable(format!("{server} doesn't answer as MongoDB does"))
                .with_cause(message.chars().take(LONGEST).collect::<String>())
                .with_hint("check the host, the port and TLS: the server may want TLS, or not know it")
                .retryable(true)
        }
        ErrorKind::InvalidTlsConfig { message, .. } => {
            Error::invalid_options("the TLS files of the MongoDB URL can't be used").with_cause(message.clone())
        }
        ErrorKind::IncompatibleServer { message, .. } => Error::unsupported(format!("{server}: {message}")),
        ErrorKind::InvalidArgument { message, .. } => Error::invalid_options(without_documents(message)),
        ErrorKind::DnsResolve { message, .. } => Error::unreachable(message.clone()).retryable(true),
        ErrorKind::Shutdown => Error::cancelled("the connection was closed"),
        // Some relatives of MongoDB give an error no number, which the driver takes for no answer.
        ErrorKind::InvalidResponse { .. } if refusal(error).is_some() => {
            Error::internal(without_documents(refusal(error).unwrap_or_default()))
        }
        // The others may hold data in places that aren't known.
        _ => Error::internal(format!("the MongoDB driver failed with {server}")),
    };
    let retryable = labelled || told.is_retryable();
    told.retryable(retryable)
}

/// What a server says in an answer that the driver can't read.
fn refusal(error: &DriverError) -> Option<&str> {
    error.server_response()?.get_str("errmsg").ok()
}

fn hint(number: i32) -> Option<&'static str> {
    match number {
        13 => Some("the role needs more rights: `cofferdam instance check` says which"),
        18 => Some("check the user, the password that its reference gives, and authSource"),
        239 => Some(
            "the server keeps the history that a snapshot needs for too short a time: raise it with \
             db.adminCommand({ setParameter: 1, minSnapshotHistoryWindowInSeconds: SECONDS }) on every member",
        ),
        14031 => Some("make room on the server's disk"),
        _ => None,
    }
}

/// A message without what it quotes.
pub(super) fn without_documents(message: &str) -> String {
    let message: String = message.chars().take(LONGEST).collect();
    match message.split_once('{') {
        Some((before, _)) => format!("{before}{{...}}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_somebodys_data_is_not_repeated() {
        let said = "E11000 duplicate key error collection: shop.people index: name_1 dup key: { name: \"Erika\" }";
        let error = from_server(11000, "DuplicateKey", said);
        assert!(!error.message().contains("Erika"));
        assert!(error.message().contains("name_1"));
        assert_eq!((error.code(), error.engine_code()), ("already-exists", Some("DuplicateKey")));
    }

    #[test]
    fn a_code_without_a_name_gets_its_name_or_its_number() {
        assert_eq!(from_server(26, "", "ns not found").engine_code(), Some("NamespaceNotFound"));
        assert_eq!(from_server(8000, "AtlasError", "no").engine_code(), Some("AtlasError"));
        assert_eq!(from_server(31415, "", "no").engine_code(), Some("31415"));
    }

    #[test]
    fn an_election_is_worth_another_try_and_a_lost_snapshot_isnt() {
        assert!(from_server(10107, "", "not primary").is_retryable());
        let lost = from_server(239, "SnapshotTooOld", "too old");
        assert!(!lost.is_retryable() && lost.hint().is_some_and(|hint| hint.contains("minSnapshotHistoryWindow")));
    }
}
