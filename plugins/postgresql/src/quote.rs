//! Names and values in SQL text, and names in unit names.

/// An identifier, always quoted, so that no list of reserved words is needed.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name with its schema.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", ident(schema), ident(name))
}

/// A string constant. One with a backslash is written so that it means the same whatever
/// `standard_conforming_strings` says.
pub fn literal(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    if quoted.contains('\\') { format!(" E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A statement that is run only where the condition holds there and then.
pub fn guarded(condition: &str, statement: &str) -> String {
    let body = format!("BEGIN IF {condition} THEN EXECUTE {}; END IF; END", literal(statement));
    format!("DO {}", literal(&body))
}

/// One of two statements, by a condition that is looked at there and then.
pub fn either(condition: &str, holds: &str, else_: &str) -> String {
    let body =
        format!("BEGIN IF {condition} THEN EXECUTE {}; ELSE EXECUTE {}; END IF; END", literal(holds), literal(else_));
    format!("DO {}", literal(&body))
}

/// A statement that names the database in which it runs, whatever that is called there and then.
pub fn on_this_database(before: &str, after: &str) -> String {
    let text = format!("{}%I{}", before.replace('%', "%%"), after.replace('%', "%%"));
    let body = format!("BEGIN EXECUTE pg_catalog.format({}, pg_catalog.current_database()); END", literal(&text));
    format!("DO {}", literal(&body))
}

/// Identifiers with commas between them.
pub fn idents<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| ident(name)).collect::<Vec<_>>().join(", ")
}

/// A unit's name: `folder/schema.object`. Dots and slashes inside of names are encoded like everything else that isn't a
/// letter, a digit, `_` or `-`, so that two objects never share a unit.
pub fn unit_name(folder: &str, schema: &str, object: &str) -> String {
    format!("{folder}/{}.{}", encoded(schema), encoded(object))
}

fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Storage options, from the catalogue's `name=value` to what a WITH list takes; `prefix` is "toast." for a TOAST table's.
pub fn options(options: &[String], prefix: &str) -> Vec<String> {
    options
        .iter()
        .map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            format!("{prefix}{}={}", ident(name), literal(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_name_does_not_end_it() {
        assert_eq!(ident("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
    }

    #[test]
    fn a_backslash_means_itself_in_either_string_mode() {
        assert_eq!(literal("it's c:\\"), " E'it''s c:\\\\'");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn names_with_dots_and_slashes_get_units_of_their_own() {
        assert_eq!(unit_name("data", "a.b", "c"), "data/a%2Eb.c");
        assert_eq!(unit_name("data", "a", "b.c"), "data/a.b%2Ec");
        assert_eq!(unit_name("data", "a", "b/ü%"), "data/a.b%2F%C3%BC%25");
    }

    #[test]
    fn an_option_keeps_equals_signs_in_its_value() {
        assert_eq!(options(&["a=b=c".to_owned()], "toast."), ["toast.\"a\"='b=c'"]);
    }
}
