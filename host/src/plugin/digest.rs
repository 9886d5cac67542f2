//! The SHA-256 of a file, as publishers tell it and every machine can compute it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

const PREFIX: &str = "sha256:";

/// A SHA-256 digest; as text "sha256:" and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 64 digits alone, lower case.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let digits = text.strip_prefix(PREFIX).filter(|d| d.len() == 64 && d.is_ascii())?;
            let mut bytes = [0; 32];
            for (n, byte) in bytes.iter_mut().enumerate() {
                let pair = digits.get(2 * n..2 * n + 2).filter(|pair| pair.bytes().all(|c| c.is_ascii_hexdigit()))?;
                *byte = u8::from_str_radix(pair, 16).ok()?;
            }
            Some(Self(bytes))
        };
        read().ok_or_else(|| {
            Error::invalid_options("this is no digest")
                .with_hint("a digest is \"sha256:\" and the 64 digits that `sha256sum FILE` prints")
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_digest_reads_back_and_is_what_everybody_computes() {
        // FIPS 180-4's example: "abc".
        let digest = Digest::of(b"abc");
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse::<Digest>().unwrap(), digest);
        assert_eq!(text.replace("ba78", "BA78").parse::<Digest>().unwrap(), digest);
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let digits = Digest::of(b"").hex();
        for text in [digits.clone(), format!("md5:{digits}"), "sha256:12".into(), format!("sha256:+{}", &digits[1..])] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
