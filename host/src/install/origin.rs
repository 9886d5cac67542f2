//! Where a component comes from: a file, or an address on the web.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use bytes::Bytes;
use url::Url;

use super::download;
use crate::error::{Error, Result};
use crate::plugin;

/// A file, or an address on the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file on this machine.
    File(PathBuf),
    /// An https address.
    Web(Url),
}

impl Origin {
    /// Reads it, once and not more than [`plugin::LARGEST`] bytes. What is checked, installed and run later is these bytes,
    /// whatever happens to the file meanwhile.
    ///
    /// # Errors
    /// "not-found", "permission-denied" or "unreachable" if it can't be read; "plugin" if it is larger.
    pub async fn read(&self) -> Result<Bytes> {
        match self {
            Self::Web(url) => download::get(url).await,
            Self::File(path) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || plugin::read(&path))
                    .await
                    .map_err(|e| Error::internal("the plugin can't be read").with_cause(e))?
            }
        }
    }
}

/// Whether an address may be fetched from.
///
/// # Errors
/// "invalid-options" if it isn't https, or holds a password.
pub(super) fn checked(url: Url) -> Result<Url> {
    if url.scheme() != "https" || url.host().is_none() {
        return Err(Error::invalid_options(format!("a plugin can't be fetched from {}", shown(&url)))
            .with_hint("only https is fetched; get the file by other means and add that, with its --digest"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid_options(format!("a password is written out in the address {}", shown(&url)))
            .with_hint("get the file by other means and add that, with its --digest"));
    }
    Ok(url)
}

/// An address without what may be secret in it: user, password, query.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let url = Url::parse(text).map_err(|e| Error::invalid_options("this is no address").with_cause(e))?;
        checked(url).map(Self::Web)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Web(url) => f.write_str(&shown(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_https_is_fetched_and_everything_else_is_a_file() {
        assert_eq!("plugins/a.wasm".parse::<Origin>().unwrap(), Origin::File("plugins/a.wasm".into()));
        assert!(matches!("https://x.example/a.wasm?t=1".parse(), Ok(Origin::Web(_))));
        for text in ["http://x.example/a", "ftp://x/a", "file:///a", "s3://x/a", "https://", "http://127.0.0.1/a"] {
            assert_eq!(text.parse::<Origin>().unwrap_err().code(), "invalid-options", "{text}");
        }
    }

    #[test]
    fn no_secret_in_an_address_is_shown() {
        let origin: Origin = "https://x.example/a.wasm?token=hunter2".parse().unwrap();
        assert_eq!(origin.to_string(), "https://x.example/a.wasm");
        let error = "https://me:hunter2@x.example/a".parse::<Origin>().unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
