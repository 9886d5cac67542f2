//! Triggers, out of the statements that somebody typed ("CREATE TRIGGER").

use crate::sql;

/// The statement with the head `head`, if its own head names a database: it would be made there. Servers leave out by
/// themselves what it says of another trigger that it follows or precedes.
pub fn unqualified(statement: String, head: &str) -> Option<String> {
    let body = body(&statement)?;
    let bare = sql::bare(&statement);
    let qualified = bare.get(..statement.len() - body.len())?.contains(&b'.');
    Some(if qualified { format!("{head} {body}") } else { statement })
}

/// What stands behind FOR EACH ROW.
fn body(statement: &str) -> Option<&str> {
    let bare = sql::bare(statement);
    let mut words = words(&bare);
    while let Some((_, word)) = words.next() {
        if !word.eq_ignore_ascii_case(b"FOR") {
            continue;
        }
        let each = words.next().is_some_and(|(_, word)| word.eq_ignore_ascii_case(b"EACH"));
        let (end, row) = words.next()?;
        if each && row.eq_ignore_ascii_case(b"ROW") {
            return statement.get(end..).map(str::trim_start);
        }
    }
    None
}

/// The words of a statement, each with where it ends.
fn words(bare: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        let start = at + bare.get(at..)?.iter().position(is_word)?;
        let length = bare.get(start..)?.iter().position(|byte| !is_word(byte)).unwrap_or(bare.len() - start);
        at = start + length;
        Some((at, bare.get(start..at)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_names_a_database_goes_and_any_other_stays() {
        for (statement, goes) in [
            ("CREATE DEFINER=`a`@`b.c` trigger shop.t before insert on x for each row set new.a = 1", true),
            ("CREATE TRIGGER t BEFORE INSERT ON `shop`.`x` FOR EACH ROW set new.a = 1", true),
            ("CREATE TRIGGER `for. each row` BEFORE UPDATE ON x FOR /* w.hy */ EACH\nROW set new.a = 1", false),
        ] {
            let expected = if goes { "HEAD set new.a = 1" } else { statement };
            assert_eq!(unqualified(statement.to_owned(), "HEAD").as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_body_is_kept_as_it_is() {
        let statement = "CREATE TRIGGER t AFTER DELETE ON x FOR EACH ROW BEGIN\n -- for each row 'x\n SELECT 1; END";
        assert_eq!(body(statement), Some("BEGIN\n -- for each row 'x\n SELECT 1; END"));
        assert_eq!(body("CREATE TRIGGER t"), None);
    }
}
