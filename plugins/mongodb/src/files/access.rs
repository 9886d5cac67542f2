//! Users and roles as `mongodump` writes them: those of all databases into `admin/system.users.bson`, those of one that was
//! dumped with `--dumpDbUsersAndRoles` into `DATABASE/$admin.system.users.bson`, and beside them which version they are kept
//! in (mongo-tools, `mongodump/prepare.go`, `CreateUsersRolesVersionIntentsForDB`).

use super::name;
use crate::access::{Access, ROLES, USERS};
use crate::backup::COLLECTIONS;
use crate::bson::{Builder, Document};
use crate::definition::FORMAT;
use crate::documents::Documents;
use crate::namespace::Scope;
use crate::note::note;
use cofferdam_sdk::engine::{Complete, Data, File, FilesOptions, Made, Note, Part, Source, Summary, Unit};
use cofferdam_sdk::{Error, Reading, Result, options};
use std::collections::BTreeMap;

/// The setting by which the operator asks for them in the files.
const SETTING: &str = "users";

/// The collection that says in which version they are kept.
const VERSION: &str = "system.version";

/// What names of those of one database begin with.
const OF_ONE: &str = "$admin.";

/// What a unit notes by which it is said whether names are those of one database.
const SCOPE: &str = "scope";

/// Whether the operator asks for them in the files.
///
/// # Errors
/// "invalid-options" if it is asked for anything else, or for some collections alone.
pub fn are_wanted(options: &FilesOptions, everything: bool) -> Result<bool> {
    match options::get(&options.extra, SETTING) {
        None => Ok(false),
        Some("export") if everything => Ok(true),
        Some("export") => {
            Err(Error::invalid_options("users and roles belong to no collection: they go with all of them")
                .with_hint(format!("leave out --only and --except, or --set {SETTING}=export")))
        }
        Some(other) => Err(Error::invalid_options(format!("{SETTING} is \"export\", and not \"{other}\""))),
    }
}

/// The files of them, and what is to be known of those.
///
/// # Errors
/// "corrupt" if the backup doesn't say what it is of.
pub fn lay_out(source: &Source) -> Result<(Vec<File>, Note)> {
    let units = source.units.iter().filter_map(|unit| Some((Access::of_unit(&unit.name)?, unit)));
    let found: Vec<_> = units.collect();
    if found.is_empty() {
        return Ok((Vec::new(), note("warning", SETTING, "the backup holds no users and no roles")));
    }
    let folder = folder(source)?;
    let mut files: Vec<File> = found
        .into_iter()
        .map(|(access, unit)| File {
            path: format!("{folder}{}.bson", access.collection),
            parts: vec![Part::Unit(unit.name.clone())],
        })
        .collect();
    files.push(File { path: format!("{folder}{VERSION}.bson"), parts: vec![Part::Bytes(version())] });
    let reason =
        "they are in the files: what is kept of a password is enough to try passwords on, and nothing encrypts it";
    Ok((files, note("warning", SETTING, reason)))
}

/// What their files' names begin with.
fn folder(source: &Source) -> Result<String> {
    let made = source.units.iter().find(|unit| unit.name.starts_with(COLLECTIONS));
    let place = made.and_then(|unit| {
        let noted = |name: &str| options::get(&unit.extra, name);
        Some((noted("database")?, noted("collection")?, unit.objects.first()?))
    });
    let (database, collection, called) =
        place.ok_or_else(|| Error::corrupt("the backup doesn't say of which databases it is"))?;
    Ok(if Scope::is_of_server(called, collection) {
        "admin/".to_owned()
    } else {
        format!("{}/{OF_ONE}", name::escaped(database))
    })
}

/// The version since MongoDB 3.0, which knows SCRAM (mongo-tools, `mongorestore/metadata.go`, `GetDumpAuthVersion`). Servers
/// from 8.1 on don't keep it, since it never changed again.
fn version() -> Document {
    Builder::new().text("_id", "authSchema").int("currentVersion", 5).finish()
}

/// Whether a file, by its database and collection, is one of users or roles.
pub fn of_file(database: &str, collection: &str) -> Option<Access> {
    let name = match collection.strip_prefix(OF_ONE) {
        Some(name) => name,
        None if database == "admin" => collection,
        None => return None,
    };
    [USERS, ROLES].into_iter().find(|access| access.collection == name)
}

/// The units of these files.
pub fn recognise(files: &[(&str, Access)]) -> Vec<Made> {
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, access) in files {
        of.entry(access.folder).or_default().push(path);
    }
    // Of several databases there may be two of one name.
    let one = of.values().all(|paths| matches!(paths.as_slice(), [path] if path.contains(OF_ONE)));
    let made = |(folder, paths): (&str, Vec<&str>)| Made {
        unit: Unit {
            name: folder.to_owned(),
            format: FORMAT.to_owned(),
            framing: "definitions".to_owned(),
            objects: Vec::new(),
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: false,
            external: false,
            extra: options::from_pairs([(SCOPE, if one { "database" } else { "server" })]),
        },
        files: paths.into_iter().map(str::to_owned).collect(),
    };
    of.into_iter().map(made).collect()
}

/// A file of them as it belongs into its unit.
pub fn read(access: Access, unit: &Unit, data: Data, complete: Complete) -> Reading {
    let scope = if options::get(&unit.extra, SCOPE) == Some("database") { Scope::Database } else { Scope::Server };
    Reading::produced(move |mut writer| async move {
        let mut documents = Documents::new(data);
        while let Some(document) = documents.next().await? {
            writer.write(access.define(&document, &scope)?.into_bytes()).await?;
        }
        complete.await?;
        Ok(Summary::default())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn unit(name: &str, called: &str) -> Unit {
        let made = recognise(&[("admin/system.users.bson", USERS)]).remove(0).unit;
        let extra = options::from_pairs([("database", "sh/op"), ("collection", "c")]);
        Unit { name: name.to_owned(), objects: vec![called.to_owned()], extra, ..made }
    }

    fn paths(called: &str) -> Vec<String> {
        let units = vec![unit("collections/shop.c", called), unit("roles", ""), unit("users", "")];
        let source = Source { engine: String::new(), server_version: String::new(), units, extra: Vec::new() };
        lay_out(&source).unwrap().0.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn those_of_one_database_are_in_its_folder_and_those_of_all_in_admins() {
        let one = [
            "sh%2Fop/$admin.system.roles.bson",
            "sh%2Fop/$admin.system.users.bson",
            "sh%2Fop/$admin.system.version.bson",
        ];
        assert_eq!(paths("c"), one);
        assert_eq!(
            paths("shop.c"),
            ["admin/system.roles.bson", "admin/system.users.bson", "admin/system.version.bson"]
        );
    }

    #[test]
    fn they_are_wanted_only_if_they_are_asked_for() {
        let asked = |value: &str| FilesOptions {
            only: Vec::new(),
            except: Vec::new(),
            extra: options::from_pairs([(SETTING, value)]),
        };
        assert!(!are_wanted(&FilesOptions { extra: Vec::new(), ..asked("") }, true).unwrap());
        assert!(are_wanted(&asked("export"), true).unwrap());
        assert!(are_wanted(&asked("export"), false).is_err() && are_wanted(&asked("restore"), true).is_err());
    }

    #[test]
    fn files_of_users_are_known_and_those_of_several_databases_are_one_unit() {
        assert_eq!(of_file("admin", "system.users"), Some(USERS));
        assert_eq!(of_file("shop", "$admin.system.roles"), Some(ROLES));
        assert_eq!((of_file("shop", "system.users"), of_file("admin", "system.version")), (None, None));
        let made = recognise(&[("a/$admin.system.users.bson", USERS), ("b/$admin.system.users.bson", USERS)]);
        assert_eq!((made.len(), made[0].files.len()), (1, 2));
        assert_eq!(options::get(&made[0].unit.extra, SCOPE), Some("server"));
        let made = recognise(&[("a/$admin.system.users.bson", USERS), ("a/$admin.system.roles.bson", ROLES)]);
        assert_eq!(options::get(&made[0].unit.extra, SCOPE), Some("database"));
    }
}
