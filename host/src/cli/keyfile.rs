//! Writing a key to a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A new file that only its owner can read. Dropped before a key was written, it is taken away again.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    file: File,
    written: bool,
}

impl KeyFile {
    /// Makes the file, still empty.
    ///
    /// # Errors
    /// "already-exists" if there is one: a key is never overwritten. "permission-denied" if it can't be made.
    pub fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|e| {
            let shown = path.display();
            if e.kind() == std::io::ErrorKind::AlreadyExists {
                Error::already_exists(format!("the key file {shown} is there already, and a key is never overwritten"))
                    .with_hint("name another file, or move this one away if its key isn't needed any more")
            } else {
                Error::permission_denied(format!("can't make the key file {shown}")).with_cause(e)
            }
        })?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the key and a line end, and waits until it is on disk.
    ///
    /// # Errors
    /// "storage".
    pub fn write(mut self, key: &str) -> Result<()> {
        // Even half a key is kept: better than none.
        self.written = true;
        let written = self.file.write_all(key.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
        written
            .and_then(|()| self.file.sync_all())
            .map_err(|e| Error::storage(format!("can't write the key file {}", self.path.display())).with_cause(e))
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if !self.written {
            // An empty file that stays is told by the next attempt.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_can_read_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        KeyFile::create(&path).unwrap().write("CDW1-x").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "CDW1-x\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "old").unwrap();
        assert_eq!(KeyFile::create(&path).unwrap_err().code(), "already-exists");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }

    #[test]
    fn a_file_that_got_no_key_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        drop(KeyFile::create(&path).unwrap());
        assert!(!path.exists());
    }
}
