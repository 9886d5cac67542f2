//! The objects in `keys/`: the owner's secret, sealed, and the writers that the owner admitted.

use std::collections::BTreeMap;

use argon2::{Algorithm, Argon2, Params, Version};
use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::config::Pin;
use crate::repository::derive::{Key, derive, fingerprint, message, random};
use crate::repository::encoding::{Hex, hex, unhex};
use crate::repository::keyring::Root;
use crate::repository::printed;
use crate::repository::store::Store;
use crate::repository::{layout, symmetric};

const VERSION: u32 = 1;
/// How a recovery key begins. The digit is its version.
const RECOVERY: &str = "CDR1";
const LIMIT: u64 = 64 << 20;

/// A key object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeyFile {
    pub version: u32,
    /// The repository that it is of. An `init` that was killed leaves others behind.
    pub repository: String,
    /// Its name in `keys/`: 16 hexadecimal digits.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    pub created: Timestamp,
    #[serde(flatten)]
    pub kind: KeyKind,
}

/// What a key object holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum KeyKind {
    /// The owner's secret under a passphrase.
    Passphrase { argon2id: Hardness, salt: Hex<32>, sealed: String },
    /// The owner's secret under a printed key.
    Recovery { sealed: String },
    /// A writer that the owner admitted.
    Writer { public_key: Hex<32>, retired: Option<Retired>, signature: Hex<64> },
}

/// A writer that makes no backups any more: only those of its backups count that the owner saw then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Retired {
    pub at: Timestamp,
    /// Each backup's name and the BLAKE3 of its manifest object.
    pub backups: BTreeMap<String, Hex<32>>,
}

/// Argon2id's parameters (RFC 9106).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Hardness {
    /// Memory in KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Hardness {
    /// The second recommended choice of RFC 9106, section 4: 64 MiB, three passes, four lanes.
    const RECOMMENDED: Self = Self { memory: 64 << 10, passes: 3, lanes: 4 };

    /// The store says how hard it is: it must not make us use up all memory, or take minutes.
    fn params(self) -> Result<Params> {
        let sane = self.memory <= 4 << 20 && self.passes <= 64 && self.lanes <= 64;
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32)).ok();
        params.filter(|_| sane).ok_or_else(|| Error::corrupt(format!("a key can't be opened with {self:?}")))
    }
}

/// Seals `root` under `passphrase`.
pub(super) async fn seal_with_passphrase(pin: Pin, name: &str, root: &Root, passphrase: &str) -> Result<KeyFile> {
    if passphrase.trim().is_empty() {
        return Err(Error::invalid_options("the passphrase is empty").with_hint("take six random words or more"));
    }
    let id = hex(random::<8>()?.as_slice());
    let (salt, hardness) = (random::<32>()?, Hardness::RECOMMENDED);
    let key = stretch(passphrase, *salt, hardness).await?;
    let sealed = hex(&symmetric::seal(&key, &context(pin, &id, "passphrase"), root.0.as_slice())?);
    Ok(new(pin, id, name, KeyKind::Passphrase { argon2id: hardness, salt: Hex(*salt), sealed }))
}

/// Seals `root` under a new recovery key, which is returned as text.
pub(super) fn seal_with_recovery_key(pin: Pin, name: &str, root: &Root) -> Result<(KeyFile, Zeroizing<String>)> {
    let key: Key = random()?;
    let id = recovery_id(&key);
    let sealing = derive("recovery", &key);
    let sealed = hex(&symmetric::seal(&sealing, &context(pin, &id, "recovery"), root.0.as_slice())?);
    Ok((new(pin, id, name, KeyKind::Recovery { sealed }), printed::encode(RECOVERY, key.as_slice(), 4)))
}

/// The owner's secret, from any key that `passphrase` opens.
pub(super) async fn open_with_passphrase(store: &Store, pin: Pin, passphrase: &str) -> Result<Root> {
    for file in list(store, pin).await? {
        if let KeyKind::Passphrase { argon2id, salt, sealed } = &file.kind {
            let key = stretch(passphrase, salt.0, *argon2id).await?;
            if let Some(root) = open(&key, pin, &file.id, "passphrase", sealed) {
                return Ok(root);
            }
        }
    }
    Err(Error::authentication_failed(format!("the passphrase opens no key of {}", store.shown()))
        .with_hint("check the passphrase, or use the recovery key"))
}

/// The owner's secret, from the key that the printed `text` opens.
pub(super) async fn open_with_recovery_key(store: &Store, pin: Pin, text: &str) -> Result<Root> {
    let key: Key = printed::decode::<32>("recovery key", RECOVERY, text)?;
    let id = recovery_id(&key);
    let refused = || {
        Error::authentication_failed(format!("the recovery key is none of {}", store.shown()))
            .with_hint("check that it is this repository's, and that it wasn't removed with `repository key remove`")
    };
    let files = list(store, pin).await?;
    let file = files.iter().find(|f| f.id == id).ok_or_else(refused)?;
    let KeyKind::Recovery { sealed } = &file.kind else { return Err(refused()) };
    open(&derive("recovery", &key), pin, &id, "recovery", sealed).ok_or_else(refused)
}

/// Every key object of repository `pin`, in no order. Those of another repository are left out.
pub(super) async fn list(store: &Store, pin: Pin) -> Result<Vec<KeyFile>> {
    let objects: Vec<_> = store.list(layout::KEYS).try_collect().await?;
    let mut files = Vec::new();
    for object in objects {
        let content = store.get(&object.name, LIMIT).await?;
        let broken = |why: &str| Error::corrupt(format!("{} {why}", store.object(&object.name)));
        let file: KeyFile =
            serde_json::from_slice(&content).map_err(|e| broken("is no key of a repository").with_cause(e))?;
        if file.repository != pin.to_string() {
            continue;
        }
        if file.version != VERSION {
            return Err(Error::unsupported(format!("{} has version {}", store.object(&object.name), file.version))
                .with_hint("use a newer Cofferdam"));
        }
        if file.id != object.file_name() {
            return Err(broken("isn't where it belongs"));
        }
        files.push(file);
    }
    Ok(files)
}

/// Stores `file`, replacing the one of the same id.
pub(super) async fn write(store: &Store, file: &KeyFile) -> Result<()> {
    let content = serde_json::to_vec_pretty(file)
        .map_err(|e| Error::internal("a key object can't be written as JSON").with_cause(e))?;
    store.put(&layout::object(layout::KEYS, &file.id), Bytes::from(content)).await
}

/// A key object made now.
pub(super) fn new(pin: Pin, id: String, name: &str, kind: KeyKind) -> KeyFile {
    KeyFile {
        version: VERSION,
        repository: pin.to_string(),
        id,
        name: name.to_owned(),
        created: Timestamp::now(),
        kind,
    }
}

fn recovery_id(key: &Key) -> String {
    hex(&fingerprint::<8>("recovery key id", &[derive("recovery key id", key).as_slice()]))
}

fn context(pin: Pin, id: &str, kind: &str) -> Vec<u8> {
    message("key", &[pin.as_bytes(), id.as_bytes(), kind.as_bytes()])
}

fn open(key: &Key, pin: Pin, id: &str, kind: &str, sealed: &str) -> Option<Root> {
    let plain = Zeroizing::new(symmetric::open(key, &context(pin, id, kind), &unhex(sealed)?)?);
    Some(Root(Zeroizing::new(plain.as_slice().try_into().ok()?)))
}

async fn stretch(passphrase: &str, salt: [u8; 32], hardness: Hardness) -> Result<Key> {
    let params = hardness.params()?;
    let passphrase = Zeroizing::new(passphrase.to_owned());
    tokio::task::spawn_blocking(move || {
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, key.as_mut_slice())
            .map(|()| key)
            .map_err(|e| Error::internal("Argon2id refused a passphrase").with_cause(e.to_string()))
    })
    .await
    .map_err(|e| Error::internal("the passphrase's stretching ended early").with_cause(e))?
}
