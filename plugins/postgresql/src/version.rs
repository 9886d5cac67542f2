//! What differs from server version to server version.

use cofferdam_sdk::{Error, Result};

/// A server's version as `server_version_num` gives it: 150020 is 15.20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32);

/// The oldest major version whose catalogues we know.
pub const OLDEST: u32 = 13;
/// The newest major version whose catalogues we know.
pub const NEWEST: u32 = 18;

impl Version {
    /// Reads `server_version_num`.
    pub fn parse(number: &str) -> Result<Self> {
        Ok(Self(number.trim().parse()?))
    }

    /// The major version: 15.
    pub fn major(self) -> u32 {
        self.0 / 10_000
    }

    /// Refuses servers whose catalogues we don't know: an unknown kind of object would be lost without a word.
    pub fn supported(self) -> Result<()> {
        if (OLDEST..=NEWEST).contains(&self.major()) {
            return Ok(());
        }
        Err(Error::unsupported(format!("PostgreSQL {} isn't supported", self.major()))
            .with_hint(format!("this plugin knows PostgreSQL {OLDEST} to {NEWEST}")))
    }

    /// Leaves only those lines of a query that are for this version. A line ends with `-- from 14`, `-- until 13` or
    /// `-- from 15 until 16` if it isn't for all of them; both ends are included.
    pub fn assemble(self, sql: &str) -> String {
        let major = self.major();
        let mut text = String::with_capacity(sql.len());
        for line in sql.lines() {
            let (code, mark) = line.rsplit_once("-- ").unwrap_or((line, ""));
            let wanted = within(mark, major);
            if wanted && !code.trim().is_empty() {
                text.push_str(code);
                text.push('\n');
            }
        }
        text
    }
}

/// Whether a line with this comment is for the version. A comment that says something else is no restriction.
fn within(mark: &str, major: u32) -> bool {
    let words: Vec<&str> = mark.split_whitespace().collect();
    let bound = |pair: &[&str], name: &str| match pair {
        [word, number] if *word == name => number.parse::<u32>().ok(),
        _ => None,
    };
    let from = words.chunks(2).find_map(|pair| bound(pair, "from"));
    let until = words.chunks(2).find_map(|pair| bound(pair, "until"));
    from.is_none_or(|first| major >= first) && until.is_none_or(|last| major <= last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_query_keeps_the_lines_of_its_version() {
        let sql = "-- PostgreSQL 13 to 18\nSELECT a,\n  b AS c -- from 14\n  '' AS c -- until 13\nFROM t";
        assert_eq!(Version(130_004).assemble(sql), "SELECT a,\n  '' AS c \nFROM t\n");
        assert_eq!(Version(140_000).assemble(sql), "SELECT a,\n  b AS c \nFROM t\n");
    }

    #[test]
    fn a_line_may_have_a_first_and_a_last_version() {
        let sql = "SELECT a -- from 15 until 16";
        let lines = [140_000, 150_000, 160_000, 170_000].map(|number| Version(number).assemble(sql).lines().count());
        assert_eq!(lines, [0, 1, 1, 0]);
    }

    #[test]
    fn versions_outside_of_what_we_know_are_refused() {
        assert!(Version(130_000).supported().is_ok());
        assert!(Version(180_001).supported().is_ok());
        assert_eq!(Version(120_020).supported().unwrap_err().code, "unsupported");
        assert_eq!(Version(190_000).supported().unwrap_err().code, "unsupported");
    }
}
