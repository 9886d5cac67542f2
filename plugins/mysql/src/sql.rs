//! Names and texts in statements, and where in a statement they are.

use crate::protocol::column;

/// A name, quoted ("Schema Object Names").
pub fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text, quoted.
pub fn text(text: &str) -> String {
    let mut quoted = Vec::new();
    column::quote(text.as_bytes(), &mut quoted);
    String::from_utf8_lossy(&quoted).into_owned()
}

/// An account as `CURRENT_USER()` writes it ("joe@localhost"), as statements take it. A role has no host.
pub fn account(account: &str) -> String {
    account.rsplit_once('@').map_or_else(|| text(account), |(user, host)| format!("{}@{}", text(user), text(host)))
}

/// The bytes of a statement with everything inside of strings, quoted names and comments blank, so that whatever is found
/// in it is found where it is in the statement and means what it says.
pub fn bare(statement: &str) -> Vec<u8> {
    blank(statement, true)
}

/// The same, but quoted names stay.
pub fn without_strings(statement: &str) -> String {
    // What is blank was blank for whole characters, so it is text still.
    String::from_utf8(blank(statement, false)).unwrap_or_else(|_| " ".repeat(statement.len()))
}

fn blank(statement: &str, names: bool) -> Vec<u8> {
    let mut bare = statement.as_bytes().to_vec();
    let mut at = 0;
    while let Some(&byte) = bare.get(at) {
        let rest = bare.get(at..).unwrap_or_default();
        let end = match byte {
            b'\'' | b'"' | b'`' => quoted(rest, byte),
            b'#' => line(rest),
            b'-' if rest.starts_with(b"-- ") || rest.starts_with(b"--\n") || rest.starts_with(b"--\t") => line(rest),
            // What a comment with an exclamation mark holds is part of the statement.
            b'/' if rest.starts_with(b"/*") && !rest.starts_with(b"/*!") && !rest.starts_with(b"/*M!") => {
                rest.windows(2).skip(2).position(|end| end == b"*/").map_or(rest.len(), |end| end + 4)
            }
            _ => {
                at += 1;
                continue;
            }
        };
        if let Some(blank) = bare.get_mut(at..at + end).filter(|_| names || byte != b'`') {
            blank.fill(b' ');
        }
        at += end;
    }
    bare
}

/// The length of the string or name that `rest` begins with. A doubled quote closes and opens again, which comes to the
/// same.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        at += match byte {
            b'\\' if quote != b'`' => 2,
            byte if byte == quote => return at + 1,
            _ => 1,
        };
    }
    rest.len()
}

fn line(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_ends_where_its_last_backtick_is() {
        assert_eq!(name("a`b; DROP"), "`a``b; DROP`");
        assert_eq!(text("it's\n"), "'it\\'s\\n'");
    }

    #[test]
    fn an_account_has_a_name_that_may_hold_the_sign_too() {
        assert_eq!(account("joe@localhost"), "'joe'@'localhost'");
        assert_eq!(account("joe@home@%"), "'joe@home'@'%'");
    }

    #[test]
    fn only_what_stands_outside_of_quotes_and_comments_is_left() {
        for (statement, left) in [
            ("a 'b''c\\'d' e", "a           e"),
            ("a `b'c` \"d`\" e", "a            e"),
            ("a /* b */ c -- d\ne # f", "a         c     \ne    "),
            ("a-b /*!1 c */", "a-b /*!1 c */"),
            ("a 'open", "a      "),
        ] {
            assert_eq!(String::from_utf8(bare(statement)).unwrap(), left, "{statement}");
            assert_eq!(bare(statement).len(), statement.len());
        }
    }

    #[test]
    fn names_stay_where_only_strings_go_and_are_none_inside_of_a_string() {
        assert_eq!(without_strings("`a'b` '`c`' /* `d` */ `e`"), "`a'b`                 `e`");
    }
}
