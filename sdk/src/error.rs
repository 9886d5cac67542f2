//! Failures, by their documented codes.

use std::fmt;
use std::num::ParseIntError;
use std::string::FromUtf8Error;

pub use crate::bindings::services::cofferdam::host::types::Error;

/// What every fallible function of a plugin returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $code:literal;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(message: impl Into<String>) -> Self {
            Self::from_code($code, message)
        })*
    };
}

impl Error {
    /// An error by its code, which must be one that `cofferdam:host/types.error` documents.
    #[must_use]
    pub fn from_code(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            engine_code: None,
            retryable: false,
            extra: Vec::new(),
        }
    }

    constructors! {
        /// An option or a setting that can't be used.
        invalid_options => "invalid-options";
        /// Something that this engine, server or version can't do.
        unsupported => "unsupported";
        /// An object that was named and isn't there.
        not_found => "not-found";
        /// An object that is there and mustn't be.
        already_exists => "already-exists";
        /// A right that is missing on the server.
        permission_denied => "permission-denied";
        /// A server that can't be reached, or was lost.
        unreachable => "unreachable";
        /// Somebody else holds what is needed.
        conflict => "conflict";
        /// Data that isn't what it must be.
        corrupt => "corrupt";
        /// A fault of the plugin's own.
        internal => "internal";
    }

    /// Says what the operator can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that the same call may succeed if it is repeated.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Says what was being done, in front of what failed, and keeps everything else.
    #[must_use]
    pub fn while_doing(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Whether the engine's own code is this one, say an SQLSTATE.
    #[must_use]
    pub fn has_engine_code(&self, code: &str) -> bool {
        self.engine_code.as_deref() == Some(code)
    }
}

impl From<FromUtf8Error> for Error {
    fn from(_: FromUtf8Error) -> Self {
        // The text itself may be data, so it isn't repeated.
        Self::corrupt("the server sent text that isn't UTF-8")
    }
}

impl From<ParseIntError> for Error {
    fn from(error: ParseIntError) -> Self {
        Self::corrupt(format!("the server sent something else than a number: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_keeps_code_and_hint() {
        let error = Error::conflict("it is locked").with_hint("wait").retryable().while_doing("table \"a\"");
        assert_eq!(
            (error.code.as_str(), error.message.as_str(), error.hint.as_deref(), error.retryable),
            ("conflict", "table \"a\": it is locked", Some("wait"), true)
        );
    }
}
