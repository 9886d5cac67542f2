//! Why a session is over. Every call that was waiting, and every later one, gets an error made from it.

use std::io;

use super::server_error::ServerError;
use crate::error::Error;

/// Why a session is over.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    /// We closed it.
    Closed,
    /// The operation was cancelled.
    Cancelled,
    /// The server ended it and said why.
    Server(ServerError),
    /// The connection broke, or the server closed it without a word.
    Lost { server: String, doing: &'static str, cause: Option<String> },
    /// The server sent what the protocol doesn't allow.
    Broken(String),
    /// A COPY FROM STDIN where none was announced. Requests behind it may be on their way, and the server would take
    /// them for its data.
    UnexpectedCopyIn,
}

impl Ending {
    pub(super) fn lost(server: &str, doing: &'static str, cause: Option<&io::Error>) -> Self {
        Self::Lost { server: server.to_owned(), doing, cause: cause.map(ToString::to_string) }
    }

    pub(super) fn error(&self) -> Error {
        match self {
            Self::Closed => Error::conflict("the session was closed already"),
            Self::Cancelled => cancelled(),
            Self::Server(error) => error.clone().into(),
            Self::Lost { server, doing, cause } => {
                let error = match cause {
                    None => Error::unreachable(format!("{server} closed the connection while {doing}")),
                    Some(cause) => Error::unreachable(format!("the connection to {server} broke while {doing}"))
                        .with_cause(cause.clone()),
                };
                error.retryable(true).with_hint("see the server's log for a crash or a restart at this time")
            }
            Self::Broken(what) => Error::corrupt(format!("the server broke PostgreSQL's protocol: {what}"))
                .with_hint("check that the address is a PostgreSQL server's, or a proxy's that speaks its protocol"),
            Self::UnexpectedCopyIn => Error::invalid_options(
                "COPY FROM STDIN was run by a call that has no data to send; the session is closed",
            )
            .with_hint("use copy-in"),
        }
    }
}

/// What every call returns once the operation was cancelled.
pub(super) fn cancelled() -> Error {
    Error::cancelled("the operation was cancelled")
}
