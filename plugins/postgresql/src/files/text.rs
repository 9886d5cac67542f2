//! Text of scripts. What came out of a database is somebody else's: whatever psql would obey in it is fenced in.

use crate::entry::Entry;
use crate::quote::literal;
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
    let mut say = |sql: &str| {
        text.push_str(sql);
        text.push_str(";\n");
    };
    entry.tablespace.iter().for_each(|name| say(&default_tablespace(name)));
    for sql in entry.sql.iter().chain(for_roles).filter(|sql| !sql.starts_with("LOCK TABLE ")) {
        match &entry.only_where {
            Some(condition) => say(&of_the_server(&entry.object, condition, sql)),
            None if entry.label_provider.is_some() => say(&label(sql)),
            None => say(sql),
        }
    }
    entry.tablespace.iter().for_each(|_| say("SET default_tablespace = ''"));
    text.push('\n');
    text
}

/// Has what follows made in a tablespace, if the server has it.
fn default_tablespace(name: &str) -> String {
    let there = format!("SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname = {}", literal(name));
    let set = format!("pg_catalog.set_config('default_tablespace', coalesce(({there}), ''), false)");
    format!("DO {}", literal(&format!("BEGIN PERFORM {set}; END")))
}

/// A security label, which is warned of and left out where its provider isn't loaded.
fn label(sql: &str) -> String {
    let warn = "RAISE WARNING 'a security label is left out: %', SQLERRM";
    let body = format!("BEGIN EXECUTE {}; EXCEPTION WHEN invalid_parameter_value THEN {warn}; END", literal(sql));
    format!("DO {}", literal(&body))
}

/// A statement about one of the server's own objects, which is warned of and left out where there is none, or where the role
/// is no superuser.
fn of_the_server(object: &str, condition: &str, sql: &str) -> String {
    let possible = format!("pg_catalog.current_setting('is_superuser') = 'on' AND {condition}");
    let warn = format!("RAISE WARNING 'left out: what is granted on %', {}", literal(object));
    let body = format!("BEGIN IF {possible} THEN EXECUTE {}; ELSE {warn}; END IF; END", literal(sql));
    format!("DO {}", literal(&body))
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
    fn a_tablespace_is_looked_for_before_what_is_in_it_and_left_behind_after() {
        let mut entry = Entry::new("TABLE t", vec!["CREATE".to_owned()]);
        entry.tablespace = Some("it's".to_owned());
        let text = statements(&entry);
        assert!(text.contains("set_config(''default_tablespace''") && text.contains("it''''s"), "{text}");
        assert!(text.ends_with("CREATE;\nSET default_tablespace = '';\n\n"), "{text}");
    }

    #[test]
    fn an_entry_is_its_statements_without_locks() {
        let mut entry = Entry::new("TABLE \"t\n\"", vec!["LOCK TABLE a".to_owned(), "CREATE".to_owned()]);
        entry.owned_by("me");
        assert_eq!(statements(&entry), "-- TABLE \"t \"\nCREATE;\nALTER TABLE \"t\n\" OWNER TO \"me\";\n\n");
    }
}
