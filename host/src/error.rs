//! The one error type: what failed, why, and what to do about it.

use std::error::Error as StdError;
use std::fmt;

/// A failure of Cofferdam, told so that the operator can act.
///
/// `Display` gives what failed and names the object; the cause is in [`StdError::source`] and is never repeated there;
/// [`Error::hint`] says what to do.
pub struct Error(Box<Inner>);

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

struct Inner {
    kind: Kind,
    message: String,
    hint: Option<String>,
    engine_code: Option<String>,
    retryable: bool,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// Mirrors the codes that `cofferdam:host/types.error` documents, so that an error keeps its kind on its way through
/// a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    InvalidOptions,
    Unsupported,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    AuthenticationFailed,
    Unreachable,
    Conflict,
    Corrupt,
    Cancelled,
    Storage,
    Plugin,
    Stale,
    Partial,
    Internal,
}

const CODES: [(Kind, &str); 15] = [
    (Kind::InvalidOptions, "invalid-options"),
    (Kind::Unsupported, "unsupported"),
    (Kind::NotFound, "not-found"),
    (Kind::AlreadyExists, "already-exists"),
    (Kind::PermissionDenied, "permission-denied"),
    (Kind::AuthenticationFailed, "authentication-failed"),
    (Kind::Unreachable, "unreachable"),
    (Kind::Conflict, "conflict"),
    (Kind::Corrupt, "corrupt"),
    (Kind::Cancelled, "cancelled"),
    (Kind::Storage, "storage"),
    (Kind::Plugin, "plugin"),
    (Kind::Stale, "stale"),
    (Kind::Partial, "partial"),
    (Kind::Internal, "internal"),
];

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(message: impl Into<String>) -> Self {
            Self::new(Kind::$kind, message)
        })*
    };
}

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            engine_code: None,
            retryable: false,
            cause: None,
        }))
    }

    constructors! {
        /// An option, a setting or a file of the operator's that can't be used.
        invalid_options => InvalidOptions;
        /// Something that this engine, server or version can't do.
        unsupported => Unsupported;
        /// An object that was named and isn't there.
        not_found => NotFound;
        /// An object that is there and mustn't be.
        already_exists => AlreadyExists;
        /// A right that is missing: on the server, in a file system, or a grant to a plugin.
        permission_denied => PermissionDenied;
        /// The server refused who we are.
        authentication_failed => AuthenticationFailed;
        /// A server that can't be reached, or was lost.
        unreachable => Unreachable;
        /// Somebody else holds what we need.
        conflict => Conflict;
        /// Data that isn't what it must be.
        corrupt => Corrupt;
        /// The operator stopped it.
        cancelled => Cancelled;
        /// The repository's store failed: a full disk, a refused request.
        storage => Storage;
        /// A plugin broke its contract, trapped, or used up its limits.
        plugin => Plugin;
        /// A backup that is missing, or older than it may be.
        stale => Stale;
        /// What was done all the same, though some of it failed.
        partial => Partial;
        /// A fault of ours.
        internal => Internal;
    }

    /// An error by its documented code; an unknown code is kept as "internal".
    #[must_use]
    pub fn from_code(code: &str, message: impl Into<String>) -> Self {
        let kind = CODES.iter().find(|(_, c)| *c == code).map_or(Kind::Internal, |(k, _)| *k);
        Self::new(kind, message)
    }

    /// Says what the operator can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the engine's own code: an SQLSTATE, a command's code name.
    #[must_use]
    pub fn with_engine_code(mut self, code: impl Into<String>) -> Self {
        self.0.engine_code = Some(code.into());
        self
    }

    /// Says that the same call may succeed if it is repeated.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Says what was being done, in front of what failed: "backup of unit X: ...". Keeps everything else.
    #[must_use]
    pub fn while_doing(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// Applies `edit` to every text of it. Redaction uses this.
    #[must_use]
    pub fn map_text(mut self, edit: impl Fn(&str) -> String) -> Self {
        let causes = self.causes();
        self.0.message = edit(&self.0.message);
        self.0.hint = self.0.hint.map(|h| edit(&h));
        self.0.engine_code = self.0.engine_code.map(|c| edit(&c));
        self.0.cause = (!causes.is_empty()).then(|| edit(&causes.join(": ")).into());
        self
    }

    /// The documented code: "unreachable", "corrupt" and so on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        CODES.iter().find(|(k, _)| *k == self.0.kind).map_or("internal", |(_, c)| c)
    }

    /// What failed, without cause and hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The engine's own code, where a server gave one.
    #[must_use]
    pub fn engine_code(&self) -> Option<&str> {
        self.0.engine_code.as_deref()
    }

    /// Whether the same call may succeed if it is repeated.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the operator stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == Kind::Cancelled
    }

    /// Whether somebody else holds what was needed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.kind == Kind::Conflict
    }

    /// Whether the named object isn't there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == Kind::NotFound
    }

    /// The chain of causes, the nearest first. What one says isn't said again by those behind it: errors of libraries often
    /// hold the text of their own cause.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !causes.last().is_some_and(|said| said.contains(&text)) {
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("message", &self.0.message)
            .field("causes", &self.causes())
            .field("hint", &self.0.hint)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|c| c as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_the_way_through_a_plugin() {
        for (_, code) in CODES {
            assert_eq!(Error::from_code(code, "x").code(), code);
        }
        assert_eq!(Error::from_code("of-a-later-version", "x").code(), "internal");
    }

    #[test]
    fn no_cause_is_told_twice() {
        let full = || std::io::Error::other("the volume is full");
        let store = object_store::Error::Generic { store: "Local", source: Box::new(full()) };
        let causes = Error::storage("can't store it").with_cause(store).causes();
        assert_eq!(causes, ["Generic Local error: the volume is full"]);
        let apart = Error::internal("below").with_cause(full());
        assert_eq!(Error::internal("above").with_cause(apart).causes(), ["below", "the volume is full"]);
    }

    #[test]
    fn redaction_reaches_message_hint_and_causes() {
        let error = Error::internal("hunter2 failed")
            .with_hint("don't say hunter2")
            .with_cause("server said hunter2")
            .map_text(|t| t.replace("hunter2", "***"));
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
}
