//! The keys of a repository: shown, added and removed.

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::encoding::Hex;
use crate::repository::keyfile::{self, KeyFile, KeyKind, seal_with_passphrase, seal_with_recovery_key};
use crate::repository::layout;
use crate::repository::open::{Repository, admit_writer};
use crate::repository::writers;

/// What may be known about a key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeyInfo {
    /// Its id, 16 hexadecimal digits.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// "passphrase", "recovery" or "writer".
    pub kind: &'static str,
    /// When it was made.
    pub created: Timestamp,
    /// When a writer was removed. The backups that it had made by then still count.
    pub retired: Option<Timestamp>,
}

impl Repository {
    /// Every key of the repository, the oldest first.
    ///
    /// # Errors
    /// "storage" or "corrupt" if one can't be read.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>> {
        let mut keys: Vec<_> = self.key_files().await?.into_iter().map(info).collect();
        keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(keys)
    }

    /// Admits a writer called `name` and returns its key, which isn't kept anywhere.
    ///
    /// # Errors
    /// "permission-denied" without the owner's keys.
    pub async fn add_writer(&self, name: &str) -> Result<Zeroizing<String>> {
        admit_writer(&self.inner.store, self.pin(), self.inner.keys.root()?, name).await
    }

    /// Lets `passphrase` open the repository too, and returns the new key's id.
    ///
    /// # Errors
    /// "permission-denied" without the owner's keys, "invalid-options" for an empty passphrase.
    pub async fn add_passphrase(&self, name: &str, passphrase: &str) -> Result<String> {
        let file = seal_with_passphrase(self.pin(), name, self.inner.keys.root()?, passphrase).await?;
        keyfile::write(&self.inner.store, &file).await?;
        Ok(file.id)
    }

    /// Makes another recovery key and returns it.
    ///
    /// # Errors
    /// "permission-denied" without the owner's keys.
    pub async fn add_recovery_key(&self, name: &str) -> Result<Zeroizing<String>> {
        let (file, text) = seal_with_recovery_key(self.pin(), name, self.inner.keys.root()?)?;
        keyfile::write(&self.inner.store, &file).await?;
        Ok(text)
    }

    /// Removes key `id`. Whoever opened the repository with it before may have kept what it opened.
    ///
    /// A writer is retired: the backups that it has made count on, others with its signature don't.
    ///
    /// # Errors
    /// "permission-denied" without the owner's keys, "not-found", and "conflict" for the last key that opens data.
    pub async fn remove_key(&self, id: &str) -> Result<()> {
        let owner = self.inner.keys.root()?.signing();
        let store = &self.inner.store;
        let files = self.key_files().await?;
        let file = files.iter().find(|f| f.id == id).cloned().ok_or_else(|| {
            Error::not_found(format!("the repository at {} has no key {id}", store.shown()))
                .with_hint("`repository key list` shows them")
        })?;
        if matches!(file.kind, KeyKind::Writer { .. }) {
            let backups = self.digests_by(id).await?;
            return keyfile::write(store, &writers::retire(self.pin(), &owner, file, backups)).await;
        }
        if files.iter().filter(|f| !matches!(f.kind, KeyKind::Writer { .. })).count() == 1 {
            return Err(Error::conflict(format!(
                "{id} is the last key that opens the repository at {}",
                store.shown()
            ))
            .with_hint("add another passphrase or recovery key first"));
        }
        store.delete(&layout::object(layout::KEYS, id)).await
    }

    async fn key_files(&self) -> Result<Vec<KeyFile>> {
        keyfile::list(&self.inner.store, self.pin()).await
    }

    /// Name and digest of every backup that writer `id` made and that counts now.
    async fn digests_by(&self, id: &str) -> Result<Vec<(String, Hex<32>)>> {
        let listing = self.list().await?;
        // A backup that can't be read for the moment would be lost for good if the writer were retired now.
        if let Some(unreadable) = listing.unreadable.into_iter().find(|u| u.error.code() != "permission-denied") {
            return Err(Error::conflict(format!(
                "backup {} can't be read, so its writer isn't known",
                unreadable.backup
            ))
            .with_cause(unreadable.error)
            .with_hint("repair or forget it first"));
        }
        let mut found = Vec::new();
        for manifest in listing.manifests.iter().filter(|m| m.writer == id) {
            let object = self.manifest_object(&manifest.id).await?;
            found.push((manifest.id.to_string(), Hex(*blake3::hash(&object).as_bytes())));
        }
        Ok(found)
    }
}

fn info(file: KeyFile) -> KeyInfo {
    let (kind, retired) = match file.kind {
        KeyKind::Passphrase { .. } => ("passphrase", None),
        KeyKind::Recovery { .. } => ("recovery", None),
        KeyKind::Writer { retired, .. } => ("writer", retired.map(|r| r.at)),
    };
    KeyInfo { id: file.id, name: file.name, kind, created: file.created, retired }
}
