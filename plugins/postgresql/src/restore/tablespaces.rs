//! Tablespaces: those of the source that the target has too, or others in their place.

use super::check::finding;
use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::engine::Finding;
use cofferdam_sdk::{Error, Options, Result};
use std::collections::{HashMap, HashSet};

/// The setting that names a tablespace to use in place of another: `--set tablespace=OLD=NEW`.
pub const SETTING: &str = "tablespace";

/// The tablespaces of the target, and which stands for which.
#[derive(Debug, Default)]
pub struct Tablespaces {
    /// Those that may be used.
    there: HashSet<String>,
    /// What the operator wants in place of one; nothing is the database's own.
    instead: HashMap<String, Option<String>>,
}

impl Tablespaces {
    /// Reads the target's, and what the operator chose.
    ///
    /// # Errors
    /// If a choice can't be read, or names a tablespace that the target doesn't have.
    pub async fn read(session: &Session, options: &Options) -> Result<Self> {
        // pg_global is for what all databases share.
        let there = session
            .connection
            .column(
                "SELECT spcname FROM pg_catalog.pg_tablespace
                 WHERE spcname <> 'pg_global' AND pg_catalog.has_tablespace_privilege(oid, 'CREATE')",
            )
            .await?;
        Self::new(there, options)
    }

    fn new(there: Vec<String>, options: &Options) -> Result<Self> {
        let mut tablespaces = Self { there: there.into_iter().collect(), instead: HashMap::new() };
        for (_, choice) in options.iter().filter(|(name, _)| name == SETTING) {
            let (old, new) = choice.split_once('=').ok_or_else(|| {
                Error::invalid_options(format!("{choice:?} doesn't say which tablespace stands for which"))
                    .with_hint("write OLD=NEW, or OLD= for the database's own")
            })?;
            let new = Some(new).filter(|new| !new.is_empty()).map(str::to_owned);
            if let Some(missing) = new.as_ref().filter(|new| !tablespaces.there.contains(*new)) {
                return Err(Error::invalid_options(format!(
                    "the target has no tablespace {}, or the role may not use it",
                    ident(missing)
                ))
                .with_hint("make it, or GRANT CREATE ON TABLESPACE to the role"));
            }
            tablespaces.instead.insert(old.to_owned(), new);
        }
        Ok(tablespaces)
    }

    /// The target's tablespace for one of the source's; none is the database's own.
    pub fn of(&self, source: &str) -> Option<&str> {
        match self.instead.get(source) {
            Some(chosen) => chosen.as_deref(),
            None => self.there.get(source).map(String::as_str),
        }
    }

    /// The statement that has the next table or index made there.
    pub fn choose(&self, source: Option<&str>) -> String {
        let name = source.and_then(|name| self.of(name)).unwrap_or_default();
        format!("SET LOCAL default_tablespace = {}", literal(name))
    }

    /// What becomes of one of the source's, if that isn't one of the same name.
    pub fn finding(&self, source: &str) -> Option<Finding> {
        let object = format!("TABLESPACE {}", ident(source));
        let (reason, remedy) = match (self.instead.contains_key(source), self.of(source)) {
            (true, Some(other)) => (format!("what was in it will be in {}", ident(other)), None),
            (true, None) => ("what was in it will be in the database's own".to_owned(), None),
            (false, Some(_)) => return None,
            (false, None) => (
                "the target has none that the role may use: what was in it will be in the database's own".to_owned(),
                Some(format!("--set {SETTING}={source}=OTHER puts it elsewhere")),
            ),
        };
        Some(finding("changed", object, reason, remedy))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn tablespaces(choices: &[&str]) -> Result<Tablespaces> {
        let options: Options = choices.iter().map(|choice| (SETTING.to_owned(), (*choice).to_owned())).collect();
        Tablespaces::new(vec!["fast".to_owned(), "big".to_owned()], &options)
    }

    #[test]
    fn one_of_the_same_name_is_used_without_a_word() {
        let tablespaces = tablespaces(&[]).unwrap();
        assert_eq!(tablespaces.choose(Some("fast")), "SET LOCAL default_tablespace = 'fast'");
        assert!(tablespaces.finding("fast").is_none());
    }

    #[test]
    fn one_that_is_not_there_is_told() {
        let tablespaces = tablespaces(&[]).unwrap();
        assert_eq!(tablespaces.choose(Some("gone")), "SET LOCAL default_tablespace = ''");
        assert!(tablespaces.finding("gone").unwrap().remedy.unwrap().contains("--set tablespace=gone=OTHER"));
    }

    #[test]
    fn the_operators_choice_goes_before_the_name() {
        let tablespaces = tablespaces(&["fast=big", "big="]).unwrap();
        assert_eq!(tablespaces.of("fast"), Some("big"));
        assert_eq!(tablespaces.of("big"), None);
        assert!(tablespaces.finding("fast").unwrap().what.ends_with("in \"big\""));
    }

    #[test]
    fn a_choice_that_is_not_there_is_refused() {
        assert_eq!(tablespaces(&["fast=none"]).unwrap_err().code, "invalid-options");
        assert_eq!(tablespaces(&["fast"]).unwrap_err().code, "invalid-options");
    }
}
