//! `[plugins.NAME]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// An engine plugin, and what it is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plugin {
    /// The component's file.
    pub path: PathBuf,
    /// The services that it may use, as `plugin inspect` lists them. None is granted that isn't named here.
    #[serde(default)]
    pub grants: Vec<String>,
}

impl Plugin {
    pub(super) fn start_at(&mut self, folder: &Path) {
        self.path = folder.join(&self.path);
    }
}
