//! Sessions and retryable writes (MongoDB manual, "Server Sessions" and "Retryable Writes"): a statement that was carried
//! out under a transaction number isn't carried out again.

use std::collections::{HashMap, HashSet};

use crate::doubles::mongodb::failure::{Failure, Result, TRANSACTION_TOO_OLD};

/// The bytes of an `lsid`'s id.
pub type SessionId = Vec<u8>;

/// What is known of the sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    transactions: HashMap<SessionId, Transaction>,
}

#[derive(Debug, Default)]
struct Transaction {
    number: i64,
    statements: HashSet<i32>,
}

/// A retryable write's session and number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retryable {
    /// The session.
    pub session: SessionId,
    /// `txnNumber`.
    pub number: i64,
}

impl Sessions {
    /// Starts a write, or one that is sent again.
    ///
    /// # Errors
    /// [`TRANSACTION_TOO_OLD`].
    pub fn begin(&mut self, write: &Retryable) -> Result<()> {
        let transaction = self.transactions.entry(write.session.clone()).or_default();
        if write.number < transaction.number {
            let message = format!(
                "Retryable write with txnNumber {} is prohibited on session because a newer retryable write with \
                 txnNumber {} has already started on this session.",
                write.number, transaction.number
            );
            return Err(Failure::new(TRANSACTION_TOO_OLD, message));
        }
        if write.number > transaction.number {
            *transaction = Transaction { number: write.number, statements: HashSet::new() };
        }
        Ok(())
    }

    /// Whether a statement of it was carried out.
    #[must_use]
    pub fn is_done(&self, write: &Retryable, statement: i32) -> bool {
        self.transactions
            .get(&write.session)
            .is_some_and(|known| known.number == write.number && known.statements.contains(&statement))
    }

    /// A statement of it was carried out.
    pub fn done(&mut self, write: &Retryable, statement: i32) {
        self.transactions.entry(write.session.clone()).or_default().statements.insert(statement);
    }
}
