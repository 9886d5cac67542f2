//! `[instances.NAME]`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{InstanceUrl, Name};
use crate::secrets::SecretRef;

/// One database server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Instance {
    /// The plugin that knows it, by its name in `[plugins]`.
    pub engine: Name,
    /// Host, port, user, database and the engine's own parameters, TLS files among them.
    pub url: InstanceUrl,
    /// The user's password, if one is needed.
    pub password: Option<SecretRef>,
    /// Settings of the engine that always hold here, as if given with `--set`.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

impl Instance {
    pub(super) fn start_at(&mut self, folder: &Path) {
        self.url.start_at(folder);
        self.password = self.password.take().map(|p| p.relative_to(folder));
    }
}
