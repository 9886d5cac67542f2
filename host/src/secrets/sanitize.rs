//! Text of others made harmless for terminals, logs and people.

use std::borrow::Cow;

/// Shows what a terminal would obey and what a reader can't see: control characters (so also ANSI escapes and line
/// ends), line and paragraph separators, bidirectional controls, and invisible characters that can make one name look
/// like another. They become visible escapes, `\n` or `\u{202e}`, and are never just taken out: what stood on both
/// sides of one must not join to something new.
///
/// A backslash stays as it is: the text is made to be read, not to be parsed back.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The bidirectional controls are those of Unicode's UAX #9, table 4 and section 2.4; "Trojan Source" uses them.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}'     // marks of direction
            | '\u{202a}'..='\u{202e}'               // embeddings and overrides
            | '\u{2066}'..='\u{2069}'               // isolates
            | '\u{2028}' | '\u{2029}'               // line and paragraph separator
            | '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // take no room
            | '\u{e0000}'..='\u{e007f}'             // tags: a hidden ASCII text
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_text_is_not_even_copied() {
        assert!(matches!(sanitize("Größe der Tabelle »öffentlich« 表 👩‍💻"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_terminal_would_obey_becomes_visible() {
        for (raw, shown) in [
            ("\u{1b}[2Jgone", r"\u{1b}[2Jgone"),
            ("\u{9b}31mred", r"\u{9b}31mred"),
            ("title\u{7}", r"title\u{7}"),
            ("a\u{8}b", r"a\u{8}b"),
            ("back\rwards", r"back\rwards"),
            ("two\nlines", r"two\nlines"),
            ("a\tb", r"a\tb"),
            ("nul\0", r"nul\u{0}"),
            ("del\u{7f}", r"del\u{7f}"),
        ] {
            assert_eq!(sanitize(raw), shown);
        }
    }

    #[test]
    fn what_a_reader_cannot_see_becomes_visible() {
        for c in ['\u{202e}', '\u{2066}', '\u{200e}', '\u{61c}', '\u{2028}', '\u{200b}', '\u{feff}', '\u{e0041}'] {
            let raw = format!("gpj{c}exe");
            assert_eq!(sanitize(&raw), format!("gpj\\u{{{:x}}}exe", u32::from(c)));
        }
    }
}
