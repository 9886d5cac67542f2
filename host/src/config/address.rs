//! URLs of repositories and instances. Neither may hold a password.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use url::Url;

/// Query parameters that clients take a secret from: libpq's and those of other drivers.
const SECRET_PARAMETERS: [&str; 7] =
    ["password", "pwd", "passwd", "sslpassword", "oauth_client_secret", "tlscertificatekeyfilepassword", "access_key"];

/// Query parameters of libpq that name a file.
const FILE_PARAMETERS: [&str; 4] = ["sslrootcert", "sslcert", "sslkey", "sslcrl"];

/// Where an instance is and how to reach it. It never holds a password: one in the URL is refused.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct InstanceUrl(Url);

impl InstanceUrl {
    /// The parsed URL.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Reads the relative paths of TLS files as relative to `folder`. ("system" is libpq's word for the system's
    /// certificates, not a path.)
    pub(super) fn start_at(&mut self, folder: &Path) {
        let is_relative = |key: &str, value: &str| {
            FILE_PARAMETERS.contains(&key) && !value.is_empty() && value != "system" && Path::new(value).is_relative()
        };
        if !self.0.query_pairs().any(|(k, v)| is_relative(&k, &v)) {
            return;
        }
        let pairs: Vec<(String, String)> = self
            .0
            .query_pairs()
            .map(|(key, value)| {
                let value = if is_relative(&key, &value) {
                    folder.join(&*value).to_string_lossy().into_owned()
                } else {
                    value.into_owned()
                };
                (key.into_owned(), value)
            })
            .collect();
        self.0.query_pairs_mut().clear().extend_pairs(pairs);
    }
}

impl TryFrom<String> for InstanceUrl {
    type Error = String;

    /// The text isn't repeated in the error: what can't be parsed can't be searched for a password either.
    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).map_err(|e| {
            format!("this isn't a URL ({e})\nhint: it looks like \"postgresql://user@host:5432/database\"")
        })?;
        refuse_secrets(&url, "password = { file = \"/run/secrets/name\" }")?;
        Ok(Self(url))
    }
}

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
    let hint = format!("hint: take it out of the URL and use {instead}");
    if url.password().is_some() {
        return Err(format!("a password is written out in this URL\n{hint}"));
    }
    let secret = |key: &str| SECRET_PARAMETERS.iter().any(|s| key.eq_ignore_ascii_case(s));
    match url.query_pairs().find(|(key, _)| secret(key)) {
        Some((key, _)) => Err(format!("a secret is written out in this URL, as its parameter \"{key}\"\n{hint}")),
        None => Ok(()),
    }
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
