//! Collections that are restored under other names.

use crate::bson::{self, Builder};
use crate::catalog::{Collection, Kind};
use crate::namespace::{BUCKETS, is_encryption_state, object};
use cofferdam_sdk::{Error, Options, Result};
use std::collections::BTreeSet;

/// The setting by which the operator names one: `OLD=NEW`.
pub const SETTING: &str = "rename";

/// What is called otherwise.
#[derive(Clone, Debug, Default)]
pub struct Renames(Vec<(String, String)>);

impl Renames {
    /// Those of an operation's settings.
    pub fn new(settings: &Options) -> Result<Self> {
        let given = settings.iter().filter(|(name, _)| name == SETTING);
        let parsed = given.map(|(_, value)| match value.split_once('=') {
            Some((old, new)) if !old.is_empty() && is_name(new) => Ok((old.to_owned(), new.to_owned())),
            _ => Err(Error::invalid_options(format!(
                "{SETTING} is OLD=NEW, with names of collections, and not \"{value}\""
            ))),
        });
        parsed.collect::<Result<_>>().map(Self)
    }

    /// What a collection of the backup is called; a time series' buckets are called as it is.
    pub fn of(&self, database: &str, name: &str) -> String {
        let (prefix, plain) = name.strip_prefix(BUCKETS).map_or(("", name), |plain| (BUCKETS, plain));
        let new = self.0.iter().find(|(old, _)| old == plain || *old == object(database, plain));
        format!("{prefix}{}", new.map_or(plain, |(_, new)| new.as_str()))
    }

    /// A collection or a view as it will be; one that is on another by that one's new name.
    pub fn apply(&self, mut collection: Collection) -> Result<Collection> {
        let on = bson::get(&collection.options, "viewOn").and_then(|on| on.text()).map(str::to_owned);
        if let Some(on) = on.filter(|_| collection.kind == Kind::View) {
            let on = Builder::new().text("viewOn", &self.of(&collection.database, &on));
            collection.options = on.all_but(&collection.options, &["viewOn"])?.finish();
        }
        let name = self.of(&collection.database, &collection.name);
        if name != collection.name && (collection.is_encrypted() || is_encryption_state(&collection.name)) {
            let what = format!("{} is encrypted, and is found by its name: it can't get another", collection.object());
            return Err(Error::invalid_options(what).with_hint("restore it into another database instead"));
        }
        collection.name = name;
        Ok(collection)
    }

    /// Refuses what would put two collections into one, and names that nothing has.
    ///
    /// # Errors
    /// "invalid-options", naming them. `collections` are those of the backup that are wanted.
    pub fn check(&self, collections: &BTreeSet<(&str, &str)>) -> Result<()> {
        let mut taken = BTreeSet::new();
        for (database, name) in collections {
            if !taken.insert((database, self.of(database, name))) {
                let new = self.of(database, name);
                return Err(Error::invalid_options(format!("two collections of {database} would be called {new}")));
            }
        }
        let names =
            |old: &String| collections.iter().any(|(database, name)| old == name || *old == object(database, name));
        match self.0.iter().find(|(old, _)| !names(old)) {
            Some((old, _)) => Err(Error::not_found(format!("there is no collection {old} to be renamed"))),
            None => Ok(()),
        }
    }
}

/// Whether a collection may be called so (MongoDB manual, "Naming Restrictions").
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with("system.") && !name.starts_with('.') && !name.contains(['$', '\0'])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn renames(given: &[&str]) -> Result<Renames> {
        Renames::new(&given.iter().map(|value| (SETTING.to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_collection_is_called_otherwise_and_so_are_its_buckets_and_what_a_view_is_on() {
        let renames = renames(&["a=b", "d.m=n"]).unwrap();
        assert_eq!((renames.of("d", "a"), renames.of("d", "b")), ("b".to_owned(), "b".to_owned()));
        assert_eq!(renames.of("d", "system.buckets.m"), "system.buckets.n");
        assert_eq!(renames.of("x", "m"), "m");
        let view = Collection {
            database: "d".to_owned(),
            name: "v".to_owned(),
            kind: Kind::View,
            options: Builder::new().text("viewOn", "a").finish(),
            uuid: None,
            indexes: Vec::new(),
        };
        assert_eq!(renames.apply(view).unwrap().options, Builder::new().text("viewOn", "b").finish());
    }

    #[test]
    fn what_is_encrypted_keeps_its_name() {
        let encrypted = |name: &str| Collection {
            database: "d".to_owned(),
            name: name.to_owned(),
            kind: Kind::Plain,
            options: Builder::new().document("encryptedFields", &Builder::new().finish()).finish(),
            uuid: None,
            indexes: Vec::new(),
        };
        let state = Collection { options: Builder::new().finish(), ..encrypted("enxcol_.a.esc") };
        let renames = renames(&["a=b", "enxcol_.a.esc=c"]).unwrap();
        assert_eq!(renames.apply(encrypted("a")).unwrap_err().code, "invalid-options");
        assert_eq!(renames.apply(state).unwrap_err().code, "invalid-options");
        assert_eq!(renames.apply(encrypted("x")).unwrap().name, "x");
    }

    #[test]
    fn two_collections_never_become_one() {
        let there = BTreeSet::from([("d", "a"), ("d", "b")]);
        assert_eq!(renames(&["a=b"]).unwrap().check(&there).unwrap_err().code, "invalid-options");
        assert!(renames(&["a=b", "b=a"]).unwrap().check(&there).is_ok());
        assert_eq!(renames(&["x=y"]).unwrap().check(&there).unwrap_err().code, "not-found");
        for wrong in ["a", "=b", "a=", "a=system.js", "a=x$y"] {
            assert!(renames(&[wrong]).is_err(), "{wrong}");
        }
    }
}
