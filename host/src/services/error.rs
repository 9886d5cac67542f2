//! Errors on their way into a plugin and out of it.

use super::Context;
use super::bindings::cofferdam::host::types;
use crate::error::Error;

impl types::Host for super::Services {}

impl types::Error {
    /// What a plugin is told: no causes, which may name files or addresses of the operator's, and no secret.
    pub(crate) fn told(error: &Error, context: &Context) -> Self {
        let redactor = &context.redactor;
        let message = redactor.clean(error.message());
        context.causes.keep(&message, error);
        Self {
            code: error.code().to_owned(),
            message,
            hint: error.hint().map(|hint| redactor.clean(hint)),
            engine_code: error.engine_code().map(str::to_owned),
            retryable: error.is_retryable(),
            extra: Vec::new(),
        }
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        let mut told = Self::from_code(&error.code, limited(error.message)).retryable(error.retryable);
        if let Some(hint) = error.hint {
            told = told.with_hint(limited(hint));
        }
        if let Some(code) = error.engine_code {
            told = told.with_engine_code(limited(code));
        }
        told
    }
}

/// A plugin's text is data: cut at a length that still fits a screen.
pub(crate) fn limited(text: String) -> String {
    const MOST: usize = 4096;
    match text.char_indices().nth(MOST) {
        None => text,
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_message_is_cut() {
        assert_eq!(limited("é".repeat(10_000)).chars().count(), 4096 + 3);
    }
}
