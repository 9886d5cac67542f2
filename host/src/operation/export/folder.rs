//! The folder that an export makes: under another name until all of it is there and on the disk.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use tokio::io::AsyncWriteExt;

use crate::error::{Error, Result};

/// A folder that nobody sees under its name before it is whole. Only its owner can read it: what was sealed in the
/// repository lies open here.
pub(super) struct Folder {
    target: PathBuf,
    working: PathBuf,
    /// The folders in it, for the disk.
    folders: Mutex<BTreeSet<PathBuf>>,
}

impl Folder {
    /// Makes it beside `target`, under a name that bears the operation's id.
    ///
    /// # Errors
    /// "already-exists" if there is anything at `target`, "not-found" if the folder that it would be in isn't there.
    pub fn create(target: &Path, operation: &str) -> Result<Self> {
        let target = std::path::absolute(target)
            .map_err(|e| Error::invalid_options(format!("{} is no usable path", target.display())).with_cause(e))?;
        let Some(name) = target.file_name() else {
            return Err(Error::invalid_options(format!("{} is no name for a new folder", target.display())));
        };
        match fs::symlink_metadata(&target) {
            Ok(_) => return Err(occupied(&target)),
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(failed(&target, "looked at", e)),
        }
        let mut partial = name.to_owned();
        partial.push(format!(".partial-{operation}"));
        let working = target.with_file_name(partial);
        DirBuilder::new().mode(0o700).create(&working).map_err(|e| match e.kind() {
            ErrorKind::NotFound => {
                Error::not_found(format!("there is no folder that {} could be made in", target.display()))
                    .with_hint("make it first, or name another one")
            }
            _ => failed(&working, "made", e),
        })?;
        Ok(Self { target, working, folders: Mutex::default() })
    }

    /// Where it will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A new file at `path`, which was checked.
    ///
    /// # Errors
    /// "storage" if it can't be made, or is there.
    pub fn file(&self, path: &str) -> Result<Writer> {
        let at = self.working.join(path);
        if let Some(parent) = at.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
            made.map_err(|e| failed(parent, "made", e))?;
            let within = parent.ancestors().take_while(|folder| *folder != self.working).map(Path::to_path_buf);
            self.folders.lock().unwrap_or_else(PoisonError::into_inner).extend(within);
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&at);
        let file = file.map_err(|e| failed(&at, "made", e))?;
        Ok(Writer { file: tokio::fs::File::from_std(file), at })
    }

    /// Gives it its name. The files are on the disk already; now their names are too.
    ///
    /// # Errors
    /// "already-exists" if somebody made something of that name meanwhile, "storage" if the disk fails.
    pub fn publish(&self) -> Result<()> {
        for folder in self.folders.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            sync(folder)?;
        }
        sync(&self.working)?;
        rename(&self.working, &self.target)?;
        self.target.parent().map_or(Ok(()), sync).inspect_err(|_| {
            // It doesn't count, so it mustn't look as if it did. If even that fails, the disk is lost.
            let _ = fs::rename(&self.target, &self.working);
        })
    }

    /// Takes it away with all that is in it.
    ///
    /// # Errors
    /// "storage" if it can't be taken away.
    pub fn remove(&self) -> Result<()> {
        fs::remove_dir_all(&self.working).map_err(|e| failed(&self.working, "taken away", e))
    }
}

/// A file that is being written.
pub(super) struct Writer {
    file: tokio::fs::File,
    at: PathBuf,
}

impl Writer {
    /// Writes more.
    ///
    /// # Errors
    /// "storage", say of a full disk.
    pub async fn write(&mut self, bytes: &Bytes) -> Result<()> {
        self.file.write_all(bytes).await.map_err(|e| failed(&self.at, "written", e))
    }

    /// Ends it; it is on the disk then.
    ///
    /// # Errors
    /// "storage": also what went wrong with an earlier write may show only here.
    pub async fn finish(mut self) -> Result<()> {
        self.file.flush().await.map_err(|e| failed(&self.at, "written", e))?;
        self.file.sync_all().await.map_err(|e| failed(&self.at, "written to the disk", e))
    }
}

/// Never over anything: a plain rename would replace an empty folder.
fn rename(from: &Path, to: &Path) -> Result<()> {
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST | Errno::NOTEMPTY) => Err(occupied(to)),
        // A file system that can't promise that. What was there at the beginning was refused then.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::rename(from, to).map_err(|e| failed(from, "given its name", e))
        }
        Err(e) => Err(failed(from, "given its name", e.into())),
    }
}

fn sync(folder: &Path) -> Result<()> {
    fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| failed(folder, "written to the disk", e))
}

fn occupied(at: &Path) -> Error {
    Error::already_exists(format!("there is something at {} already", at.display()))
        .with_hint("name a folder that isn't there: nothing is ever written over")
}

fn failed(at: &Path, what: &str, error: std::io::Error) -> Error {
    let of = if error.kind() == ErrorKind::PermissionDenied { Error::permission_denied } else { Error::storage };
    of(format!("{} can't be {what}", at.display())).with_cause(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    async fn filled(target: &Path) -> Folder {
        let folder = Folder::create(target, "0123").unwrap();
        let mut file = folder.file("a/b/c.txt").unwrap();
        file.write(&Bytes::from_static(b"text")).await.unwrap();
        file.finish().await.unwrap();
        folder
    }

    #[tokio::test]
    async fn it_has_its_name_only_once_it_is_whole_and_is_its_owners_alone() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        let folder = filled(&target).await;
        assert!(!target.exists());
        folder.publish().unwrap();
        assert_eq!(fs::read(target.join("a/b/c.txt")).unwrap(), b"text");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        for (path, mode) in [("", 0o700), ("a/b", 0o700), ("a/b/c.txt", 0o600)] {
            assert_eq!(fs::metadata(target.join(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
        }
    }

    #[tokio::test]
    async fn nothing_is_ever_written_over() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("out");
        fs::create_dir(&target).unwrap();
        assert_eq!(Folder::create(&target, "0123").err().unwrap().code(), "already-exists");
        fs::remove_dir(&target).unwrap();
        let folder = filled(&target).await;
        folder.file("a/b/c.txt").err().expect("a file twice");
        // Somebody comes in between.
        fs::create_dir(&target).unwrap();
        assert_eq!(folder.publish().unwrap_err().code(), "already-exists");
        folder.remove().unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_no_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Folder::create(&root.path().join("no/out"), "0123").err().unwrap().code(), "not-found");
        assert_eq!(Folder::create(Path::new("/"), "0123").err().unwrap().code(), "invalid-options");
    }
}
