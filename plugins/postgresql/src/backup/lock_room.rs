//! Whether the server has room for the locks of a backup.

use crate::catalog::rows;
use crate::session::Session;
use cofferdam_sdk::{Error, Result};
use serde::Deserialize;

const QUERY: &str = include_str!("locks_room.sql");

/// The server's shared lock table, which every session's locks are in. Once it is full, everybody's statements fail.
#[derive(Debug, Deserialize)]
pub struct Room {
    per_transaction: u64,
    transactions: u64,
    /// Entries that are taken.
    taken: u64,
}

impl Room {
    /// Asks for it.
    pub async fn read(session: &Session) -> Result<Self> {
        let room = rows::at_once::<Self>(session, QUERY).await?.into_iter().next();
        room.ok_or_else(|| Error::corrupt("the server doesn't tell how many locks it has room for"))
    }

    /// How many tables can still be locked.
    ///
    /// The table is made for a lock per transaction's share and grows into shared memory that is left over, which is half as
    /// much again: with the defaults of 15 it is made for 7,808 and takes 12,000 and not 13,000. What is
    /// surely too many is refused here, and what lies between fails by itself, or doesn't.
    fn left(&self) -> u64 {
        (self.per_transaction * self.transactions * 3 / 2).saturating_sub(self.taken)
    }

    /// Whether so many tables can be locked and others still work.
    pub fn holds(&self, tables: usize) -> bool {
        tables as u64 <= self.left()
    }

    /// Fails if so many tables can't be locked.
    pub fn must_hold(&self, tables: usize) -> Result<()> {
        if self.holds(tables) {
            return Ok(());
        }
        Err(Error::unsupported(self.shortage(tables)).with_hint(self.hint(tables)))
    }

    /// What is missing.
    pub fn shortage(&self, tables: usize) -> String {
        format!(
            "a backup locks all {tables} tables, and the server's lock table has room for {} more objects",
            self.left()
        )
    }

    /// What to do about it.
    pub fn hint(&self, tables: usize) -> String {
        format!("{}, and restart the server", self.remedy(tables))
    }

    /// The statement that makes room after the server's next start.
    pub fn remedy(&self, tables: usize) -> String {
        // Others need room too, and more tables will come.
        let needed = (self.taken + tables as u64 + tables as u64 / 4).div_ceil(self.transactions.max(1));
        format!(
            "ALTER SYSTEM SET max_locks_per_transaction = {}",
            needed.max(self.per_transaction).next_multiple_of(64)
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn more_tables_than_there_is_room_for_are_refused_with_the_setting_that_makes_room() {
        let room = Room { per_transaction: 64, transactions: 122, taken: 8 };
        assert!(room.must_hold(11_700).is_ok());
        let error = room.must_hold(20_000).unwrap_err();
        assert!(error.message.contains("20000") && error.message.contains("11704"), "{}", error.message);
        let hint = error.hint.unwrap();
        assert!(hint.contains("max_locks_per_transaction = 256") && hint.contains("restart"), "{hint}");
    }
}
