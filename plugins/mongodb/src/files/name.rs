//! Names of collections as names of files.

/// The characters that mongodump keeps as they are; others it writes as %XX, which mongorestore reads again.
pub fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'$') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The name that a file's name stands for; none if it stands for none.
pub fn unescaped(name: &str) -> Option<String> {
    let mut bytes = name.bytes();
    let mut text = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            byte => byte,
        };
        text.push(byte);
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_stays_inside_of_its_folder() {
        assert_eq!(escaped("system.buckets.m-1_x"), "system.buckets.m-1_x");
        assert_eq!(escaped("a/../b%ü"), "a%2F..%2Fb%25%C3%BC");
        assert_eq!(unescaped("a%2F..%2fb%25%C3%BC").unwrap(), "a/../b%ü");
        assert_eq!((unescaped("%2"), unescaped("%xx"), unescaped("%FF")), (None, None, None));
    }
}
