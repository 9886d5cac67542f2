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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_inside_of_its_folder() {
        assert_eq!(escaped("system.buckets.m-1_x"), "system.buckets.m-1_x");
        assert_eq!(escaped("a/../b%ü"), "a%2F..%2Fb%25%C3%BC");
    }
}
