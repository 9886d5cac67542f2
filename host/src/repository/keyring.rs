//! The keys that an opened repository works with, all derived from what the operator gave.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::derive::{Key, derive, key_id, random};

/// The key encapsulation that data is sealed with (RFC 9180, 7.1: DHKEM(X25519, HKDF-SHA256)).
pub(super) type DataKem = X25519HkdfSha256;

/// The owner's secret, from which every key of the repository is derived.
#[derive(Clone)]
pub(super) struct Root(pub Key);

impl Root {
    /// A new owner's secret.
    pub fn generate() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// What a backup host may know: names, boundaries and manifests, no data.
    pub fn bookkeeping(&self) -> Key {
        derive("bookkeeping", &self.0)
    }

    /// The key with which the owner signs what readers rely on.
    pub fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(&derive("owner signing key", &self.0))
    }

    /// The data key pair (RFC 9180, 7.1.3: DeriveKeyPair), private half first.
    pub fn data_keys(&self) -> (Key, [u8; 32]) {
        let (private, public) = DataKem::derive_keypair(derive("data key", &self.0).as_slice());
        let mut bytes = Zeroizing::new([0; 32]);
        private.write_exact(bytes.as_mut_slice());
        (bytes, public.to_bytes().into())
    }
}

/// The keys in use.
pub(super) struct Keyring {
    /// Names chunks: keyed BLAKE3 of their plain bytes.
    pub naming: Key,
    /// Seals manifests.
    pub manifests: Key,
    /// Moves chunk boundaries, so that sizes don't tell content.
    pub boundaries: u64,
    /// Chooses the rows behind which a chunk may end.
    pub rows: Key,
    signing: SigningKey,
    root: Option<(Root, Key)>,
}

impl Keyring {
    /// The keys of a backup host.
    pub fn writer(bookkeeping: &Key, signing: SigningKey) -> Self {
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = *derive("chunk boundaries", bookkeeping);
        Self {
            naming: derive("chunk names", bookkeeping),
            manifests: derive("manifests", bookkeeping),
            boundaries: u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]),
            rows: derive("row boundaries", bookkeeping),
            signing,
            root: None,
        }
    }

    /// The keys of the owner.
    pub fn owner(root: Root) -> Self {
        let (data, _) = root.data_keys();
        let keys = Self::writer(&root.bookkeeping(), root.signing());
        Self { root: Some((root, data)), ..keys }
    }

    /// Who signs the manifests made with these keys: 16 hexadecimal digits.
    pub fn signer_id(&self) -> String {
        key_id(self.verifying().as_bytes())
    }

    /// The public half of the signing key.
    pub fn verifying(&self) -> VerifyingKey {
        self.signing.verifying_key()
    }

    /// The writer's, or the owner's, signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    /// The owner's secret.
    ///
    /// # Errors
    /// "permission-denied" if the repository was opened with a writer key.
    pub fn root(&self) -> Result<&Root> {
        self.root.as_ref().map(|(root, _)| root).ok_or_else(|| denied("changes keys"))
    }

    /// Whether these keys open data.
    pub fn opens_data(&self) -> bool {
        self.root.is_some()
    }

    /// The private key that opens data.
    ///
    /// # Errors
    /// "permission-denied" if the repository was opened with a writer key.
    pub fn data_key(&self) -> Result<<DataKem as Kem>::PrivateKey> {
        let (_, data) = self.root.as_ref().ok_or_else(|| denied("opens data"))?;
        <DataKem as Kem>::PrivateKey::from_bytes(data.as_slice())
            .map_err(|_| Error::internal("the data key has a wrong length"))
    }
}

fn denied(what: &str) -> Error {
    Error::permission_denied(format!("a writer key never {what}"))
        .with_hint("open the repository with its passphrase or recovery key")
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("signer", &self.signer_id()).finish_non_exhaustive()
    }
}
