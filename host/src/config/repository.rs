//! `[repositories.NAME]`.

use std::path::Path;

use serde::Deserialize;

use super::RepositoryUrl;
use crate::secrets::SecretRef;

/// Where backups are kept, and with which key they are reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Repository {
    /// Its address: a URL, or the path of a folder.
    pub url: RepositoryUrl,
    /// The id that it must have, a fingerprint of its public keys. `repository init` adds it; without it another
    /// repository, with the keys of whoever made it, could be put in its place.
    pub id: Option<String>,
    /// Makes, lists, checks and forgets backups; can't read their data.
    pub writer_key: Option<SecretRef>,
    /// Does everything. It belongs where backups are restored, not where they are made.
    pub recovery_key: Option<SecretRef>,
    /// Does everything, like the recovery key.
    pub passphrase: Option<SecretRef>,
}

impl Repository {
    pub(super) fn start_at(&mut self, folder: &Path) {
        self.url.start_at(folder);
        for key in [&mut self.writer_key, &mut self.recovery_key, &mut self.passphrase] {
            *key = key.take().map(|k| k.relative_to(folder));
        }
    }
}
