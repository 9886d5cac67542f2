//! Forgetting backups: their manifests go, their chunks stay for `prune`.

use crate::error::{Error, Result};
use crate::repository::layout;
use crate::repository::manifest::BackupId;
use crate::repository::open::Repository;

/// What `forget` did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// The backups that are gone, or would be.
    pub backups: Vec<BackupId>,
    /// Whether nothing was done.
    pub dry_run: bool,
}

impl Repository {
    /// Forgets the backups `ids`, also those whose manifests can't be read. With `dry_run` it only says what it would do.
    ///
    /// # Errors
    /// "not-found" if one isn't there: then none is forgotten.
    pub async fn forget(&self, ids: &[BackupId], dry_run: bool) -> Result<Forgotten> {
        let store = &self.inner.store;
        for id in ids {
            if store.head(&layout::object(layout::BACKUPS, id)).await?.is_none() {
                return Err(Error::not_found(format!("there is no backup {id} in {}", store.shown()))
                    .with_hint("`backups list` shows them; nothing was forgotten"));
            }
        }
        if !dry_run {
            for id in ids {
                store.delete(&layout::object(layout::BACKUPS, id)).await?;
            }
        }
        Ok(Forgotten { backups: ids.to_vec(), dry_run })
    }
}
