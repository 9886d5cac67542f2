//! Keeping secrets out of every text that leaves an operation.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::memmem;

use super::Secret;
use super::sanitize::sanitize;
use super::spellings::{Spelling, spellings};
use crate::error::Error;

/// Secrets shorter than this, in bytes, aren't looked for. Their letters stand in ordinary words: taking them out
/// would spoil every message, and the gaps would tell the secret. [`super::SecretRef::resolve`] warns of them.
pub const MIN_REDACTED: usize = 4;

const MASK: &str = "***";

/// Knows an operation's secrets and takes them out of texts, however they are spelled: plain, quoted for SQL or JSON,
/// percent-encoded, in hex or in base64.
///
/// It protects from accidents and from servers that repeat what they were sent, not from a sender that
/// encrypts or chops up: `spellings.rs` says what isn't found.
#[derive(Clone, Default)]
pub struct Redactor {
    spellings: Vec<Spelling>,
}

impl Redactor {
    /// Knows these secrets.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut redactor = Self::default();
        secrets.into_iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    /// Knows one secret more.
    pub fn add(&mut self, secret: &Secret) {
        if secret.expose().len() >= MIN_REDACTED {
            self.spellings.extend(spellings(secret.expose()));
        }
    }

    /// The text with `***` for every secret. Where one stands inside a base64 text, all of that text goes.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        let mut end = 0;
        for range in found {
            clean.push_str(text.get(end..range.start).unwrap_or(MASK));
            clean.push_str(MASK);
            end = range.end;
        }
        clean.push_str(text.get(end..).unwrap_or(MASK));
        Cow::Owned(clean)
    }

    /// The text without secrets ([`Redactor::redact`]) and without anything that a terminal would obey or a reader
    /// couldn't see ([`sanitize`]).
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        sanitize(&self.redact(text)).into_owned()
    }

    /// The error with every text of it cleaned.
    #[must_use]
    pub fn clean_error(&self, error: Error) -> Error {
        error.map_text(|text| self.clean(text))
    }

    /// Where secrets stand, in order, without overlaps. All spellings are looked for everywhere, as the end of one
    /// secret may be the beginning of another.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        // To begin a search costs more than to look at a short text, and most are shorter than a key.
        for spelling in self.spellings.iter().filter(|spelling| spelling.text.len() <= text.len()) {
            let needle = spelling.text.as_bytes();
            for start in memmem::find_iter(text.as_bytes(), needle) {
                let range = start..start + needle.len();
                found.push(if spelling.base64 { widen(text, range) } else { range });
            }
        }
        merge(found)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// To the ends of the base64 text: the letters beside the found ones share bits with the secret.
fn widen(text: &str, range: Range<usize>) -> Range<usize> {
    let letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'=');
    let bytes = text.as_bytes();
    let before = bytes.get(..range.start).unwrap_or_default().iter().rev().take_while(|b| letter(b)).count();
    let after = bytes.get(range.end..).unwrap_or_default().iter().take_while(|b| letter(b)).count();
    range.start - before..range.end + after
}

fn merge(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_unstable_by_key(|r| (r.start, r.end));
    found.dedup_by(|next, kept| {
        let touches = next.start <= kept.end;
        if touches {
            kept.end = kept.end.max(next.end);
        }
        touches
    });
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    use super::*;

    const SECRET: &str = "p@ss/w'ord\"ü?>";

    fn redactor(secrets: &[&str]) -> Redactor {
        Redactor::new(&secrets.iter().map(|s| Secret::new((*s).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn a_text_without_secrets_is_not_even_copied() {
        assert!(matches!(redactor(&[SECRET]).redact("relation \"orders\" does not exist"), Cow::Borrowed(_)));
        assert_eq!(Redactor::default().clean("anything"), "anything");
    }

    #[test]
    fn the_plain_secret_goes_wherever_it_stands() {
        let r = redactor(&["hunter2"]);
        assert_eq!(r.redact("hunter2"), "***");
        assert_eq!(r.redact("user x, password hunter2!"), "user x, password ***!");
        assert_eq!(r.redact("hunter2hunter2 and ühunter2ü"), "*** and ü***ü");
        assert_eq!(r.redact("Hunter3 hunter"), "Hunter3 hunter");
    }

    #[test]
    fn every_usual_spelling_goes() {
        let r = redactor(&[SECRET]);
        for spelled in [
            SECRET.to_owned(),
            serde_json::json!({ "password": SECRET }).to_string(),
            format!("{SECRET:?}"),
            format!("ALTER ROLE x PASSWORD '{}'", SECRET.replace('\'', "''")),
            url::form_urlencoded::Serializer::new(String::new()).append_pair("p", SECRET).finish(),
            SECRET.bytes().map(|b| format!("{b:02x}")).collect(),
            SECRET.bytes().map(|b| format!("{b:02X}")).collect(),
        ] {
            let clean = r.redact(&spelled);
            assert!(clean.contains("***"), "{spelled} -> {clean}");
            assert!(!clean.contains("ss") || clean.contains("password"), "{spelled} -> {clean}");
        }
    }

    #[test]
    fn the_password_of_a_parsed_url_goes() {
        for secret in [SECRET, "a b{c}|d^e[f]`g", "x;y=z@host:1/2?3#4", "100%sure"] {
            let mut url = url::Url::parse("postgresql://user@host/db").expect("a URL");
            url.set_password(Some(secret)).expect("a password");
            assert_eq!(redactor(&[secret]).redact(url.as_str()), "postgresql://user:***@host/db");
        }
    }

    #[test]
    fn base64_goes_in_both_alphabets_with_and_without_padding_at_every_alignment() {
        let r = redactor(&[SECRET]);
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            for (before, after) in ["", "u", "us", "use", "user:"].iter().flat_map(|b| ["", "x", "yz"].map(|a| (b, a)))
            {
                let encoded = engine.encode(format!("{before}{SECRET}{after}"));
                let text = format!("authorization: Basic {encoded}, refused");
                assert_eq!(r.redact(&text), "authorization: Basic ***, refused", "{before}|{after}");
            }
        }
    }

    #[test]
    fn the_shortest_secret_goes_in_base64_too() {
        let r = redactor(&["wXyz"]);
        for before in ["", "1", "12", "123"] {
            let encoded = STANDARD.encode(format!("{before}wXyz9"));
            assert_eq!(r.redact(&encoded), "***", "{before}");
        }
    }

    #[test]
    fn overlapping_secrets_leave_no_remainder() {
        assert_eq!(redactor(&["abcdef", "efghij"]).redact("<abcdefghij>"), "<***>");
        assert_eq!(redactor(&["abcd", "abcdefgh"]).redact("<abcdefgh>"), "<***>");
    }

    #[test]
    fn a_secret_of_three_bytes_is_not_looked_for() {
        assert_eq!(redactor(&["abc"]).redact("abc"), "abc");
        assert_eq!(redactor(&["abcd"]).redact("abcd"), "***");
    }

    #[test]
    fn cleaning_takes_out_secrets_and_what_a_terminal_obeys() {
        let r = redactor(&["two\nlines"]);
        assert_eq!(r.clean("\u{1b}[31mtwo\nlines\u{202e}"), r"\u{1b}[31m***\u{202e}");
    }

    #[test]
    fn neither_order_of_cleaning_puts_a_secret_together_again() {
        assert_eq!(redactor(&["hunter2"]).clean("hun\u{200b}ter2"), r"hun\u{200b}ter2");
    }

    #[test]
    fn errors_are_cleaned_everywhere() {
        let error = Error::internal("hunter2 a").with_hint("hunter2 b").with_cause("hunter2 c");
        let shown = format!("{:?}", redactor(&["hunter2"]).clean_error(error));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn debug_output_shows_no_spelling() {
        assert_eq!(format!("{:?}", redactor(&["hunter2"])), "Redactor");
    }
}
