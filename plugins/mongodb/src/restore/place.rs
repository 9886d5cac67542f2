//! Where a restore goes: into which databases, and under which names until it is done.

use super::access::SETTING;
use super::rename::Renames;
use crate::access::Access;
use crate::namespace::{aside, working};
use crate::oplog;
use cofferdam_sdk::engine::{RestoreOptions, Unit};
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
    /// Whether users and roles come.
    pub users: bool,
    /// Collections that get other names.
    pub renames: Renames,
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
        let users = match options::get(&options.extra, SETTING) {
            None => false,
            Some("restore") => true,
            Some(other) => {
                return Err(Error::invalid_options(format!("{SETTING} is \"restore\", and not \"{other}\"")));
            }
        };
        Ok(Self {
            operation_id: options.operation_id.clone(),
            if_exists,
            users,
            renames: Renames::new(&options.extra)?,
            renamed: options.database.clone(),
        })
    }

    /// The databases that are restored into, for those that these units of the backup are of.
    pub fn databases(&self, units: &[Unit]) -> Result<Vec<String>> {
        // Neither users nor what changed are of one collection.
        let units = units.iter().filter(|unit| Access::of_unit(&unit.name).is_none() && unit.name != oplog::UNIT);
        let mut databases = units.map(|unit| Ok(of(unit)?.0)).collect::<Result<Vec<&str>>>()?;
        databases.sort_unstable();
        databases.dedup();
        if self.renamed.is_some() && databases.len() > 1 {
            return Err(Error::invalid_options(format!(
                "the backup holds the databases {}, which can't all get one name",
                databases.join(", ")
            ))
            .with_hint("leave out --database; or choose one of them with --only 'NAME.*'"));
        }
        Ok(databases.into_iter().map(|name| self.database(name).to_owned()).collect())
    }

    /// The database that is restored into, for one of the backup.
    pub fn database<'a>(&'a self, database: &'a str) -> &'a str {
        self.renamed.as_deref().unwrap_or(database)
    }

    /// The database that a user or role of one is made in. What is made in the server's own concerns all of them.
    pub fn database_of_user<'a>(&'a self, database: &'a str) -> &'a str {
        if matches!(database, "admin" | "$external") { database } else { self.database(database) }
    }

    /// The name that a collection of the backup has until it is done.
    pub fn working(&self, database: &str, collection: &str) -> String {
        working(&self.operation_id, self.database(database), collection)
    }

    /// The units of what gets into this collection of the target.
    pub fn goes_into<'a>(&self, units: &'a [Unit], database: &str, collection: &str) -> Vec<&'a Unit> {
        let goes = |(from, name)| self.database(from) == database && self.renames.of(from, name) == collection;
        units.iter().filter(|unit| of(unit).is_ok_and(goes)).collect()
    }

    /// The name that a collection gets which has to make room.
    pub fn aside(&self, database: &str, collection: &str) -> String {
        aside(&self.operation_id, database, collection)
    }
}

/// The database and the collection of the backup that a unit is of.
pub fn of(unit: &Unit) -> Result<(&str, &str)> {
    let noted = |name: &str| {
        options::get(&unit.extra, name)
            .ok_or_else(|| Error::corrupt(format!("the unit {} doesn't say of which {name} it is", unit.name)))
    };
    Ok((noted("database")?, noted("collection")?))
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

    fn units(databases: &[&str]) -> Vec<Unit> {
        let unit = |database: &&str| Unit {
            name: String::new(),
            format: String::new(),
            framing: String::new(),
            objects: Vec::new(),
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: true,
            external: false,
            extra: options::from_pairs([("database", *database), ("collection", "x")]),
        };
        databases.iter().map(unit).collect()
    }

    #[test]
    fn one_database_may_get_another_name_and_several_keep_theirs() {
        let renamed = Place::new(&options(Some("b"), "fail")).unwrap();
        assert_eq!(renamed.databases(&units(&["a", "a"])).unwrap(), ["b"]);
        assert!(renamed.databases(&units(&["a", "c"])).is_err());
        assert_eq!(Place::new(&options(None, "fail")).unwrap().databases(&units(&["c", "a"])).unwrap(), ["a", "c"]);
        assert_eq!(renamed.working("a", "x"), "cofferdam_01.x");
        let units = units(&["a"]);
        assert_eq!((renamed.goes_into(&units, "b", "x").len(), renamed.goes_into(&units, "a", "x").len()), (1, 0));
        assert!(Place::new(&options(None, "merge")).is_err());
    }
}
