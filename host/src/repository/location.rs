//! The address of a repository.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use crate::error::{Error, Result};

/// Where a repository is: `file:///var/backups/x`, or a plain path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    folder: PathBuf,
}

impl Location {
    /// Reads an address. A relative path is resolved against the working folder.
    ///
    /// # Errors
    /// "invalid-options" for what is no address, "unsupported" for a store that this build doesn't speak.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid_options("the repository's address is empty")
                .with_hint("give a folder, for example file:///var/backups/cofferdam"));
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return Self::local(Path::new(text));
        };
        if scheme != "file" {
            return Err(Error::unsupported(format!("this build can't keep a repository at {scheme}://"))
                .with_hint("use a local or mounted folder: file:///var/backups/cofferdam"));
        }
        let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok()).ok_or_else(|| {
            Error::invalid_options(format!("{text:?} is no address of a folder"))
                .with_hint("a file URL has three slashes and an absolute path: file:///var/backups/cofferdam")
        })?;
        Self::local(&path)
    }

    /// The folder at `path`, made absolute.
    ///
    /// # Errors
    /// "invalid-options" if the path can't be made absolute.
    pub fn local(path: &Path) -> Result<Self> {
        let folder = std::path::absolute(path)
            .map_err(|e| Error::invalid_options(format!("{} is no usable path", path.display())).with_cause(e))?;
        Ok(Self { folder })
    }

    /// The folder in the local file system.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Url::from_file_path(&self.folder) {
            Ok(url) => f.write_str(url.as_str()),
            Err(()) => write!(f, "{}", self.folder.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_path_and_its_url_are_one_location() {
        let path = Location::parse("/var/back ups/x").unwrap();
        assert_eq!(path.to_string(), "file:///var/back%20ups/x");
        assert_eq!(Location::parse(&path.to_string()).unwrap(), path);
    }

    #[test]
    fn a_bucket_is_refused_by_name() {
        let error = Location::parse("s3://bucket/x").unwrap_err();
        assert_eq!(error.code(), "unsupported");
        assert!(error.message().contains("s3://"));
    }

    #[test]
    fn a_host_in_a_file_url_is_refused() {
        assert_eq!(Location::parse("file://server/x").unwrap_err().code(), "invalid-options");
        assert_eq!(Location::parse("").unwrap_err().code(), "invalid-options");
    }
}
