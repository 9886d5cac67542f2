//! A repository: made, opened, and what everything else of this module works on.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use futures::TryStreamExt;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::access::{self, Access};
use crate::repository::config::{Chunking, Config, Pin};
use crate::repository::derive::{Key, random};
use crate::repository::encoding::hex;
use crate::repository::keyfile::{self, seal_with_passphrase, seal_with_recovery_key};
use crate::repository::keyring::{Keyring, Root};
use crate::repository::layout;
use crate::repository::location::Location;
use crate::repository::store::Store;
use crate::repository::writers;

/// An opened repository. Clones share it.
#[derive(Clone)]
pub struct Repository {
    pub(super) inner: Arc<Inner>,
}

/// What an opened repository consists of.
pub(super) struct Inner {
    pub store: Store,
    pub config: Config,
    pub keys: Keyring,
}

/// How a repository is made.
#[derive(Default)]
pub struct InitOptions {
    /// Opens the repository beside the recovery key, which there always is.
    pub passphrase: Option<Zeroizing<String>>,
    /// What the first writer is called, for example the backup host's name; "first" if empty.
    pub writer_name: String,
    /// How streams are cut.
    pub chunking: Chunking,
}

impl fmt::Debug for InitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitOptions")
            .field("writer_name", &self.writer_name)
            .field("chunking", &self.chunking)
            .finish_non_exhaustive()
    }
}

/// What the operator keeps of a new repository. It is told once.
pub struct Init {
    /// Belongs into the operator's configuration.
    pub pin: Pin,
    /// Belongs on paper, away from the repository. Opens everything.
    pub recovery_key: Zeroizing<String>,
    /// Belongs to the backup host. Makes backups and doesn't read them.
    pub writer_key: Zeroizing<String>,
}

impl fmt::Debug for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Init").field("pin", &self.pin).finish_non_exhaustive()
    }
}

impl Repository {
    /// Makes a repository at `location`, opened with the owner's keys.
    ///
    /// # Errors
    /// "already-exists" if there is one, or anything else; "unsupported" if the store can't create conditionally;
    /// "storage" if it fails.
    pub async fn init(location: &Location, options: InitOptions) -> Result<(Self, Init)> {
        Self::init_in(Store::open_or_create(location)?, options).await
    }

    pub(super) async fn init_in(store: Store, options: InitOptions) -> Result<(Self, Init)> {
        refuse_used(&store).await?;
        probe(&store).await?;
        let root = Root::generate()?;
        let config = Config::new(&root, options.chunking)?;
        let pin = config.pin();

        let (file, recovery_key) = seal_with_recovery_key(pin, "recovery key", &root)?;
        keyfile::write(&store, &file).await?;
        if let Some(passphrase) = &options.passphrase {
            keyfile::write(&store, &seal_with_passphrase(pin, "passphrase", &root, passphrase).await?).await?;
        }
        let name = if options.writer_name.is_empty() { "first" } else { &options.writer_name };
        let writer_key = admit_writer(&store, pin, &root, name).await?;
        store.make_folders(layout::CHUNKS, layout::folders()).await?;
        // Last, so that an init that was killed can be repeated.
        config.create(&store).await?;

        let keys = Keyring::owner(root);
        let repository = Self { inner: Arc::new(Inner { store, config, keys }) };
        Ok((repository, Init { pin, recovery_key, writer_key }))
    }

    /// Opens the repository at `location`, which must be the one of `pin` where one is given.
    ///
    /// # Errors
    /// "not-found" if there is none, "authentication-failed" if the key doesn't open it or it isn't the pinned one,
    /// "corrupt" or "unsupported" if its description isn't understood.
    pub async fn open(location: &Location, pin: Option<Pin>, access: Access) -> Result<Self> {
        Self::open_in(Store::open(location)?, pin, access).await
    }

    pub(super) async fn open_in(store: Store, pin: Option<Pin>, access: Access) -> Result<Self> {
        let config = Config::read(&store, pin).await?;
        let keys = access.unlock(&store, &config).await?;
        Ok(Self { inner: Arc::new(Inner { store, config, keys }) })
    }

    /// The repository's identity, to be pinned.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.inner.config.pin()
    }

    /// Whether it was opened with a key that reads data.
    #[must_use]
    pub fn reads_data(&self) -> bool {
        self.inner.keys.opens_data()
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("at", &self.inner.store.shown())
            .field("pin", &self.pin())
            .field("keys", &self.inner.keys)
            .finish()
    }
}

/// Admits a new writer and returns its key as text.
pub(super) async fn admit_writer(store: &Store, pin: Pin, root: &Root, name: &str) -> Result<Zeroizing<String>> {
    let seed: Key = random()?;
    let public = SigningKey::from_bytes(&seed).verifying_key();
    keyfile::write(store, &writers::admit(pin, &root.signing(), name, &public)).await?;
    Ok(access::writer_key(pin, &root.bookkeeping(), &seed))
}

async fn refuse_used(store: &Store) -> Result<()> {
    let mut objects = store.list("");
    while let Some(object) = objects.try_next().await? {
        if object.name == layout::CONFIG {
            return Err(Error::already_exists(format!("there is a repository at {}", store.shown()))
                .with_hint("use it as it is, or make the new one in another folder"));
        }
        // Keys and probes are what an init leaves behind that was killed.
        if !object.name.starts_with(layout::KEYS) && !object.name.starts_with("probe-") {
            return Err(Error::already_exists(format!("{} isn't empty: it holds {}", store.shown(), object.name))
                .with_hint("give a repository a folder of its own"));
        }
    }
    Ok(())
}

/// A backup counts once its manifest was created, and it must be created once only.
async fn probe(store: &Store) -> Result<()> {
    let name = format!("probe-{}", hex(random::<8>()?.as_slice()));
    store.create(&name, Bytes::from_static(b"first")).await?;
    let second = store.create(&name, Bytes::from_static(b"second")).await;
    let content = store.get(&name, 16).await;
    store.delete(&name).await?;
    let kept = content? == "first";
    match second {
        Err(e) if e.code() == "already-exists" && kept => Ok(()),
        second => {
            let error = Error::unsupported(format!("{} can't create an object only if it isn't there", store.shown()))
                .with_hint("use a file system with hard links");
            Err(match second {
                Err(cause) => error.with_cause(cause),
                Ok(()) => error,
            })
        }
    }
}
