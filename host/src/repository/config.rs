//! The repository's description: plain JSON, signed by the owner.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use hpke::{Deserializable, Kem};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::repository::derive::{fingerprint, message};
use crate::repository::encoding::{Hex, hex, unhex_array};
use crate::repository::keyring::{DataKem, Root};
use crate::repository::layout;
use crate::repository::store::Store;

/// The only version there is.
const VERSION: u32 = 1;

/// A repository's identity: 32 hexadecimal digits made from its public keys.
///
/// Who keeps it outside of the repository notices if somebody swaps keys, or the whole repository, below.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 16]);

impl Pin {
    pub(super) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn of(data_key: &[u8; 32], owner_key: &[u8; 32]) -> Self {
        Self(fingerprint("identity", &[data_key, owner_key]))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

impl FromStr for Pin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        unhex_array(text).map(Self).ok_or_else(|| {
            Error::invalid_options(format!("{text:?} is no repository id"))
                .with_hint("it has 32 hexadecimal digits; `repository init` printed it")
        })
    }
}

/// How long the chunks of a stream are, in bytes. Fixed when the repository is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunking {
    /// No chunk is shorter but a stream's last and one that was ended on purpose. Even, from 64 to 1 MiB.
    pub minimum: u32,
    /// What is aimed at. Even, from 256 to 4 MiB.
    pub average: u32,
    /// No chunk is longer. Even, from 1024 to 16 MiB.
    pub maximum: u32,
}

impl Default for Chunking {
    fn default() -> Self {
        Self { minimum: 1 << 20, average: 2 << 20, maximum: 4 << 20 }
    }
}

impl Chunking {
    fn check(self) -> Result<Self> {
        let even = [self.minimum, self.average, self.maximum].iter().all(|n| n.is_multiple_of(2));
        let ranges = (64..=1 << 20).contains(&self.minimum)
            && (256..=4 << 20).contains(&self.average)
            && (1024..=16 << 20).contains(&self.maximum);
        if even && ranges && self.minimum < self.average && self.average < self.maximum {
            return Ok(self);
        }
        Err(Error::invalid_options(format!("chunks can't be cut with {self:?}")))
    }
}

/// What is in the object `config`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Config {
    version: u32,
    id: String,
    /// How streams are cut.
    pub chunking: Chunking,
    data_key: Hex<32>,
    owner_key: Hex<32>,
    signature: Hex<64>,
}

impl Config {
    /// The description of the repository whose owner has `root`.
    pub fn new(root: &Root, chunking: Chunking) -> Result<Self> {
        let (signing, (_, data_key)) = (root.signing(), root.data_keys());
        let owner_key = signing.verifying_key().to_bytes();
        let mut config = Self {
            version: VERSION,
            id: Pin::of(&data_key, &owner_key).to_string(),
            chunking: chunking.check()?,
            data_key: Hex(data_key),
            owner_key: Hex(owner_key),
            signature: Hex([0; 64]),
        };
        config.signature = Hex(signing.sign(&config.signed()).to_bytes());
        Ok(config)
    }

    /// Reads and checks the description in `store`, which must be the one of `pin`.
    pub async fn read(store: &Store, pin: Option<Pin>) -> Result<Self> {
        let content = store.get(layout::CONFIG, 1 << 16).await.map_err(|e| {
            if e.is_not_found() {
                Error::not_found(format!("there is no repository at {}", store.shown()))
                    .with_cause(e)
                    .with_hint("check the address, and that the volume is mounted; `repository init` makes a new one")
            } else {
                e
            }
        })?;
        let broken = |why: String| Error::corrupt(format!("{} {why}", store.object(layout::CONFIG)));
        let config: Self = serde_json::from_slice(&content)
            .map_err(|e| broken("isn't the description of a repository".to_owned()).with_cause(e))?;
        if config.version != VERSION {
            return Err(Error::unsupported(format!(
                "{} has version {}, this program reads {VERSION}",
                store.object(layout::CONFIG),
                config.version
            ))
            .with_hint("use a newer Cofferdam"));
        }
        config.chunking.check().map_err(|e| broken("has impossible chunk sizes".to_owned()).with_cause(e))?;
        let id = Pin::of(&config.data_key.0, &config.owner_key.0);
        if config.id != id.to_string() {
            return Err(broken("has an id that doesn't belong to its keys".to_owned()));
        }
        config
            .owner()?
            .verify_strict(&config.signed(), &Signature::from_bytes(&config.signature.0))
            .map_err(|e| broken("isn't signed by its owner".to_owned()).with_cause(e))?;
        match pin {
            Some(pin) if pin != id => Err(another(store, pin, id)),
            _ => Ok(config),
        }
    }

    /// Writes the description, which makes the repository one. "already-exists" if there is one.
    pub async fn create(&self, store: &Store) -> Result<()> {
        let content = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::internal("the description can't be written as JSON").with_cause(e))?;
        store.create(layout::CONFIG, Bytes::from(content)).await
    }

    /// The repository's identity.
    pub fn pin(&self) -> Pin {
        Pin::of(&self.data_key.0, &self.owner_key.0)
    }

    /// Who admits writers.
    pub fn owner(&self) -> Result<VerifyingKey> {
        VerifyingKey::from_bytes(&self.owner_key.0)
            .map_err(|e| Error::corrupt("the repository's owner key is no key").with_cause(e))
    }

    /// The key that data is sealed to.
    pub fn data_key(&self) -> Result<<DataKem as Kem>::PublicKey> {
        <DataKem as Kem>::PublicKey::from_bytes(&self.data_key.0)
            .map_err(|_| Error::corrupt("the repository's data key is no key"))
    }

    /// Whether `root` is the owner of this repository.
    pub fn belongs_to(&self, root: &Root) -> bool {
        root.data_keys().1 == self.data_key.0 && root.signing().verifying_key().to_bytes() == self.owner_key.0
    }

    fn signed(&self) -> Vec<u8> {
        let Chunking { minimum, average, maximum } = self.chunking;
        let numbers = [self.version, minimum, average, maximum].map(u32::to_le_bytes);
        message("config", &[numbers.as_flattened(), &self.data_key.0, &self.owner_key.0])
    }
}

/// What to say when keys or configuration name one repository and the store holds another.
pub(super) fn another(store: &Store, wanted: Pin, found: Pin) -> Error {
    Error::authentication_failed(format!("the repository at {} is {found}, not {wanted}", store.shown())).with_hint(
        "if you didn't replace it yourself, somebody else did: don't use it; otherwise correct the address, key or id",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::repository::location::Location;

    async fn read(config: &Config, pin: Option<Pin>) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::local(folder.path()).unwrap()).unwrap();
        config.create(&store).await.unwrap();
        Config::read(&store, pin).await
    }

    #[tokio::test]
    async fn a_description_reads_back() {
        let root = Root::generate().unwrap();
        let config = Config::new(&root, Chunking::default()).unwrap();
        let back = read(&config, Some(config.pin())).await.unwrap();
        assert!(back.belongs_to(&root) && !back.belongs_to(&Root::generate().unwrap()));
        assert_eq!(back.pin().to_string().parse::<Pin>().unwrap(), config.pin());
    }

    #[tokio::test]
    async fn another_repository_in_its_place_is_refused() {
        let config = Config::new(&Root::generate().unwrap(), Chunking::default()).unwrap();
        let other = Config::new(&Root::generate().unwrap(), Chunking::default()).unwrap();
        assert_eq!(read(&config, Some(other.pin())).await.unwrap_err().code(), "authentication-failed");
    }

    #[tokio::test]
    async fn a_swapped_key_or_size_is_found() {
        let config = Config::new(&Root::generate().unwrap(), Chunking::default()).unwrap();
        let swapped = Config { data_key: Hex(Root::generate().unwrap().data_keys().1), ..config.clone() };
        assert_eq!(read(&swapped, None).await.unwrap_err().code(), "corrupt");
        let chunking = Chunking { minimum: 64, average: 256, maximum: 1024 };
        assert_eq!(read(&Config { chunking, ..config.clone() }, None).await.unwrap_err().code(), "corrupt");
        assert_eq!(read(&Config { version: 2, ..config }, None).await.unwrap_err().code(), "unsupported");
    }
}
