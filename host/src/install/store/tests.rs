//! With files.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;

use semver::Version;

use super::*;

fn plugin(name: &str, content: &'static [u8]) -> Installed {
    let entry =
        Entry { version: Version::new(1, 0, 0), digest: Digest::of(content), publisher: None, grants: BTreeSet::new() };
    Installed { name: Name::try_from(name.to_owned()).unwrap(), entry, bytes: content.into() }
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("cofferdam.toml");
    fs::write(&config, "").unwrap();
    let store = Store::beside(&config);
    (folder, store)
}

fn components(folder: &Path) -> usize {
    fs::read_dir(folder.join(COMPONENTS)).unwrap().count()
}

#[test]
fn what_was_installed_is_what_loads_until_it_is_removed() {
    let (folder, store) = store();
    assert_eq!(store.get("db").unwrap_err().code(), "not-found");
    store.install(None, &plugin("db", b"one")).unwrap();
    store.install(None, &plugin("other", b"other")).unwrap();
    assert_eq!(store.get("db").unwrap().bytes, b"one".as_slice());
    assert!(store.get("x").unwrap_err().hint().unwrap().contains("installed: db, other"));
    // An update leaves nothing of the old component.
    let old = store.get("db").unwrap().entry;
    store.install(Some(&old), &plugin("db", b"two")).unwrap();
    assert_eq!((store.get("db").unwrap().bytes, components(folder.path())), (Bytes::from_static(b"two"), 2));
    store.remove("db").unwrap();
    assert_eq!(store.remove("db").unwrap_err().code(), "not-found");
    assert_eq!((store.get("db").unwrap_err().code(), components(folder.path())), ("not-found", 1));
}

#[test]
fn a_component_that_was_changed_or_lost_never_loads() {
    let (_folder, store) = store();
    store.install(None, &plugin("db", b"component")).unwrap();
    let path = store.path(Digest::of(b"component"));
    for bytes in [b"".as_slice(), b"componenT", b"component "] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(store.get("db").unwrap_err().code(), "corrupt");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(store.get("db").unwrap_err().code(), "not-found");
    // Adding it again mends it.
    let entry = plugin("db", b"component").entry;
    store.install(Some(&entry), &plugin("db", b"component")).unwrap();
    assert!(store.get("db").is_ok());
}

#[test]
fn what_somebody_else_did_meanwhile_is_not_overwritten() {
    let (_folder, store) = store();
    store.install(None, &plugin("db", b"theirs")).unwrap();
    assert_eq!(store.install(None, &plugin("db", b"ours")).unwrap_err().code(), "conflict");
    assert_eq!(store.get("db").unwrap().bytes, b"theirs".as_slice());
}

#[test]
fn two_who_install_at_once_both_succeed() {
    let (_folder, store) = store();
    let names: Vec<String> = (0..16).map(|n| format!("db{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| store.install(None, &plugin(name, b"component")).unwrap());
        }
    });
    assert_eq!(store.lock().unwrap().plugins.len(), names.len());
}

#[test]
fn a_lock_that_others_could_have_written_is_not_used() {
    let (_folder, store) = store();
    store.install(None, &plugin("db", b"component")).unwrap();
    fs::set_permissions(store.lock_path(), Permissions::from_mode(0o666)).unwrap();
    let error = store.get("db").unwrap_err();
    assert_eq!((error.code(), error.message().contains("everybody")), ("permission-denied", true));
    fs::set_permissions(store.lock_path(), Permissions::from_mode(0o664)).unwrap();
    assert!(store.get("db").is_ok());
}

#[test]
fn files_of_others_in_the_folder_stay() {
    let (folder, store) = store();
    store.install(None, &plugin("db", b"component")).unwrap();
    let own = folder.path().join(COMPONENTS).join("postgresql.wasm");
    fs::write(&own, "mine").unwrap();
    store.remove("db").unwrap();
    assert!(own.exists());
}
