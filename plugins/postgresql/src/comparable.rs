//! What of a definition two databases are compared by: without what makes no difference to anybody.

use xxhash_rust::xxh3::xxh3_128;

/// What stands for statements, as a digest: short, since it goes into the backup beside them.
pub fn digest<'a>(statements: impl Iterator<Item = &'a str>) -> String {
    let text: Vec<String> = statements.map(settled).collect();
    format!("{:032x}", xxh3_128(text.join("\n").as_bytes()))
}

/// Whether a statement is one that the server writes differently once it has read it back.
pub fn is_unsettled(statement: &str) -> bool {
    CASTS.iter().any(|cast| statement.contains(cast))
}

/// How the server casts a list of `varchar` to `text[]` in `x IN ('a', 'b')`, when it has read that for the first time;
/// where it quotes all identifiers, and where it doesn't.
const CASTS: [&str; 2] = ["])::\"text\"[]", "])::text[]"];
const LIST: &str = "(ARRAY[";

/// A statement as the server writes it when it has read its own text of it: it then casts each member of a list of
/// `varchar` and no longer the list. Only for comparing: this doesn't tell code from texts in it.
fn settled(statement: &str) -> String {
    let mut text = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some((before, after)) = rest.split_once(LIST) {
        text.push_str(before);
        match members(after) {
            Some((members, to, end)) => {
                let cast: Vec<String> = members.iter().map(|member| format!("({member})::{to}")).collect();
                text.push_str(&format!("ARRAY[{}]", cast.join(", ")));
                rest = end;
            }
            None => {
                text.push_str(LIST);
                rest = after;
            }
        }
    }
    text + rest
}

/// The members of a list that is cast as a whole, the type of each, and what comes after the cast.
fn members(list: &str) -> Option<(Vec<&str>, &str, &str)> {
    let (mut members, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (i, c) in list.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' => depth += 1,
            ']' if depth == 0 => {
                members.push(list.get(start..i)?);
                let cast = CASTS.iter().find(|cast| list.get(i..).is_some_and(|rest| rest.starts_with(**cast)))?;
                let to = cast.trim_start_matches("])::").trim_end_matches("[]");
                return Some((members, to, list.get(i + cast.len()..)?));
            }
            ')' | ']' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                members.push(list.get(start..i)?);
                start = i + 2;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_the_same_before_and_after_the_server_has_read_it_back() {
        let first = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b]), '''::character varying])::text[])))";
        let then =
            "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b]), '''::character varying)::text])))";
        assert_eq!(settled(first), then);
        assert_eq!(settled(then), then);
        assert!(is_unsettled(first) && !is_unsettled(then));
        let quoted = "ANY ((ARRAY['a'::character varying])::\"text\"[])";
        assert_eq!(settled(quoted), "ANY (ARRAY[('a'::character varying)::\"text\"])");
        assert!(is_unsettled(quoted));
    }

    #[test]
    fn other_lists_stay_as_they_are() {
        for text in ["(ARRAY[1, 2])::bigint[]", "(ARRAY[", "x(ARRAY['a'])", "SELECT 1"] {
            assert_eq!(settled(text), text);
        }
    }

    #[test]
    fn what_differs_has_another_digest() {
        assert_ne!(digest(["a", "b"].into_iter()), digest(["a", "c"].into_iter()));
    }
}
