//! Other roles in a statement that names some.

use crate::quote::ident;
use std::collections::HashMap;

/// Words behind which a statement names a role. What stands behind a comma follows the one before.
const BEFORE_A_ROLE: [&str; 5] = ["TO", "FROM", "ROLE", "FOR", "USER"];

/// The statement with the roles that `owners` maps named otherwise; none if one of them isn't where roles are named, as
/// inside of a text.
///
/// Names of roles stand behind certain words, outside of parentheses and of texts; a table or a column of the same name
/// doesn't.
pub fn with_roles(sql: &str, roles: &[String], owners: &HashMap<String, String>) -> Option<String> {
    let mut open: Vec<&String> = roles.iter().filter(|role| owners.contains_key(*role)).collect();
    if open.is_empty() {
        return Some(sql.to_owned());
    }
    let mut text = String::with_capacity(sql.len());
    let (mut depth, mut role_may_stand, mut role_stood) = (0_u32, false, false);
    for token in tokens(sql) {
        let first = token.chars().next().unwrap_or_default();
        if first.is_whitespace() {
            text.push_str(token);
            continue;
        }
        let name = name_of(token);
        let renamed =
            name.as_ref().filter(|_| depth == 0 && role_may_stand).and_then(|name| owners.get_key_value(name));
        match renamed {
            Some((from, to)) => {
                open.retain(|role| *role != from);
                text.push_str(&ident(to));
            }
            None => text.push_str(token),
        }
        role_stood = match token {
            "," => role_stood,
            _ => role_may_stand && name.is_some(),
        };
        role_may_stand = BEFORE_A_ROLE.contains(&token) || token == "," && role_stood;
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    open.is_empty().then_some(text)
}

/// The name that a token is, if it is one.
fn name_of(token: &str) -> Option<String> {
    if let Some(quoted) = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Some(quoted.replace("\"\"", "\""));
    }
    token.starts_with(|c: char| c.is_alphabetic() || c == '_').then(|| token.to_owned())
}

/// A statement's tokens: blanks, names, quoted names, texts, and single characters.
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            '$' => dollar_quoted(rest),
            c if c.is_whitespace() => rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// The length of what is in quotes; a doubled quote doesn't end it.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((place, c)) = characters.next() {
        if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return place + c.len_utf8();
        }
    }
    text.len()
}

/// The length of a text in dollar quotes, or of a dollar.
fn dollar_quoted(text: &str) -> usize {
    let Some((tag, rest)) = text.get(1..).and_then(|rest| rest.split_once('$')) else { return 1 };
    if !tag.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return 1;
    }
    let tag = format!("${tag}$");
    rest.find(&tag).map_or(text.len(), |end| tag.len() + end + tag.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn renamed(sql: &str, roles: &[&str]) -> Option<String> {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let owners = [("alice", "bob"), ("c\"d", "e f")];
        with_roles(sql, &roles, &owners.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
    }

    #[test]
    fn roles_are_renamed_and_what_bears_their_name_is_not() {
        for (sql, roles, expected) in [
            (
                r#"ALTER TABLE "alice"."t" OWNER TO "alice""#,
                &["alice"][..],
                r#"ALTER TABLE "alice"."t" OWNER TO "bob""#,
            ),
            (
                r#"GRANT SELECT ("alice") ON TABLE "s"."alice" TO "c""d""#,
                &["c\"d"],
                r#"GRANT SELECT ("alice") ON TABLE "s"."alice" TO "e f""#,
            ),
            (
                r#"SET ROLE "alice"; GRANT ALL ON TABLE "t" TO PUBLIC; RESET ROLE"#,
                &["alice"],
                r#"SET ROLE "bob"; GRANT ALL ON TABLE "t" TO PUBLIC; RESET ROLE"#,
            ),
            (
                r#"CREATE POLICY "p" ON "alice" FOR SELECT TO "x", "alice" USING (("owner" = 'TO "alice"'::text))"#,
                &["x", "alice"],
                r#"CREATE POLICY "p" ON "alice" FOR SELECT TO "x", "bob" USING (("owner" = 'TO "alice"'::text))"#,
            ),
            (
                "ALTER DEFAULT PRIVILEGES FOR ROLE alice GRANT ALL ON TABLES TO x",
                &["alice", "x"],
                "ALTER DEFAULT PRIVILEGES FOR ROLE \"bob\" GRANT ALL ON TABLES TO x",
            ),
            ("anything at all", &["x"], "anything at all"),
        ] {
            assert_eq!(renamed(sql, roles).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_role_inside_of_a_text_cannot_be_renamed_and_that_is_said() {
        assert_eq!(renamed("DO 'BEGIN EXECUTE ''ALTER ROLE alice''; END'", &["alice"]), None);
        assert_eq!(renamed("DO $x$ ALTER ROLE alice $x$", &["alice"]), None);
    }
}
