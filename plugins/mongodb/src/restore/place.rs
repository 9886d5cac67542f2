//! Where a restore goes: into which databases, and under which names until it is done.

use super::access::SETTING;
use super::rename::Renames;
use crate::access::Access;
use crate::backup::COLLECTIONS;
use crate::copies;
use crate::namespace::{Scope, aside, working};
use crate::oplog;
use cofferdam_sdk::engine::{RestoreOptions, Unit};
use cofferdam_sdk::{Error, Result, options};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

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

/// The setting by which the operator asks that collections keep their UUIDs.
pub const UUIDS: &str = "uuids";

/// Where a restore goes.
#[derive(Clone, Debug)]
pub struct Place {
    /// Stands in the names of everything that isn't done yet.
    pub operation_id: String,
    /// What is done with a database that holds something.
    pub if_exists: IfExists,
    /// Whether users and roles come.
    pub users: bool,
    /// Whether collections keep the UUIDs that they had.
    pub uuids: bool,
    /// Collections that get other names.
    pub renames: Renames,
    renamed: Option<String>,
    /// Whether it is made to be looked at, and taken away after.
    looked_at: bool,
    /// Whether it is of all databases and that name stands for a copy of each.
    copies: Cell<bool>,
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
        let asked = |setting: &str, to: &str| match options::get(&options.extra, setting) {
            None => Ok(false),
            Some(asked) if asked == to => Ok(true),
            Some(other) => Err(Error::invalid_options(format!("{setting} is \"{to}\", and not \"{other}\""))),
        };
        let users = asked(SETTING, "restore")?;
        let uuids = asked(UUIDS, "keep")?;
        let looked_at = options.database.as_ref().is_some_and(|name| copies::is_made_by(&options.operation_id, name));
        Ok(Self {
            operation_id: options.operation_id.clone(),
            if_exists,
            // They would stay when it is taken away.
            users: users && !looked_at,
            // What it is a copy of may be there.
            uuids: uuids && !looked_at,
            renames: Renames::new(&options.extra)?,
            renamed: options.database.clone(),
            looked_at,
            copies: Cell::new(false),
        })
    }

    /// Sees what is restored: of a backup of all databases that is to be looked at, each gets a name of its own.
    pub fn see(&self, units: &[Unit]) {
        let of_server = |unit: &Unit| {
            let called = unit.objects.first().map(String::as_str).unwrap_or_default();
            of(unit).is_ok_and(|(_, collection)| Scope::is_of_server(called, collection))
        };
        let mut makes = units.iter().filter(|unit| unit.name.starts_with(COLLECTIONS));
        self.copies.set(self.looked_at && makes.any(of_server));
    }

    /// Whether each database gets a name of its own, made to be looked at.
    pub fn makes_copies(&self) -> bool {
        self.copies.get()
    }

    /// Lets each database have a name of its own, as the session that leads has seen.
    pub fn make_copies(&self) {
        self.copies.set(true);
    }

    /// The copies, each with what it is a copy of, and the name that stands for all of them.
    ///
    /// # Errors
    /// "conflict" if two would have one name.
    pub fn copies(&self, units: &[Unit]) -> Result<Option<(&str, BTreeMap<String, String>)>> {
        let (Some(name), true) = (&self.renamed, self.copies.get()) else { return Ok(None) };
        let of = databases_of(units)?;
        let names: BTreeMap<String, String> =
            of.iter().map(|of| (self.database(of).into_owned(), (*of).to_owned())).collect();
        if names.len() < of.len() {
            return Err(Error::conflict("copies of two databases would have one name"));
        }
        Ok(Some((name, names)))
    }

    /// The databases that are restored into, for those that these units of the backup are of.
    pub fn databases(&self, units: &[Unit]) -> Result<Vec<String>> {
        let databases = databases_of(units)?;
        if self.renamed.is_some() && !self.copies.get() && databases.len() > 1 {
            return Err(Error::invalid_options(format!(
                "the backup holds the databases {}, which can't all get one name",
                databases.join(", ")
            ))
            .with_hint("leave out --database; or choose one of them with --only 'NAME.*'"));
        }
        Ok(databases.into_iter().map(|name| self.database(name).into_owned()).collect())
    }

    /// The database that is restored into, for one of the backup.
    pub fn database<'a>(&'a self, database: &'a str) -> Cow<'a, str> {
        if self.copies.get() {
            return Cow::Owned(copies::name(&self.operation_id, database));
        }
        Cow::Borrowed(self.renamed.as_deref().unwrap_or(database))
    }

    /// The database that a user or role of one is made in. What is made in the server's own concerns all of them.
    pub fn database_of_user<'a>(&'a self, database: &'a str) -> Cow<'a, str> {
        if matches!(database, "admin" | "$external") { Cow::Borrowed(database) } else { self.database(database) }
    }

    /// The name that a collection of the backup has until it is done.
    pub fn working(&self, database: &str, collection: &str) -> String {
        working(&self.operation_id, &self.database(database), collection)
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

/// The databases of the backup that these units are of.
fn databases_of(units: &[Unit]) -> Result<Vec<&str>> {
    // Neither users nor what changed are of one collection.
    let units = units.iter().filter(|unit| Access::of_unit(&unit.name).is_none() && unit.name != oplog::UNIT);
    let mut databases = units.map(|unit| Ok(of(unit)?.0)).collect::<Result<Vec<&str>>>()?;
    databases.sort_unstable();
    databases.dedup();
    Ok(databases)
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
            keep_going: false,
            extra: Vec::new(),
        }
    }

    fn units(databases: &[&str]) -> Vec<Unit> {
        let unit = |database: &&str| Unit {
            name: format!("{COLLECTIONS}{database}.x"),
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

    #[test]
    fn of_all_databases_each_is_copied_under_a_name_of_its_own_to_be_looked_at() {
        let mut units = units(&["a", "b"]);
        let mut asked = options(Some("verify__cofferdam_01"), "fail");
        asked.extra = options::from_pairs([(SETTING, "restore")]);
        let place = Place::new(&asked).unwrap();
        units.iter_mut().for_each(|unit| unit.objects = vec!["x".to_owned()]);
        place.see(&units[..1]);
        assert_eq!(place.databases(&units[..1]).unwrap(), ["verify__cofferdam_01"]);
        assert!(place.copies(&units).unwrap().is_none() && !place.users);

        units[0].objects = vec!["a.x".to_owned()];
        place.see(&units);
        assert_eq!(place.databases(&units).unwrap(), ["a-cofferdam_01", "b-cofferdam_01"]);
        let (name, copies) = place.copies(&units).unwrap().unwrap();
        assert_eq!((name, copies["b-cofferdam_01"].as_str()), ("verify__cofferdam_01", "b"));

        let other = Place::new(&options(Some("verify__cofferdam_02"), "fail")).unwrap();
        other.see(&units);
        assert!(other.databases(&units).is_err());
    }
}
