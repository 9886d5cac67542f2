//! Who may write: HPKE to a public key proves nothing about who sealed, so manifests are signed, and the owner says
//! whose signatures count.

use std::collections::HashMap;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::repository::config::{Config, Pin};
use crate::repository::derive::{key_id, message};
use crate::repository::encoding::Hex;
use crate::repository::keyfile::{self, KeyFile, KeyKind, Retired};
use crate::repository::store::Store;

/// The writers whose manifests count.
pub(super) struct Writers {
    by_id: HashMap<String, Writer>,
    shown: String,
}

struct Writer {
    name: String,
    key: VerifyingKey,
    retired: Option<Retired>,
}

/// Reads and checks the writers that the repository's owner admitted. The owner is one of them.
pub(super) async fn read(store: &Store, config: &Config) -> Result<Writers> {
    let owner = config.owner()?;
    let mut by_id = HashMap::new();
    for file in keyfile::list(store, config.pin()).await? {
        let KeyKind::Writer { public_key, retired, signature } = &file.kind else { continue };
        let signed = signed(config.pin(), &file, public_key, retired.as_ref());
        // A record that the owner didn't sign admits nobody; who relies on it is told so below.
        if key_id(&public_key.0) != file.id
            || owner.verify_strict(&signed, &Signature::from_bytes(&signature.0)).is_err()
        {
            continue;
        }
        if let Ok(key) = VerifyingKey::from_bytes(&public_key.0) {
            by_id.insert(file.id, Writer { name: file.name, key, retired: retired.clone() });
        }
    }
    by_id.insert(key_id(owner.as_bytes()), Writer { name: "owner".to_owned(), key: owner, retired: None });
    Ok(Writers { by_id, shown: store.shown().to_owned() })
}

/// The record by which `owner` admits the writer with `public_key`.
pub(super) fn admit(pin: Pin, owner: &SigningKey, name: &str, public_key: &VerifyingKey) -> KeyFile {
    let public_key = Hex(public_key.to_bytes());
    let kind = KeyKind::Writer { public_key, retired: None, signature: Hex([0; 64]) };
    sign(pin, owner, keyfile::new(pin, key_id(&public_key.0), name, kind))
}

/// The same record, retired now: of the writer's backups, only `backups` count.
pub(super) fn retire(pin: Pin, owner: &SigningKey, file: KeyFile, backups: Vec<(String, Hex<32>)>) -> KeyFile {
    let KeyKind::Writer { public_key, signature, .. } = file.kind else { return file };
    let retired = Some(Retired { at: Timestamp::now(), backups: backups.into_iter().collect() });
    sign(pin, owner, KeyFile { kind: KeyKind::Writer { public_key, retired, signature }, ..file })
}

impl Writers {
    /// The writer `id`, if it may write now.
    pub fn current(&self, id: &str) -> Result<()> {
        match self.by_id.get(id) {
            None => Err(Error::authentication_failed(format!("the writer key {id} isn't admitted to {}", self.shown))
                .with_hint("make one with `repository key add --writer`")),
            Some(Writer { name, retired: Some(retired), .. }) => {
                Err(Error::authentication_failed(format!("the writer key {id} ({name}) was removed at {}", retired.at))
                    .with_hint("make a new one with `repository key add --writer`"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Checks that `signature` is writer `id`'s over `message`, and that the writer's backup `backup`, whose manifest
    /// object has the BLAKE3 `digest`, counts.
    pub fn verify(
        &self,
        id: &str,
        message: &[u8],
        signature: &[u8; 64],
        backup: &str,
        digest: &[u8; 32],
    ) -> Result<()> {
        let Some(writer) = self.by_id.get(id) else {
            return Err(Error::permission_denied(format!(
                "backup {backup} is signed by {id}, which isn't a writer of {}",
                self.shown
            ))
            .with_hint("don't restore it: whoever made it wasn't admitted by the repository's owner"));
        };
        writer.key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|e| {
            Error::corrupt(format!("the manifest of backup {backup} was changed after {} signed it", writer.name))
                .with_cause(e)
        })?;
        match &writer.retired {
            Some(retired) if retired.backups.get(backup) != Some(&Hex(*digest)) => {
                Err(Error::permission_denied(format!(
                    "backup {backup} was made with the key of {}, which was removed at {}",
                    writer.name, retired.at
                ))
                .with_hint("don't restore it: it wasn't there when the key was removed"))
            }
            _ => Ok(()),
        }
    }
}

fn sign(pin: Pin, owner: &SigningKey, mut file: KeyFile) -> KeyFile {
    if let KeyKind::Writer { public_key, retired, .. } = &file.kind {
        let bytes = owner.sign(&signed(pin, &file, public_key, retired.as_ref())).to_bytes();
        file.kind = KeyKind::Writer { public_key: *public_key, retired: retired.clone(), signature: Hex(bytes) };
    }
    file
}

fn signed(pin: Pin, file: &KeyFile, public_key: &Hex<32>, retired: Option<&Retired>) -> Vec<u8> {
    let created = file.created.to_string();
    let at = retired.map(|r| r.at.to_string()).unwrap_or_default();
    let mut parts = vec![
        &pin.as_bytes()[..],
        &public_key.0,
        file.id.as_bytes(),
        file.name.as_bytes(),
        created.as_bytes(),
        at.as_bytes(),
    ];
    for (backup, digest) in retired.iter().flat_map(|r| &r.backups) {
        parts.extend([backup.as_bytes(), &digest.0[..]]);
    }
    message("writer", &parts)
}
