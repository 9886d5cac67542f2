//! Disks that are too small or can't be written to. Mounting needs root; callers have another way where it isn't allowed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command::succeed;
use crate::error::Result;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A file system that is mounted until it is dropped.
#[derive(Debug)]
pub struct Mounted(PathBuf);

impl Mounted {
    /// An empty disk of `size`, as in "20m", at a folder.
    ///
    /// # Errors
    /// If mounting isn't allowed here.
    pub fn small(at: &Path, size: &str) -> Result<Self> {
        let size = format!("size={size}");
        succeed(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at), TIMEOUT)?;
        Ok(Self(at.to_owned()))
    }

    /// A folder that nobody can write to, root neither, and that keeps what is in it.
    ///
    /// # Errors
    /// If mounting isn't allowed here.
    pub fn read_only(at: &Path) -> Result<Self> {
        succeed(Command::new("mount").arg("--bind").args([at, at]), TIMEOUT)?;
        let mounted = Self(at.to_owned());
        succeed(Command::new("mount").args(["-o", "remount,bind,ro"]).arg(at), TIMEOUT)?;
        Ok(mounted)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Nothing is left to do if this fails.
        let _ = succeed(Command::new("umount").arg("--lazy").arg(&self.0), TIMEOUT);
    }
}
