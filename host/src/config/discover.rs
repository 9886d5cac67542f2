//! Finding the operator's file.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What the file is called.
pub const FILE_NAME: &str = "cofferdam.toml";

/// Where the file is looked for if it isn't named.
#[derive(Clone, Debug)]
pub struct Places {
    /// Looked in first, then in each folder above it.
    pub working: PathBuf,
    /// The user's configuration folder, `$XDG_CONFIG_HOME` or `~/.config`; `cofferdam/cofferdam.toml` is looked for
    /// in it.
    pub user: Option<PathBuf>,
    /// The user whose files are trusted, beside root's.
    pub uid: u32,
}

impl Places {
    /// The places of this process.
    ///
    /// # Errors
    /// "not-found" if the working folder is gone.
    pub fn of_this_process() -> Result<Self> {
        let absolute = |path: &PathBuf| path.is_absolute();
        // A relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory Specification).
        let xdg = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(absolute);
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(absolute);
        Ok(Self {
            working: std::env::current_dir()
                .map_err(|e| Error::not_found("the working folder is gone").with_cause(e))?,
            user: xdg.or_else(|| home.map(|h| h.join(".config"))),
            uid: rustix::process::geteuid().as_raw(),
        })
    }

    /// The file, if there is one.
    ///
    /// # Errors
    /// "permission-denied" if the one that was found belongs to, or can be written by, somebody else: it names
    /// programs to run, and whoever can write to a folder above the working one could put it there.
    pub fn find(&self) -> Result<Option<PathBuf>> {
        let above = self.working.ancestors().map(|folder| folder.join(FILE_NAME));
        let user = self.user.iter().map(|folder| folder.join("cofferdam").join(FILE_NAME));
        let Some(path) = above.chain(user).find(|path| path.is_file()) else {
            return Ok(None);
        };
        self.trust(&path)?;
        Ok(Some(path))
    }

    fn trust(&self, path: &Path) -> Result<()> {
        let refuse = |why: &str| {
            Error::permission_denied(format!("the configuration {} is not used: {why}", path.display()))
                .with_hint(format!("if you trust it, say so with --config {}", path.display()))
        };
        let file = path.metadata().map_err(|e| refuse("it can't be examined").with_cause(e))?;
        if file.uid() != self.uid && file.uid() != 0 {
            return Err(refuse("it belongs to another user"));
        }
        if file.mode() & 0o002 != 0 {
            return Err(refuse("everybody on this machine can change it"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A working folder two levels deep, and a user's configuration folder beside it.
    fn places(root: &Path) -> Places {
        let working = root.join("project/deep");
        fs::create_dir_all(&working).unwrap();
        fs::create_dir_all(root.join("config/cofferdam")).unwrap();
        Places { working, user: Some(root.join("config")), uid: fs::metadata(root).unwrap().uid() }
    }

    fn put(path: &Path, mode: u32) {
        fs::write(path, "").unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_nearest_file_wins_and_the_users_comes_last() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        assert_eq!(places.find().unwrap(), None);
        for path in ["config/cofferdam/cofferdam.toml", "project/cofferdam.toml", "project/deep/cofferdam.toml"] {
            let path = root.path().join(path);
            put(&path, 0o644);
            assert_eq!(places.find().unwrap(), Some(path));
        }
    }

    #[test]
    fn a_file_that_everybody_can_change_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        put(&root.path().join("project/cofferdam.toml"), 0o666);
        let error = places.find().unwrap_err();
        assert_eq!(error.code(), "permission-denied");
        assert!(error.hint().unwrap().contains("--config"));
    }

    #[test]
    fn a_file_of_another_user_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let mut places = places(root.path());
        let path = root.path().join("project/cofferdam.toml");
        put(&path, 0o600);
        let owner = path.metadata().unwrap().uid();
        places.uid = owner + 1;
        // Root's files are trusted, so as root there has to be another owner.
        if owner == 0 {
            std::os::unix::fs::chown(&path, Some(4242), None).unwrap();
        }
        assert!(places.find().unwrap_err().message().contains("another user"));
    }
}
