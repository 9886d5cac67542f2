//! Errors of the test tools: a text is enough, somebody reads it right away.

/// Whatever went wrong, with its text.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What every fallible function here returns.
pub type Result<T> = std::result::Result<T, Error>;
