//! Bytes in JSON: lower-case hexadecimal digits.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Lower-case hexadecimal digits of `bytes`.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads lower-case hexadecimal digits; none if `text` holds anything else or an odd number of them.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    fn digit(byte: u8) -> Option<u8> {
        match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        }
    }
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Reads exactly `N` bytes.
pub(super) fn unhex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex(text)?.try_into().ok()
}

/// Bytes of a fixed length that are public, as a JSON string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex<const N: usize>(pub [u8; N]);

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex_array(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("expected {} lower-case hexadecimal digits", 2 * N)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_their_digits() {
        assert_eq!(unhex_array(&hex(&[0, 1, 0xab, 0xff])), Some([0, 1, 0xab, 0xff]));
    }

    #[test]
    fn digits_that_arent_ours_are_refused() {
        for text in ["a", "AB", "0g", "ü"] {
            assert_eq!(unhex(text), None, "{text}");
        }
        assert_eq!(unhex_array::<2>("abcdef"), None);
    }
}
