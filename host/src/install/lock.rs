//! The lock file, `cofferdam.lock`: which components may run, each by its digest, and what they are granted.
//!
//! ```toml
//! version = 1
//!
//! [plugins.postgresql]
//! version = "0.1.0"
//! digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
//! publisher = "CDP1-..."            # none: the component isn't signed
//! grants = ["postgres"]
//! ```

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::config::Name;
use crate::error::{Error, Result};
use crate::plugin::{Digest, Inspection, Publisher};

/// What the file is called; it lies beside cofferdam.toml.
pub const LOCK_NAME: &str = "cofferdam.lock";

/// The version of the format.
const VERSION: u32 = 1;

const HEADER: &str = "\
# Which plugins may run here, and what they are granted. `cofferdam plugin add` and `cofferdam plugin remove` write it;
# keep it with cofferdam.toml.
";

/// The lock file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The plugins, by the names of their engines.
    pub plugins: BTreeMap<Name, Entry>,
}

/// A plugin that may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its version.
    #[serde(with = "as_text")]
    pub version: Version,
    /// Of the component's file: no other bytes can load.
    pub digest: Digest,
    /// Who signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Publisher>,
    /// The services that it may use, of those that need a grant.
    pub grants: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    plugins: BTreeMap<Name, Entry>,
}

impl Lock {
    /// Reads the file's text.
    ///
    /// # Errors
    /// "invalid-options" if it isn't a lock file, "unsupported" if it is one of a later version.
    pub fn parse(text: &str) -> Result<Self> {
        let unreadable = |e: toml::de::Error| {
            Error::invalid_options("it is no lock file")
                .with_cause(e.to_string().trim_end().replace('\n', " "))
                .with_hint("get it back from version control, or move it away and add the plugins again")
        };
        let table: toml::Table = toml::from_str(text).map_err(unreadable)?;
        match table.get("version").and_then(toml::Value::as_integer) {
            Some(version) if version > i64::from(VERSION) => {
                return Err(Error::unsupported(format!("it is a lock file of version {version}"))
                    .with_hint("a later Cofferdam wrote it; use that one"));
            }
            _ => {}
        }
        let file: File = toml::from_str(text).map_err(unreadable)?;
        Ok(Self { plugins: file.plugins })
    }

    /// The file's text.
    ///
    /// # Errors
    /// "internal" if it can't be written as TOML.
    pub fn to_text(&self) -> Result<String> {
        let file = File { version: VERSION, plugins: self.plugins.clone() };
        let text = toml::to_string(&file)
            .map_err(|e| Error::internal("the lock file can't be written as TOML").with_cause(e))?;
        Ok(format!("{HEADER}{text}"))
    }

    /// The entry of a plugin.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.plugins.get(name)
    }

    /// The names of the plugins whose publisher this is.
    pub fn published_by(&self, publisher: Publisher) -> impl Iterator<Item = &Name> {
        self.plugins.iter().filter(move |(_, entry)| entry.publisher == Some(publisher)).map(|(name, _)| name)
    }
}

impl Entry {
    /// What is to be written down of a component.
    ///
    /// # Errors
    /// "plugin" if its version is none.
    pub fn of(inspection: &Inspection, grants: BTreeSet<String>) -> Result<Self> {
        Ok(Self {
            version: inspection.about.parsed_version()?,
            digest: inspection.sha256,
            publisher: inspection.publisher,
            grants,
        })
    }
}

/// `semver` with its own feature for this would be one more thing that every crate of the build is compiled with.
mod as_text {
    use semver::Version;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(version)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::plugin::PublisherKey;

    fn lock() -> Lock {
        let entry = Entry {
            version: Version::new(1, 2, 3),
            digest: Digest::of(b"component"),
            publisher: Some(PublisherKey::generate().unwrap().publisher()),
            grants: ["secrets".to_owned(), "tcp".to_owned()].into(),
        };
        let unsigned = Entry { publisher: None, grants: BTreeSet::new(), ..entry.clone() };
        let name = |name: &str| Name::try_from(name.to_owned()).unwrap();
        Lock { plugins: [(name("mysql"), entry), (name("faulty"), unsigned)].into() }
    }

    #[test]
    fn a_lock_reads_back_as_it_was_written() {
        let text = lock().to_text().unwrap();
        assert!(text.starts_with("# Which plugins may run here"));
        assert_eq!(Lock::parse(&text).unwrap(), lock_with(&text));
        assert_eq!(Lock::parse("version = 1\n").unwrap(), Lock::default());
    }

    /// Keys are random, so the publisher comes from the text.
    fn lock_with(text: &str) -> Lock {
        let mut lock = lock();
        let publisher = text.lines().find_map(|line| line.strip_prefix("publisher = ")).unwrap();
        lock.plugins.get_mut("mysql").unwrap().publisher = Some(publisher.trim_matches('"').parse().unwrap());
        lock
    }

    #[test]
    fn a_word_too_many_or_a_digest_that_is_none_makes_it_no_lock() {
        let text = lock().to_text().unwrap();
        for (old, new) in [
            ("grants = ", "allow = "),
            ("sha256:", "sha1:"),
            ("sha256:", "sha256:00"),
            ("1.2.3", "newest"),
            ("CDP1-", "CDP1-0000-"),
            ("version = 1\n", ""),
            ("[plugins.mysql]", "[plugins.\"../mysql\"]"),
        ] {
            let bad = text.replacen(old, new, 1);
            assert_ne!(bad, text, "{old}");
            assert_eq!(Lock::parse(&bad).unwrap_err().code(), "invalid-options", "{old} -> {new}");
        }
    }

    #[test]
    fn a_later_version_is_told_apart_from_nonsense() {
        let error = Lock::parse("version = 2\nwhatever = true\n").unwrap_err();
        assert_eq!(error.code(), "unsupported");
    }
}
