//! Keys as text that a person can type from paper: Crockford's base 32 with a checksum.

use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};
use crate::repository::derive::fingerprint;

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK: usize = 3;

/// `bytes` and their checksum after `prefix`, in groups of `group` digits.
pub(crate) fn encode(prefix: &str, bytes: &[u8], group: usize) -> Zeroizing<String> {
    let check = fingerprint::<CHECK>(prefix, &[bytes]);
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + (bytes.len() + CHECK) * 4));
    text.push_str(prefix);
    let (mut bits, mut held, mut count) = (0u32, 0, 0);
    for byte in bytes.iter().chain(&check) {
        (bits, held) = (bits << 8 | u32::from(*byte), held + 8);
        while held >= 5 {
            held -= 5;
            push(&mut text, bits >> held, &mut count, group);
        }
    }
    if held > 0 {
        push(&mut text, bits << (5 - held), &mut count, group);
    }
    bits.zeroize();
    text
}

fn push(text: &mut String, value: u32, count: &mut usize, group: usize) {
    if count.is_multiple_of(group) {
        text.push('-');
    }
    *count += 1;
    text.push(DIGITS.get(value as usize & 31).copied().map_or('0', char::from));
}

/// The `N` bytes that [`encode`] wrote. Case, spaces and dashes don't matter; O is read as 0, I and L as 1.
///
/// # Errors
/// "authentication-failed" with what is wrong about the text, never with the text.
pub(crate) fn decode<const N: usize>(what: &str, prefix: &str, text: &str) -> Result<Zeroizing<[u8; N]>> {
    let refuse = |why: &str| {
        Error::authentication_failed(format!("this is no {what}: {why}"))
            .with_hint(format!("a {what} begins with {prefix} and is copied as a whole"))
    };
    let text = text.trim();
    let rest = text
        .get(..prefix.len())
        .filter(|start| start.eq_ignore_ascii_case(prefix))
        .and_then(|_| text.get(prefix.len()..))
        .ok_or_else(|| refuse("it begins differently"))?;

    let mut bytes = Zeroizing::new(Vec::with_capacity(N + CHECK + 1));
    let (mut bits, mut held) = (0u32, 0);
    for c in rest.bytes().filter(|c| *c != b'-' && !c.is_ascii_whitespace()) {
        let c = match c.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            c => c,
        };
        let value = DIGITS.iter().position(|d| *d == c).ok_or_else(|| refuse("it has a character that no key has"))?;
        (bits, held) = (bits << 5 | value as u32, held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    let (key, check) = bytes.split_at_checked(N).ok_or_else(|| refuse("it is too short"))?;
    if check.len() != CHECK || bits != 0 {
        return Err(refuse("its length is wrong"));
    }
    if check != fingerprint::<CHECK>(prefix, &[key]) {
        return Err(refuse("the checksum is wrong, so a character is"));
    }
    key.try_into().map(Zeroizing::new).map_err(|_| refuse("its length is wrong"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_printed_key_reads_back_as_people_type_it() {
        let key: [u8; 32] = std::array::from_fn(|i| i as u8 * 7);
        let text = encode("CDR1", &key, 4);
        assert_eq!(text.len(), 4 + 56 + 14);
        assert_eq!(*decode::<32>("key", "CDR1", &text).unwrap(), key);
        let typed = format!("  {} \n", text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l"));
        // The prefix is typed as printed.
        let typed = typed.replacen("cdrl", "cdr1", 1);
        assert_eq!(*decode::<32>("key", "CDR1", &typed).unwrap(), key);
    }

    #[test]
    fn a_mistyped_key_is_refused() {
        let text = encode("CDR1", &[9; 32], 4);
        for at in 5..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            if bytes[at] == b'-' {
                continue;
            }
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let bad = String::from_utf8(bytes).unwrap();
            assert!(decode::<32>("key", "CDR1", &bad).is_err(), "character {at}");
        }
        for bad in [&text[..text.len() - 1], "CDW1-AAAA", "", "CDR1-U", "CDR1"] {
            assert_eq!(decode::<32>("key", "CDR1", bad).unwrap_err().code(), "authentication-failed");
        }
    }

    #[test]
    fn a_length_that_isnt_whole_digits_reads_back() {
        let text = encode("CDW1", &[0xfe; 80], 200);
        assert_eq!(*decode::<80>("key", "CDW1", &text).unwrap(), [0xfe; 80]);
    }
}
