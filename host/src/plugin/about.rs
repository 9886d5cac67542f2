//! Who a plugin is: the custom section `cofferdam:plugin` of the component, read without running anything.

use std::borrow::Cow;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::section;
use crate::error::{Error, Result};
use crate::secrets::sanitize;

/// The custom section's name.
pub const SECTION: &str = "cofferdam:plugin";

/// Most characters of a text that is shown.
const LONGEST: usize = 500;

/// A plugin's description of itself, as JSON in the custom section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// The engine's name, as `engine` in the configuration: 1 to 64 of a-z, 0-9 and `-`, not beginning with `-`.
    pub name: String,
    /// The engine's name for people.
    pub title: String,
    /// The plugin's version (Semantic Versioning 2.0.0), so that an older one can be told from a newer one.
    pub version: String,
    /// The server versions that it was made for, for people.
    #[serde(default)]
    pub server_versions: String,
    /// The port that is meant when the URL names none.
    #[serde(default)]
    pub default_port: Option<u16>,
    /// Options that it knows beyond the contract's own.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// An option that a plugin knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Setting {
    /// Its name, as in `--set NAME=VALUE`.
    pub name: String,
    /// What it does.
    pub help: String,
}

impl About {
    /// Reads it from a component's bytes.
    ///
    /// # Errors
    /// If the bytes aren't a component, or have no such section or more than one, or it can't be read.
    pub fn of(component: &[u8]) -> Result<Self> {
        let sections = section::outermost(component, SECTION)?;
        let [section] = sections.as_slice() else {
            return Err(Error::plugin(format!(
                "the component has {} custom sections named `{SECTION}`, and a plugin has one",
                sections.len()
            ))
            .with_hint("make the component with `cofferdam plugin build`, which adds it from plugin.toml"));
        };
        let about: Self = serde_json::from_slice(section.data)
            .map_err(|e| Error::plugin(format!("the custom section `{SECTION}` can't be read")).with_cause(e))?;
        about.checked()
    }

    /// Itself, if what it says can be shown and used.
    ///
    /// # Errors
    /// If the name is none, or a text is too long, or holds what a terminal would act on or a reader couldn't see.
    pub fn checked(self) -> Result<Self> {
        if !is_name(&self.name) {
            return Err(Error::plugin(format!("{:?} is no name for a plugin", self.name))
                .with_hint("a name has 1 to 64 lower-case letters, digits and hyphens, and no hyphen first"));
        }
        let mut shown = vec![&self.title, &self.version, &self.server_versions];
        shown.extend(self.settings.iter().flat_map(|setting| [&setting.name, &setting.help]));
        if shown.iter().any(|text| text.chars().count() > LONGEST || matches!(sanitize(text), Cow::Owned(_))) {
            return Err(Error::plugin(format!("the plugin {} describes itself in unprintable text", self.name))
                .with_hint(format!("each text has up to {LONGEST} characters, without control characters")));
        }
        Ok(self)
    }

    /// Its version, to be compared with another one.
    ///
    /// # Errors
    /// If it is none.
    pub fn parsed_version(&self) -> Result<Version> {
        Version::parse(&self.version).map_err(|e| {
            Error::plugin(format!(
                "the plugin {} says that its version is {:?}, which is none",
                self.name, self.version
            ))
            .with_cause(e)
            .with_hint("a version is written as in \"1.2.3\" (semver.org)")
        })
    }
}

/// Whether an engine may be called so.
pub(super) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn about(name: &str, title: &str) -> About {
        About {
            name: name.to_owned(),
            title: title.to_owned(),
            version: "1.0.0".to_owned(),
            server_versions: String::new(),
            default_port: None,
            settings: Vec::new(),
        }
    }

    #[test]
    fn a_name_that_could_be_a_path_is_refused() {
        assert!(about("../etc", "x").checked().is_err());
        assert!(about("--yes", "x").checked().is_err());
        assert!(about("postgresql", "x").checked().is_ok());
    }

    #[test]
    fn a_title_that_moves_the_cursor_is_refused() {
        assert!(about("x", "\u{1b}[2J").checked().is_err());
        assert!(about("x", "txt.\u{202e}exe").checked().is_err());
        let help = "\u{9b}2J".to_owned();
        let settings = vec![Setting { name: "x".to_owned(), help }];
        assert!(About { settings, ..about("x", "x") }.checked().is_err());
    }

    #[test]
    fn a_version_that_cannot_be_compared_is_none() {
        for version in ["1", "1.0", "latest", "", "1.0.0\n"] {
            assert!(About { version: version.to_owned(), ..about("x", "x") }.parsed_version().is_err(), "{version:?}");
        }
        assert!(about("x", "x").parsed_version().is_ok());
    }

    #[test]
    fn bytes_that_are_no_component_are_refused() {
        assert!(About::of(b"PK\x03\x04").is_err());
        assert!(About::of(b"").is_err());
    }
}
