//! What an operator opens a repository with.

use std::fmt;

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::config::{Config, Pin, another};
use crate::repository::derive::Key;
use crate::repository::keyfile;
use crate::repository::keyring::Keyring;
use crate::repository::printed;
use crate::repository::store::Store;
use crate::repository::writers;

/// How a writer key begins. The digit is its version.
const WRITER: &str = "CDW1";
/// Length of a writer key: repository id, bookkeeping key, seed of the signing key.
const WRITER_BYTES: usize = 16 + 32 + 32;

/// The key that a repository is opened with. `Debug` doesn't show it.
pub enum Access {
    /// A writer key: makes, lists, checks, forgets and prunes backups, and never reads their data.
    Writer(Zeroizing<String>),
    /// The printed recovery key: everything.
    Recovery(Zeroizing<String>),
    /// A passphrase: everything.
    Passphrase(Zeroizing<String>),
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer(_) => "Writer(..)",
            Self::Recovery(_) => "Recovery(..)",
            Self::Passphrase(_) => "Passphrase(..)",
        })
    }
}

impl Access {
    /// The keys that this access gives to the repository of `config`.
    pub(super) async fn unlock(&self, store: &Store, config: &Config) -> Result<Keyring> {
        let root = match self {
            Self::Writer(text) => return writer(store, config, text).await,
            Self::Recovery(text) => keyfile::open_with_recovery_key(store, config.pin(), text).await?,
            Self::Passphrase(text) => keyfile::open_with_passphrase(store, config.pin(), text).await?,
        };
        if !config.belongs_to(&root) {
            return Err(Error::authentication_failed(format!(
                "the keys in {} aren't those of its description",
                store.shown()
            ))
            .with_hint("somebody may have replaced the repository: don't use it before you know"));
        }
        Ok(Keyring::owner(root))
    }
}

/// The text of a writer key.
pub(super) fn writer_key(pin: Pin, bookkeeping: &Key, seed: &Key) -> Zeroizing<String> {
    let bytes = Zeroizing::new([pin.as_bytes().as_slice(), bookkeeping.as_slice(), seed.as_slice()].concat());
    printed::encode(WRITER, &bytes, usize::MAX)
}

async fn writer(store: &Store, config: &Config, text: &str) -> Result<Keyring> {
    let bytes = printed::decode::<WRITER_BYTES>("writer key", WRITER, text)?;
    let wrong = || Error::internal("a writer key has a wrong length");
    let (pin, rest) = bytes.split_first_chunk::<16>().ok_or_else(wrong)?;
    let (bookkeeping, rest) = rest.split_first_chunk::<32>().ok_or_else(wrong)?;
    let (seed, _) = rest.split_first_chunk::<32>().ok_or_else(wrong)?;
    let pin = Pin::from_bytes(*pin);
    if pin != config.pin() {
        return Err(another(store, pin, config.pin()));
    }
    let keys = Keyring::writer(&Zeroizing::new(*bookkeeping), SigningKey::from_bytes(seed));
    let admitted = writers::read(store, config).await?;
    admitted.current(&keys.signer_id())?;
    Ok(keys)
}
