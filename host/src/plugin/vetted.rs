//! Which components were found fit to compile before, so that a plugin isn't looked through at each start.
//!
//! What is noted is what [`effort`](super::effort) found, by the bytes' own digest, in the folder that holds compiled code:
//! who could forge a note there could replace the code itself.

use std::path::{Path, PathBuf};

/// Notes of components, if there is a folder for them.
pub(super) struct Vetted(Option<PathBuf>);

impl Vetted {
    /// Notes in `folder`, which must be ours alone. Another version of the host has other bounds, and notes of its own.
    pub(super) fn within(folder: Option<&Path>) -> Self {
        Self(folder.map(|folder| folder.join(env!("CARGO_PKG_VERSION"))))
    }

    /// Whether the component with the BLAKE3 `digest` was found fit before.
    pub(super) fn has(&self, digest: &str) -> bool {
        self.0.as_ref().is_some_and(|folder| folder.join(digest).is_file())
    }

    /// Notes that it is fit. Where that can't be written down, it is looked through again the next time.
    pub(super) fn add(&self, digest: &str) {
        if let Some(folder) = &self.0 {
            let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(digest), ""));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_was_noted_is_known_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        Vetted::within(Some(folder.path())).add("abc");
        let vetted = Vetted::within(Some(folder.path()));
        assert!(vetted.has("abc") && !vetted.has("abd"));
    }

    #[test]
    fn without_a_folder_nothing_is_known() {
        let vetted = Vetted::within(None);
        vetted.add("abc");
        assert!(!vetted.has("abc"));
    }
}
