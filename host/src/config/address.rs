//! URLs of repositories and instances. Neither may hold a password.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::connection_url::ConnectionUrl;

/// Query parameters that clients take a secret from: libpq's and those of other drivers.
const SECRET_PARAMETERS: [&str; 7] =
    ["password", "pwd", "passwd", "sslpassword", "oauth_client_secret", "tlscertificatekeyfilepassword", "access_key"];

/// Query parameters that name a file: libpq's, and those of MongoDB's drivers.
const FILE_PARAMETERS: [&str; 6] = ["sslrootcert", "sslcert", "sslkey", "sslcrl", "tlscafile", "tlscertificatekeyfile"];

/// Where an instance is and how to reach it. It never holds a password: one in the URL is refused.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct InstanceUrl(ConnectionUrl);

impl InstanceUrl {
    /// The parsed URL.
    #[must_use]
    pub fn as_url(&self) -> &ConnectionUrl {
        &self.0
    }

    /// Reads the relative paths of TLS files as relative to `folder`. ("system" is libpq's word for the system's
    /// certificates, not a path.)
    pub(super) fn start_at(&mut self, folder: &Path) {
        self.0 = self.0.map_parameters(|name, value| {
            let is_relative = FILE_PARAMETERS.iter().any(|file| name.eq_ignore_ascii_case(file))
                && !value.is_empty()
                && value != "system"
                && Path::new(value).is_relative();
            is_relative.then(|| folder.join(value).to_string_lossy().into_owned())
        });
    }
}

impl TryFrom<String> for InstanceUrl {
    type Error = String;

    /// The text isn't repeated in the error: what can't be parsed can't be searched for a password either.
    fn try_from(text: String) -> Result<Self, String> {
        let url = ConnectionUrl::parse(&text).map_err(|why| {
            format!(
                "{why}\nhint: it looks like \"postgresql://user@host:5432/database\"; a password is a reference \
                 beside it, as in {INSTEAD}"
            )
        })?;
        refuse_parameters(url.parameters().map(|(name, _)| name), INSTEAD)?;
        Ok(Self(url))
    }
}

/// What a password in an instance's URL is replaced by.
const INSTEAD: &str = "password = { file = \"/run/secrets/name\" }";

impl fmt::Display for InstanceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for InstanceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceUrl({self})")
    }
}

/// Where a repository is: a URL, or the path of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RepositoryUrl(String);

impl RepositoryUrl {
    /// The URL or the path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a relative path as relative to `folder`.
    pub(super) fn start_at(&mut self, folder: &Path) {
        if !is_url(&self.0) {
            self.0 = folder.join(&self.0).to_string_lossy().into_owned();
        }
    }
}

impl TryFrom<String> for RepositoryUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a repository's url is empty".to_owned());
        }
        if is_url(&text) {
            let url = Url::parse(&text).map_err(|e| format!("this isn't a URL ({e})"))?;
            refuse_secrets(&url, "the environment variables of the storage's provider")?;
        }
        Ok(Self(text))
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text that names a repository is a URL and not a name or a path.
fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("file:")
}

fn refuse_secrets(url: &Url, instead: &str) -> Result<(), String> {
    if url.password().is_some() {
        return Err(format!("a password is written out in this URL\n{}", hint(instead)));
    }
    refuse_parameters(url.query_pairs().map(|(name, _)| name), instead)
}

fn refuse_parameters<'a>(names: impl Iterator<Item = Cow<'a, str>>, instead: &str) -> Result<(), String> {
    let mut names = names;
    match names.find(|name| SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))) {
        Some(name) => {
            Err(format!("a secret is written out in this URL, as its parameter \"{name}\"\n{}", hint(instead)))
        }
        None => Ok(()),
    }
}

fn hint(instead: &str) -> String {
    format!("hint: take it out of the URL and use {instead}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn instance(text: &str) -> Result<InstanceUrl, String> {
        InstanceUrl::try_from(text.to_owned())
    }

    #[test]
    fn a_secret_in_a_url_is_refused_and_not_repeated() {
        for url in [
            "postgresql://backup:hunter2@db/orders",
            "postgresql://backup:hunter%32@db/orders",
            "postgresql://:hunter2@db/orders",
            "postgresql://db/orders?password=hunter2",
            "postgresql://db/orders?sslmode=require&PASSWORD=hunter2",
            "postgresql://db/orders?%70assword=hunter2",
            "postgresql://db/orders?sslpassword=hunter2",
            "postgresql://backup:hunter2@db:port/orders",
            "hunter2",
        ] {
            let message = instance(url).expect_err(url);
            assert!(!message.contains("hunter"), "{url}: {message}");
            assert!(message.contains("\nhint: "), "{url}: {message}");
        }
    }

    #[test]
    fn a_url_without_a_secret_is_kept() {
        let url = instance("postgresql://backup@db.internal:5432/orders?sslmode=verify-full").unwrap();
        assert_eq!(url.to_string(), "postgresql://backup@db.internal:5432/orders?sslmode=verify-full");
    }

    #[test]
    fn a_unix_socket_is_kept() {
        let text = "postgresql://backup@/orders?host=/run/postgresql";
        assert_eq!(instance(text).unwrap().to_string(), text);
    }

    #[test]
    fn relative_tls_files_start_at_the_folder() {
        for (given, kept) in [
            ("p://h/d?sslrootcert=ca.pem&sslmode=require", "p://h/d?sslrootcert=%2Fetc%2Fca.pem&sslmode=require"),
            ("p://h/d?sslrootcert=/x/ca.pem", "p://h/d?sslrootcert=/x/ca.pem"),
            ("p://h/d?sslrootcert=system", "p://h/d?sslrootcert=system"),
            ("p://h/d?application_name=ca.pem", "p://h/d?application_name=ca.pem"),
        ] {
            let mut url = instance(given).unwrap();
            url.start_at(Path::new("/etc"));
            assert_eq!(url.to_string(), kept);
        }
    }

    #[test]
    fn a_repository_is_a_url_or_a_path() {
        let at = |text: &str| {
            let mut url = RepositoryUrl::try_from(text.to_owned()).unwrap();
            url.start_at(Path::new("/srv"));
            url.to_string()
        };
        assert_eq!(at("file:///var/x"), "file:///var/x");
        assert_eq!(at("s3://bucket/x"), "s3://bucket/x");
        assert_eq!(at("backups"), "/srv/backups");
        assert_eq!(at("/var/x"), "/var/x");
        assert!(RepositoryUrl::try_from(String::new()).is_err());
        assert!(RepositoryUrl::try_from("s3://key:hunter2@bucket".to_owned()).is_err_and(|e| !e.contains("hunter2")));
    }
}
