//! What a plugin can do, read from its exports.

use std::fmt;

/// A capability is an exported interface of `cofferdam:engine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Inspect a server and check whether an operation could work; every plugin has it.
    Instance,
    /// Read a database as units.
    Backup,
    /// Write units into a database.
    Restore,
    /// Copy inside one server.
    Clone,
    /// Make the engine's own files of a backup.
    ToFiles,
    /// Make a backup of the engine's own files.
    FromFiles,
    /// Backups that stay on the server's side.
    External,
}

impl Capability {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Instance, Self::Backup, Self::Restore, Self::Clone, Self::ToFiles, Self::FromFiles, Self::External];

    /// Its name, as in the WIT file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Clone => "clone",
            Self::ToFiles => "to-files",
            Self::FromFiles => "from-files",
            Self::External => "external",
        }
    }

    /// The capability that an export stands for, if this host knows it in that version.
    #[must_use]
    pub fn of_export(export: &str) -> Option<Self> {
        let (name, version) = export.strip_prefix("cofferdam:engine/")?.split_once('@')?;
        // Any 0.1.x: a later patch adds functions and changes none.
        version.strip_prefix("0.1.")?;
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_of_another_version_is_no_capability() {
        assert_eq!(Capability::of_export("cofferdam:engine/backup@0.1.0"), Some(Capability::Backup));
        assert_eq!(Capability::of_export("cofferdam:engine/backup@0.2.0"), None);
        assert_eq!(Capability::of_export("other:engine/backup@0.1.0"), None);
    }
}
