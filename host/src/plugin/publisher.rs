//! Publishers. A publisher is an Ed25519 key and nothing else: no name and no authority vouches for it.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::printed;
use crate::secrets::Secret;

/// How a publisher's public key begins as text. The digit is its version.
const PUBLIC: &str = "CDP1";
/// How the private key begins as text.
const PRIVATE: &str = "CDS1";
/// The public key is compared by eye: groups of four.
const GROUP: usize = 4;

/// Whoever holds the private key to this public one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Publisher(pub(super) VerifyingKey);

impl Publisher {
    /// The publisher with this public key, 32 bytes as RFC 8032 encodes them.
    ///
    /// # Errors
    /// "corrupt" if they are no key, or one under which anything verifies (a point of small order).
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        let key = VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak());
        key.map(Self).ok_or_else(|| Error::corrupt("the publisher's key is none"))
    }

    /// The beginning of its text, to tell publishers apart in a list; to know one it takes the whole text.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(PUBLIC.len() + 4 * (GROUP + 1)).chain(['…']).collect()
    }
}

impl fmt::Display for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printed::encode(PUBLIC, self.0.as_bytes(), GROUP))
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publisher({self})")
    }
}

impl FromStr for Publisher {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::from_bytes(&*printed::decode("publisher's key", PUBLIC, text)?)
    }
}

impl Serialize for Publisher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Publisher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A publisher's private key. It is wiped when it goes, and nothing prints it.
pub struct PublisherKey(pub(super) SigningKey);

impl PublisherKey {
    /// A new one, from the operating system's random numbers.
    ///
    /// # Errors
    /// "internal" if there are none.
    pub fn generate() -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())
            .map_err(|e| Error::internal("the operating system has no random numbers").with_cause(e))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key that [`Self::text`] gave.
    ///
    /// # Errors
    /// "authentication-failed" with what is wrong about the text, never with the text.
    pub fn parse(text: &Secret) -> Result<Self> {
        let seed = printed::decode("publisher's private key", PRIVATE, text.expose())?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key as a text, to be kept in a file.
    #[must_use]
    pub fn text(&self) -> Secret {
        Secret::new(printed::encode(PRIVATE, &Zeroizing::new(self.0.to_bytes())[..], usize::MAX))
    }

    /// The publisher that it makes its holder.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher(self.0.verifying_key())
    }
}

impl fmt::Debug for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublisherKey(***)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn both_keys_are_read_as_they_were_printed_and_never_for_each_other() {
        let key = PublisherKey::generate().unwrap();
        assert_eq!(key.publisher().to_string().parse::<Publisher>().unwrap(), key.publisher());
        assert_eq!(PublisherKey::parse(&key.text()).unwrap().publisher(), key.publisher());
        assert!(key.text().expose().parse::<Publisher>().is_err());
        assert!(PublisherKey::parse(&Secret::new(key.publisher().to_string())).is_err());
    }

    #[test]
    fn a_key_under_which_anything_verifies_is_none() {
        // The neutral element (y = 1) and the points with y = 0 and y = -1 have small orders (RFC 8032, section 5.1).
        for y in [1_u8, 0] {
            let mut bytes = [0; 32];
            bytes[0] = y;
            assert!(Publisher::from_bytes(&bytes).is_err(), "{y}");
        }
    }

    #[test]
    fn debug_output_shows_no_private_key() {
        let key = PublisherKey::generate().unwrap();
        assert!(!format!("{key:?} {:?}", key.publisher()).contains(key.text().expose()));
    }
}
