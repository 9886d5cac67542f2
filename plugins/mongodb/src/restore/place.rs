//! Where a restore goes: into which databases, and under which names until it is done.

use crate::namespace::working;
use cofferdam_sdk::engine::{RestoreOptions, Source};
use cofferdam_sdk::{Error, Result, options};

/// What is done with a database that holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// The restore fails.
    Fail,
    /// Its collections are put aside.
    Replace,
    /// It keeps what it has and gets what it hasn't.
    Append,
}

/// Where a restore goes.
#[derive(Clone, Debug)]
pub struct Place {
    /// Stands in the names of everything that isn't done yet.
    pub operation_id: String,
    /// What is done with a database that holds something.
    pub if_exists: IfExists,
    renamed: Option<String>,
}

impl Place {
    /// Where the operator wants it.
    pub fn new(options: &RestoreOptions) -> Result<Self> {
        let if_exists = match options.if_exists.as_str() {
            "fail" => IfExists::Fail,
            "replace" => IfExists::Replace,
            "append" => IfExists::Append,
            other => return Err(Error::invalid_options(format!("\"{other}\" is nothing to do with what is there"))),
        };
        Ok(Self { operation_id: options.operation_id.clone(), if_exists, renamed: options.database.clone() })
    }

    /// The databases that are restored into, for those of the backup.
    pub fn databases(&self, source: &Source) -> Result<Vec<String>> {
        let databases = options::get(&source.extra, "databases")
            .ok_or_else(|| Error::corrupt("the backup doesn't say which databases it holds"))?;
        let databases: Vec<&str> = databases.split(' ').collect();
        if self.renamed.is_some() && databases.len() > 1 {
            return Err(Error::invalid_options(format!(
                "the backup holds the databases {}, which can't all get one name",
                databases.join(", ")
            ))
            .with_hint("leave out --database; or choose one of them with --only 'NAME.*' when backing up"));
        }
        Ok(databases.into_iter().map(|name| self.database(name).to_owned()).collect())
    }

    /// The database that is restored into, for one of the backup.
    pub fn database<'a>(&'a self, database: &'a str) -> &'a str {
        self.renamed.as_deref().unwrap_or(database)
    }

    /// The name that a collection of the backup has until it is done.
    pub fn working(&self, database: &str, collection: &str) -> String {
        working(&self.operation_id, self.database(database), collection)
    }

    /// The name that a collection gets which has to make room.
    pub fn aside(&self, collection: &str) -> String {
        format!("replaced_{}.{collection}", self.operation_id)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn options(database: Option<&str>, if_exists: &str) -> RestoreOptions {
        RestoreOptions {
            operation_id: "01".to_owned(),
            database: database.map(str::to_owned),
            if_exists: if_exists.to_owned(),
            only: Vec::new(),
            except: Vec::new(),
            neutral: false,
            extra: Vec::new(),
        }
    }

    fn source(databases: &str) -> Source {
        Source {
            engine: "mongodb".to_owned(),
            server_version: "7.0.0".to_owned(),
            units: Vec::new(),
            extra: options::from_pairs([("databases", databases)]),
        }
    }

    #[test]
    fn one_database_may_get_another_name_and_several_keep_theirs() {
        let renamed = Place::new(&options(Some("b"), "fail")).unwrap();
        assert_eq!(renamed.databases(&source("a")).unwrap(), ["b"]);
        assert!(renamed.databases(&source("a c")).is_err());
        assert_eq!(Place::new(&options(None, "fail")).unwrap().databases(&source("a c")).unwrap(), ["a", "c"]);
        assert_eq!(renamed.working("a", "x"), "cofferdam_01.x");
        assert!(Place::new(&options(None, "merge")).is_err());
    }
}
