//! Which backups there are.

use futures::{StreamExt, TryStreamExt, stream};

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::repository::manifest::{BackupId, Manifest};
use crate::repository::open::Repository;
use crate::repository::writers::{self, Writers};
use crate::repository::{layout, sealed_manifest};

/// Manifests that are read at once.
const AT_ONCE: usize = 8;

/// Every backup in the repository.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that can be read, the newest first.
    pub manifests: Vec<Manifest>,
    /// Those that can't, and why.
    pub unreadable: Vec<Unreadable>,
}

/// A backup that can't be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The object's name in `backups/`.
    pub backup: String,
    /// Why it can't be read.
    pub error: Error,
}

impl Repository {
    /// Every backup, with those that can't be read beside.
    ///
    /// # Errors
    /// "storage" if the listing itself fails.
    pub async fn list(&self) -> Result<Listing> {
        let names = self.backup_names().await?;
        let writers = &self.writers().await?;
        let mut listing = Listing::default();
        let mut read = stream::iter(names)
            .map(|name| async move {
                let manifest = self.read_manifest(&name, writers).await;
                (name, manifest)
            })
            .buffered(AT_ONCE);
        while let Some((backup, manifest)) = read.next().await {
            match manifest {
                Ok(manifest) => listing.manifests.push(manifest),
                // A backup that was forgotten between listing and reading is no longer there.
                Err(error) if error.is_not_found() => {}
                Err(error) => listing.unreadable.push(Unreadable { backup, error }),
            }
        }
        Ok(listing)
    }

    /// The backup that `text` names: "latest", or the beginning or end of exactly one backup's name.
    ///
    /// # Errors
    /// "not-found" if there is none, "conflict" if there are several, and whatever makes it unreadable.
    pub async fn find(&self, text: &str) -> Result<Manifest> {
        let names = self.backup_names().await?;
        let at = self.inner.store.shown();
        if text == "latest" {
            let newest = names.first().ok_or_else(|| {
                Error::not_found(format!("there is no backup in {at}")).with_hint("`cofferdam backup` makes one")
            })?;
            return self.read_manifest(newest, &self.writers().await?).await;
        }
        let fits = |name: &&String| !text.is_empty() && (name.starts_with(text) || name.ends_with(text));
        let mut found = names.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(name), None) => self.read_manifest(name, &self.writers().await?).await,
            (None, _) => {
                Err(Error::not_found(format!("there is no backup {text:?} in {at}"))
                    .with_hint("`backups list` shows them"))
            }
            (Some(a), Some(b)) => {
                Err(Error::conflict(format!("{text:?} can be backup {a} or {b}")).with_hint("give more of the name"))
            }
        }
    }

    /// The backup `id`.
    ///
    /// # Errors
    /// "not-found", "corrupt", or "permission-denied" if its writer wasn't admitted.
    pub async fn manifest(&self, id: &BackupId) -> Result<Manifest> {
        self.read_manifest(id.as_str(), &self.writers().await?).await
    }

    /// The names in `backups/`, the newest first.
    pub(super) async fn backup_names(&self) -> Result<Vec<String>> {
        let objects = self.inner.store.list(layout::BACKUPS);
        let mut names: Vec<_> = objects.map_ok(|o| o.file_name().to_owned()).try_collect().await?;
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    /// Who may write, as the repository says now.
    pub(super) async fn writers(&self) -> Result<Writers> {
        writers::read(&self.inner.store, &self.inner.config).await
    }

    pub(super) async fn read_manifest(&self, name: &str, writers: &Writers) -> Result<Manifest> {
        let id = BackupId::parse(name)
            .map_err(|e| Error::corrupt(format!("the object {name} in backups/ has no backup's name")).with_cause(e))?;
        let object = self.manifest_object(&id).await?;
        sealed_manifest::open(self.pin(), &self.inner.keys, writers, &id, &object)
    }

    pub(super) async fn manifest_object(&self, id: &BackupId) -> Result<Bytes> {
        let name = layout::object(layout::BACKUPS, id);
        self.inner.store.get(&name, sealed_manifest::LIMIT).await.map_err(|e| {
            if e.is_not_found() {
                Error::not_found(format!("there is no backup {id} in {}", self.inner.store.shown())).with_cause(e)
            } else {
                e
            }
        })
    }
}
