//! The operator's file, `cofferdam.toml`: repositories, instances and limits. Which plugins may
//! run stands in a file of its own beside it ([`crate::install`]).
//!
//! It is strict: an unknown key, a wrong type or a secret that is written out is an error that names the place.
//! Reading it touches nothing that it names: no secret is fetched and no server is spoken to.
//!
//! ```toml
//! [repositories.main]
//! url = "file:///var/backups/cofferdam"
//! writer-key = { file = "main.writer" }      # relative to this file
//!
//! [instances.orders]
//! engine = "postgresql"
//! url = "postgresql://backup@db.internal:5432/orders?sslmode=verify-full"
//! password = { file = "/run/secrets/orders" }
//! ```

mod address;
mod discover;
mod instance;
mod limits;
mod name;
mod pin;
mod place;
mod quantity;
mod repository;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use address::{InstanceUrl, RepositoryUrl};
pub use discover::{FILE_NAME, Places};
pub use instance::Instance;
pub use limits::Limits;
pub use name::Name;
pub use pin::add_pin;
pub use quantity::{Period, Size};
pub use repository::Repository;

use crate::error::{Error, Result};

/// Everything that the operator configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The file that it was read from; none if there is no file.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    /// The repository that is meant where none is named. If there is just one, it is that one anyway.
    pub default_repository: Option<Name>,
    /// Where backups are kept.
    pub repositories: BTreeMap<Name, Repository>,
    /// The database servers.
    pub instances: BTreeMap<Name, Instance>,
    /// What a plugin's sandbox may use up.
    pub limits: Limits,
}

impl Config {
    /// Reads the named file, or else the one that [`Places::find`] finds. Without any the configuration is empty: a
    /// repository given as a URL needs no file.
    ///
    /// # Errors
    /// "not-found" or "permission-denied" for a file that can't be read; "invalid-options" for one that can't be used.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => match Places::of_this_process()?.find()? {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
        Self::parse(&text, &path)
    }

    /// Reads a configuration from a text. Relative paths in it start at the folder of `path`, which isn't touched.
    ///
    /// # Errors
    /// "invalid-options", naming line, column and key, and never repeating a value that might be a secret.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let mut config: Self = toml::from_str(text).map_err(|e| place::explain(&e, text, path))?;
        if let Some(name) = config.default_repository.as_ref().filter(|n| !config.repositories.contains_key(*n)) {
            return Err(Error::invalid_options(format!(
                "default-repository in {} names \"{name}\", which it doesn't have",
                path.display()
            ))
            .with_hint(known("repositories", &config.repositories)));
        }
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        config.repositories.values_mut().for_each(|r| r.start_at(folder));
        config.instances.values_mut().for_each(|i| i.start_at(folder));
        config.path = Some(path.to_owned());
        Ok(config)
    }

    /// The named repository, or the default one.
    ///
    /// # Errors
    /// "not-found" if there is none of this name; "invalid-options" if it has to be named and isn't.
    pub fn repository(&self, name: Option<&str>) -> Result<(&Name, &Repository)> {
        if let Some(name) = name.or(self.default_repository.as_ref().map(Name::as_str)) {
            return self.look_up("repository", "repositories", &self.repositories, name);
        }
        let mut all = self.repositories.iter();
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Error::not_found(format!("no repository is configured{}", self.where_from()))
                .with_hint("add one as [repositories.NAME] with its url, or name one with --repository URL")),
            (Some(_), Some(_)) => Err(Error::invalid_options("there are several repositories and none was named")
                .with_hint(format!(
                    "name one with --repository, or set default-repository; {}",
                    known("repositories", &self.repositories)
                ))),
        }
    }

    /// The named instance.
    ///
    /// # Errors
    /// "not-found", telling the names that there are.
    pub fn instance(&self, name: &str) -> Result<(&Name, &Instance)> {
        self.look_up("instance", "instances", &self.instances, name)
    }

    fn look_up<'a, T>(
        &self,
        what: &str,
        section: &str,
        all: &'a BTreeMap<Name, T>,
        name: &str,
    ) -> Result<(&'a Name, &'a T)> {
        all.get_key_value(name).ok_or_else(|| {
            Error::not_found(format!("no {what} is called \"{name}\"{}", self.where_from()))
                .with_hint(if all.is_empty() { format!("add one as [{section}.NAME]") } else { known(section, all) })
        })
    }

    fn where_from(&self) -> String {
        match &self.path {
            Some(path) => format!(" in {}", path.display()),
            None => format!(": no {FILE_NAME} was found"),
        }
    }
}

fn known<T>(section: &str, all: &BTreeMap<Name, T>) -> String {
    let names: Vec<_> = all.keys().map(Name::as_str).collect();
    if names.is_empty() { format!("there are no {section}") } else { format!("{section}: {}", names.join(", ")) }
}

fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    let message = format!("can't read the configuration {}", path.display());
    match cause.kind() {
        std::io::ErrorKind::NotFound => Error::not_found(message),
        std::io::ErrorKind::PermissionDenied => Error::permission_denied(message),
        _ => Error::invalid_options(message),
    }
    .with_cause(cause)
}

#[cfg(test)]
mod tests;
