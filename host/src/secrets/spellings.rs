//! The ways in which a secret can appear in a text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::{Zeroize, Zeroizing};

/// A text to look for.
#[derive(Clone)]
pub(super) struct Spelling {
    pub(super) text: Zeroizing<String>,
    /// It may stand inside a longer base64 text, whose neighbouring letters hold bits of the secret.
    pub(super) base64: bool,
}

/// What RFC 3986 leaves unencoded everywhere.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What JavaScript's `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &RESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
/// The userinfo and the query of a URL as the WHATWG's URL standard has them.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\'');
const USERINFO: &AsciiSet = &QUERY
    .remove(b'\'')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'|');

/// Every spelling of `secret` that is looked for: as it is; inside JSON, Rust's debug output, SQL and connection
/// strings; percent-encoded; in hex; in base64, also when other bytes were encoded before and after it. Of a secret
/// of several lines each longer line counts by itself, as a message may quote just one.
///
/// Not found are compressed, encrypted, hashed, reversed or interleaved ones, and base64 broken into lines.
pub(super) fn spellings(secret: &str) -> Vec<Spelling> {
    let mut plain = BTreeSet::new();
    escaped(secret, &mut plain);
    if secret.contains('\n') {
        secret.lines().filter(|line| line.len() >= 8).for_each(|line| escaped(line, &mut plain));
    }
    percent_encoded(secret, &mut plain);
    hex(secret, &mut plain);
    let mut base64 = BTreeSet::new();
    embedded_base64(secret, &mut base64);
    base64.retain(|b| !plain.contains(b));

    let spelling = |base64| move |text| Spelling { text: Zeroizing::new(text), base64 };
    plain.into_iter().map(spelling(false)).chain(base64.into_iter().map(spelling(true))).collect()
}

/// As it is, and with the escapes of JSON (also with `\/` and ASCII only), Rust, SQL and libpq's connection strings.
fn escaped(secret: &str, found: &mut BTreeSet<String>) {
    let json = serde_json::Value::from(secret).to_string();
    let json = Zeroizing::new(json);
    let json = json.strip_prefix('"').and_then(|j| j.strip_suffix('"')).unwrap_or(&json);
    found.insert(json.replace('/', "\\/"));
    found.insert(ascii_json(json));
    found.insert(json.to_owned());
    found.insert(secret.escape_debug().to_string());
    found.insert(secret.escape_default().to_string());
    found.insert(secret.replace('\'', "''"));
    found.insert(secret.replace('\\', "\\\\").replace('\'', "''"));
    found.insert(secret.replace('\\', "\\\\").replace('\'', "\\'"));
    found.insert(secret.replace('"', "\"\""));
    found.insert(secret.to_owned());
}

/// What lies outside ASCII as `\u` escapes (RFC 8259, section 7), in small letters as most writers have it.
fn ascii_json(json: &str) -> String {
    let mut text = String::new();
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing into a String can't fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

fn percent_encoded(secret: &str, found: &mut BTreeSet<String>) {
    for set in [NON_ALPHANUMERIC, RESERVED, COMPONENT, QUERY, USERINFO] {
        let upper = utf8_percent_encode(secret, set).to_string();
        found.insert(upper.replace("%20", "+"));
        found.insert(small_escapes(&upper));
        found.insert(upper);
    }
}

/// `%2F` as `%2f`.
fn small_escapes(text: &str) -> String {
    let mut digits = 0;
    text.chars()
        .map(|c| {
            if c == '%' {
                digits = 2;
            } else if digits > 0 {
                digits -= 1;
                return c.to_ascii_lowercase();
            }
            c
        })
        .collect()
}

fn hex(secret: &str, found: &mut BTreeSet<String>) {
    let mut lower = String::with_capacity(secret.len() * 2);
    for byte in secret.bytes() {
        // Writing into a String can't fail.
        let _ = write!(lower, "{byte:02x}");
    }
    found.insert(lower.to_ascii_uppercase());
    found.insert(lower);
}

/// Base64 turns three bytes into four letters, so the same bytes look different at each of the three places in a
/// group. For each place: those letters that the secret alone decides. Padding never is among them.
fn embedded_base64(secret: &str, found: &mut BTreeSet<String>) {
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret.as_bytes());
        let first = (before * 8).div_ceil(6);
        let end = bytes.len() * 8 / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let letters = Zeroizing::new(engine.encode(&bytes));
            if let Some(decided) = letters.get(first..end).filter(|d| !d.is_empty()) {
                found.insert(decided.to_owned());
            }
        }
        bytes.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(secret: &str, spelling: &str) -> bool {
        spellings(secret).iter().any(|s| *s.text == spelling)
    }

    #[test]
    fn each_escape_is_there() {
        for (secret, spelling) in [
            ("pa'ss", "pa'ss"),
            ("pa'ss", "pa''ss"),
            ("pa'ss", r"pa\'ss"),
            (r"a\b'c", r"a\\b''c"),
            ("qu\"ote", "qu\\\"ote"),
            ("qu\"ote", "qu\"\"ote"),
            ("li\nne", r"li\nne"),
            ("a/b/c", r"a\/b\/c"),
            ("schlüssel", r"schl\u00fcssel"),
            ("schlüssel", r"schl\u{fc}ssel"),
            ("key😀", r"key\ud83d\ude00"),
            ("p@ss/w:d", "p%40ss%2Fw%3Ad"),
            ("p@ss/w:d", "p%40ss%2fw%3ad"),
            ("a b+c", "a+b%2Bc"),
            ("it's%", "it's%25"),
            ("x-y_z", "x%2Dy%5Fz"),
            ("hunter2", "68756e74657232"),
            ("~~~z", "7E7E7E7A"),
        ] {
            assert!(has(secret, spelling), "{secret} as {spelling}");
        }
    }

    #[test]
    fn the_lines_of_a_long_secret_count_by_themselves() {
        assert!(has("-----BEGIN KEY-----\nMC4CAQAwBQYDK2Vw\nxyz", "MC4CAQAwBQYDK2Vw"));
        assert!(!has("-----BEGIN KEY-----\nMC4CAQAwBQYDK2Vw\nxyz", "xyz"));
    }
}
