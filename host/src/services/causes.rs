//! What caused the errors that plugins were told of.
//!
//! A plugin is told what failed and what to do, but not the causes, which may name files or addresses of the operator's.
//! The operator gets them back when the error comes out of the plugin as the operation's.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// Errors that are remembered: many more than can be on their way through a plugin at once.
const REMEMBERED: usize = 256;

/// Messages that plugins were told, each with its causes. The latest are kept.
#[derive(Debug, Default)]
pub struct Causes(Mutex<VecDeque<(String, String)>>);

impl Causes {
    /// Remembers what caused the error that a plugin was told of by `message`.
    pub(super) fn keep(&self, message: &str, error: &Error) {
        let causes = error.causes().join(": ");
        if causes.is_empty() || message.is_empty() {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == REMEMBERED {
            kept.pop_front();
        }
        kept.push_back((message.to_owned(), causes));
    }

    /// The error with its cause again, if it is one that a plugin was told of. A plugin may have put what it was doing in
    /// front of the message.
    pub(crate) fn restore(&self, error: Error) -> Error {
        if !error.causes().is_empty() {
            return error;
        }
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cause = kept.iter().rev().find(|(message, _)| error.message().ends_with(message.as_str()));
        match cause {
            Some((_, cause)) => error.with_cause(cause.clone()),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_comes_back_to_the_error_that_it_caused_and_to_no_other() {
        let causes = Causes::default();
        causes.keep("can't connect to db:5432", &Error::unreachable("x").with_cause("refused"));
        let back = |message: &str| causes.restore(Error::unreachable(message)).causes();
        assert_eq!(back("unit a: can't connect to db:5432"), ["refused"]);
        assert!(back("can't connect to db:5433").is_empty());
    }

    #[test]
    fn only_the_latest_are_kept() {
        let causes = Causes::default();
        for n in 0..=REMEMBERED {
            causes.keep(&format!("error {n}."), &Error::internal("x").with_cause("y"));
        }
        assert!(causes.restore(Error::internal("error 0.")).causes().is_empty());
        assert!(!causes.restore(Error::internal("error 1.")).causes().is_empty());
    }
}
