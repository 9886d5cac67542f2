//! Servers refuse to run as root: this finds out who we are and who else they can run as.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command::succeed;
use crate::error::Result;

/// Who a server runs as.
#[derive(Clone, Copy, Debug)]
pub(super) enum User {
    /// Whoever runs the tests.
    Myself,
    /// We are root: `nobody`.
    Other { uid: u32, gid: u32 },
}

impl User {
    /// Ourselves, or `nobody` where we are root.
    pub(super) fn choose() -> Result<Self> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self::Myself);
        }
        let id = |option| -> Result<u32> {
            let number = succeed(Command::new("id").args([option, "nobody"]), Duration::from_secs(10))?;
            Ok(number.trim().parse()?)
        };
        Ok(Self::Other { uid: id("-u")?, gid: id("-g")? })
    }

    /// Makes `command` run as this user.
    pub(super) fn run(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives a file or folder to this user.
    pub(super) fn own(self, path: &Path) -> Result<()> {
        match self {
            Self::Myself => Ok(()),
            Self::Other { uid, gid } => {
                Ok(chown(path, Some(uid), Some(gid)).map_err(|e| format!("chown {}: {e}", path.display()))?)
            }
        }
    }
}
