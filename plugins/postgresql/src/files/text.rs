//! Text of scripts. What came out of a database is somebody else's: whatever psql would obey in it is fenced in.

use crate::entry::Entry;
use cofferdam_sdk::random;

/// What is said behind `--`. A line break of any kind would end the comment, and what follows it would be run
/// (CVE-2025-8715, CVE-2012-0868).
pub fn comment(text: &str) -> String {
    let clean: String = text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    format!("-- {clean}\n")
}

/// psql and the server end a line at a line feed or a carriage return; editors, and whoever reads, also at others.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A fence around statements: between its lines psql obeys no command but the one that ends it, which has to know the key
/// (CVE-2025-8714). The key is made after everything that stands between them, so nothing there can know it.
pub struct Fence(String);

impl Fence {
    /// With a key of its own.
    pub fn new() -> Self {
        Self(random::bytes(32).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The line that begins it.
    pub fn begin(&self) -> String {
        format!("\\restrict {}\n\n", self.0)
    }

    /// The line that ends it.
    pub fn end(&self) -> String {
        format!("\n\\unrestrict {}\n", self.0)
    }
}

/// The last line of a file, which says so; [`reached`] asks for it. psql takes the end of a file for the end of the rows in
/// it, so a file that was cut off would otherwise be loaded without a word.
pub fn last_line(number: usize) -> String {
    format!("\\set {} 1\n", variable(number))
}

/// The line that fails if that last line wasn't read: psql leaves a variable that it doesn't know as it stands, which is
/// no SQL.
pub fn reached(number: usize) -> String {
    format!("SELECT :{} AS loaded \\gset\n", variable(number))
}

fn variable(number: usize) -> String {
    format!("end_of_{number:05}_was_reached")
}

/// An entry's statements as psql takes them.
pub fn statements(entry: &Entry) -> String {
    let mut text = comment(&entry.object);
    let for_roles = entry.for_roles.iter().map(|statement| &statement.sql);
    // A lock is for what other sessions do at the same time, and outside of a transaction it is an error.
    for sql in entry.sql.iter().chain(for_roles).filter(|sql| !sql.starts_with("LOCK TABLE ")) {
        text.push_str(sql);
        text.push_str(";\n");
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn no_name_ends_its_comment() {
        for end in ['\n', '\r', '\u{85}', '\u{2028}', '\u{b}'] {
            let text = comment(&format!("TABLE \"a{end}\\! touch /tmp/x\""));
            assert_eq!(text, "-- TABLE \"a \\! touch /tmp/x\"\n", "{end:?}");
        }
    }

    #[test]
    fn an_entry_is_its_statements_without_locks() {
        let mut entry = Entry::new("TABLE \"t\n\"", vec!["LOCK TABLE a".to_owned(), "CREATE".to_owned()]);
        entry.owned_by("me");
        assert_eq!(statements(&entry), "-- TABLE \"t \"\nCREATE;\nALTER TABLE \"t\n\" OWNER TO \"me\";\n\n");
    }
}
