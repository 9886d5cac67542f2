//! The folder that an import reads: its files, found once, and each read as it was found.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use rustix::fs::OFlags;
use tokio::io::AsyncReadExt;

use crate::error::{Error, Result};
use crate::plugin::Found;

/// Bytes that are read at once.
const PIECE: usize = 128 << 10;
/// A folder with more files isn't one dump of a database.
const MOST_FILES: usize = 1_000_000;

/// The folder.
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`, and its files in the order of their paths.
    ///
    /// # Errors
    /// "not-found" if there is none, "invalid-options" if there is something else in it than files and folders, or a
    /// name that isn't UTF-8.
    pub fn open(root: &Path) -> Result<(Self, Vec<Found>)> {
        let mut found = Vec::new();
        walk(root, "", &mut found)?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((Self { root: root.to_owned() }, found))
    }

    /// Opens a file that was found.
    ///
    /// # Errors
    /// "conflict" if it isn't there any more, or is a link now.
    pub fn file(&self, found: &Found) -> Result<Reader> {
        let at = self.root.join(&found.path);
        let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let file = fs::OpenOptions::new().read(true).custom_flags(nofollow).open(&at).map_err(|e| match e.kind() {
            ErrorKind::PermissionDenied => failed(&at, e),
            _ => Error::conflict(format!("{} isn't any more what it was when the import began", at.display()))
                .with_cause(e),
        })?;
        Ok(Reader { file: tokio::fs::File::from_std(file), left: found.bytes, at })
    }
}

/// A file that is being read.
pub(super) struct Reader {
    file: tokio::fs::File,
    left: u64,
    at: PathBuf,
}

impl Reader {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// "conflict" if the file isn't as long as it was found.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = self.file.read_buf(&mut piece).await.map_err(|e| failed(&self.at, e))? as u64;
        match self.left.checked_sub(read) {
            Some(0) if read == 0 => Ok(None),
            Some(left) if read > 0 => {
                self.left = left;
                Ok(Some(piece.freeze()))
            }
            _ => Err(Error::conflict(format!("{} changed while it was read", self.at.display()))
                .with_hint("import a folder that nobody writes to")),
        }
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<Found>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let entry = entry.map_err(|e| failed(folder, e))?;
        let at = entry.path();
        let name = entry.file_name().into_string().map_err(|_| {
            Error::invalid_options(format!("the name of {} isn't UTF-8, so no engine made it", at.display()))
        })?;
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        // Not what a link leads to: that may be anywhere.
        let about = fs::symlink_metadata(&at).map_err(|e| failed(&at, e))?;
        if about.is_dir() {
            walk(&at, &path, found)?;
        } else if about.is_file() {
            found.push(Found { path, bytes: about.size() });
        } else {
            return Err(Error::invalid_options(format!("{} is neither a file nor a folder", at.display()))
                .with_hint("links aren't followed; put the file itself there"));
        }
        if found.len() > MOST_FILES {
            return Err(Error::invalid_options(format!("{} holds more than {MOST_FILES} files", folder.display())));
        }
    }
    Ok(())
}

fn failed(at: &Path, error: std::io::Error) -> Error {
    let of = match error.kind() {
        ErrorKind::NotFound => Error::not_found,
        ErrorKind::PermissionDenied => Error::permission_denied,
        ErrorKind::NotADirectory => Error::invalid_options,
        _ => Error::storage,
    };
    of(format!("{} can't be read", at.display())).with_cause(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn folder() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/c")).unwrap();
        fs::write(root.path().join("b/c/x"), "12345").unwrap();
        fs::write(root.path().join("a"), "").unwrap();
        root
    }

    async fn read(folder: &Folder, found: &Found) -> Result<Vec<u8>> {
        let mut reader = folder.file(found)?;
        let mut all = Vec::new();
        while let Some(piece) = reader.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn files_are_found_in_order_and_read_whole() {
        let root = folder();
        let (folder, found) = Folder::open(root.path()).unwrap();
        let shown: Vec<_> = found.iter().map(|f| (f.path.as_str(), f.bytes)).collect();
        assert_eq!(shown, [("a", 0), ("b/c/x", 5)]);
        assert_eq!(read(&folder, &found[0]).await.unwrap(), b"");
        assert_eq!(read(&folder, &found[1]).await.unwrap(), b"12345");
    }

    #[tokio::test]
    async fn a_file_that_changes_is_noticed() {
        let root = folder();
        let (folder, found) = Folder::open(root.path()).unwrap();
        for content in ["1234", "123456"] {
            fs::write(root.path().join("b/c/x"), content).unwrap();
            assert_eq!(read(&folder, &found[1]).await.unwrap_err().code(), "conflict", "{content}");
        }
        fs::remove_file(root.path().join("b/c/x")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("b/c/x")).unwrap();
        assert_eq!(folder.file(&found[1]).err().unwrap().code(), "conflict");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let root = folder();
        std::os::unix::fs::symlink("/etc", root.path().join("b/link")).unwrap();
        assert_eq!(Folder::open(root.path()).err().unwrap().code(), "invalid-options");
        assert_eq!(Folder::open(&root.path().join("nowhere")).err().unwrap().code(), "not-found");
        assert_eq!(Folder::open(&root.path().join("a")).err().unwrap().code(), "invalid-options");
    }
}
