//! Naming a backup.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::repository::{BackupId, Manifest, Repository};

/// Which backup is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// An id, the beginning or end of one, or "latest" for the newest of all.
    Id(String),
    /// `INSTANCE@latest`: the newest of this instance.
    Latest(String),
}

/// How a backup is named, for the help of arguments.
pub const HELP: &str = "An id or the beginning or end of one, INSTANCE@latest, or latest";

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('@') {
            None if text.is_empty() => Err("a backup's id is empty".to_owned()),
            None => Ok(Self::Id(text.to_owned())),
            Some((instance, "latest")) if !instance.is_empty() => Ok(Self::Latest(instance.to_owned())),
            Some(_) => Err("only the latest backup of an instance can be named so: INSTANCE@latest".to_owned()),
        }
    }
}

impl Selector {
    /// The id, if it was given as a whole.
    pub fn whole_id(&self) -> Option<BackupId> {
        match self {
            Self::Id(text) => BackupId::parse(text).ok(),
            Self::Latest(_) => None,
        }
    }

    /// Finds the backup.
    ///
    /// # Errors
    /// "not-found", "conflict" if there are several, and whatever makes it unreadable. The newest backup of an
    /// instance isn't known if one that may be newer can't be read.
    pub async fn find(&self, repository: &Repository) -> Result<Manifest> {
        let instance = match self {
            Self::Id(text) => return repository.find(text).await,
            Self::Latest(instance) => instance,
        };
        let listing = repository.list().await?;
        let newest = listing.manifests.into_iter().find(|m| m.instance == *instance).ok_or_else(|| {
            Error::not_found(format!("there is no backup of {instance}"))
                .with_hint("`cofferdam backups list` shows all")
        });
        let since = newest.as_ref().map(|m| m.id.to_string()).unwrap_or_default();
        match listing.unreadable.into_iter().find(|unreadable| unreadable.backup > since) {
            Some(doubt) => Err(doubt
                .error
                .while_doing(format!("the latest backup of {instance} isn't known, for {} can't be read", doubt.backup))
                .with_hint("name the one that you want by its id")),
            None => newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_named_by_its_id_or_as_the_latest() {
        for (text, selector) in [
            ("20260131T235959Z-1a2b3c4d", Some(Selector::Id("20260131T235959Z-1a2b3c4d".into()))),
            ("latest", Some(Selector::Id("latest".into()))),
            ("orders@latest", Some(Selector::Latest("orders".into()))),
            ("orders@yesterday", None),
            ("@latest", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Selector>().ok(), selector, "{text}");
        }
    }
}
