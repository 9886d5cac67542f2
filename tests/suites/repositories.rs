//! Many databases, many backups, two repositories: what is kept, what is fresh, what is copied.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam::repository::{Access, Location, Repository};
use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::{Major, Postgresql};

const BOUND: Duration = Duration::from_secs(120);

// The exit codes of `cofferdam --help`.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const CORRUPT: i32 = 5;
const STALE: i32 = 6;

/// Two instances of the engine that makes its rows itself, and an empty repository.
fn scene() -> Cofferdam {
    let cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_plugin(&faulty_plugin().unwrap(), &[]).unwrap();
    let instance = |name: &str| format!("[instances.{name}]\nengine = \"faulty\"\nurl = \"faulty://nowhere/\"\n");
    cofferdam.configure(&(instance("odd") + &instance("even"))).unwrap();
    cofferdam.initialize().unwrap();
    cofferdam
}

/// A small backup; gives its id.
fn backup(cofferdam: &Cofferdam, more: &[&str]) -> String {
    let arguments = [&["backup", "--set", "fault=small"], more].concat();
    cofferdam.succeed(&arguments, BOUND).unwrap().stdout.trim().to_owned()
}

fn listed(cofferdam: &Cofferdam) -> Vec<String> {
    let table = cofferdam.succeed(&["backups", "list"], BOUND).unwrap().stdout;
    table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Every object that holds data.
fn chunks(repository: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(repository.join("chunks")).unwrap().map(|folder| folder.unwrap().path());
    folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|object| object.unwrap().path()).collect()
}

#[test]
fn every_database_of_a_server_is_backed_up_but_templates() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.sql("postgres", "CREATE DATABASE pattern IS_TEMPLATE true").unwrap();
    for name in ["a shop", "shop"] {
        server.create_database(name).unwrap();
        server.sql(name, "CREATE TABLE t AS SELECT 1 AS a").unwrap();
    }
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("server", &server, "postgres").unwrap();
    cofferdam.initialize().unwrap();
    let output = cofferdam.succeed(&["backup", "server", "--all-databases"], BOUND).unwrap();
    let names: Vec<_> = output.stdout.lines().filter_map(|line| line.split_once(' ')).map(|(_, name)| name).collect();
    assert_eq!(names, ["a shop", "postgres", "shop"]);
    for line in output.stdout.lines() {
        let id = line.split(' ').next().unwrap();
        cofferdam.succeed(&["backups", "verify", id, "--read-data"], BOUND).unwrap();
    }

    // One that nobody can connect to is told, and stops none of the others.
    server.sql("postgres", "ALTER DATABASE \"a shop\" ALLOW_CONNECTIONS false").unwrap();
    let output = cofferdam.run(&["backup", "server", "--all-databases", "--json"], BOUND).unwrap();
    assert!(!output.status.success());
    assert!(output.stderr.contains("1 of 3 databases failed (a shop)"), "{}", output.stderr);
    for words in ["\"failed\":[{\"name\":\"a shop\"", "{\"name\":\"postgres\"", "{\"name\":\"shop\""] {
        assert!(output.stdout.contains(words), "{}", output.stdout);
    }
    assert_eq!(listed(&cofferdam).len(), 5);
    let usage = cofferdam.run(&["backup", "server", "--all-databases", "--database", "shop"], BOUND).unwrap();
    assert_eq!(usage.status.code(), Some(USAGE));
}

#[test]
fn backups_of_one_kind_never_push_out_those_of_another() {
    let cofferdam = scene();
    let other = backup(&cofferdam, &["even"]);
    let of_database = backup(&cofferdam, &["odd", "--database", "one"]);
    let of_everything = backup(&cofferdam, &["odd"]);
    let older = backup(&cofferdam, &["odd", "--database", "two"]);
    let chosen = backup(&cofferdam, &["odd", "--only", "data/few"]);
    let newer = backup(&cofferdam, &["odd", "--database", "two"]);
    let would = cofferdam.succeed(&["backups", "forget", "--keep-last", "1", "--dry-run"], BOUND).unwrap().stdout;
    assert!(would.contains(&format!("would forget {older}")), "{would}");
    assert_eq!(listed(&cofferdam).len(), 6);
    let forgot = cofferdam.succeed(&["backups", "forget", "--keep-last", "1"], BOUND).unwrap().stdout;
    assert_eq!(forgot.lines().filter(|line| line.starts_with("forgot")).count(), 1, "{forgot}");
    let left = listed(&cofferdam);
    for id in [other, of_database, of_everything, chosen, newer] {
        assert!(left.contains(&id), "{id} is gone");
    }
    assert!(!left.contains(&older));
}

#[test]
fn a_backup_that_is_not_whole_keeps_nothing_out_and_is_not_forgotten() {
    let cofferdam = scene();
    let good = backup(&cofferdam, &["odd"]);
    let before = chunks(&cofferdam.repository());
    // Other rows, so that it has chunks of its own.
    let broken = cofferdam.succeed(&["backup", "odd"], BOUND).unwrap().stdout.trim().to_owned();
    for chunk in chunks(&cofferdam.repository()).into_iter().filter(|chunk| !before.contains(chunk)) {
        fs::remove_file(chunk).unwrap();
    }
    let output = cofferdam.succeed(&["backups", "forget", "--keep-last", "1"], BOUND).unwrap();
    assert!(output.stderr.contains(&broken), "{}", output.stderr);
    let left = listed(&cofferdam);
    assert!(left.len() == 2 && left.contains(&broken) && left.contains(&good), "{left:?}");

    let status = cofferdam.succeed(&["status", "odd", "--max-age", "1h"], BOUND).unwrap();
    assert!(status.stdout.contains(&good) && status.stderr.contains(&broken), "{}{}", status.stdout, status.stderr);
    cofferdam.succeed(&["backups", "forget", &good], BOUND).unwrap();
    let status = cofferdam.run(&["status", "odd"], BOUND).unwrap();
    assert_eq!(status.status.code(), Some(STALE), "{}", status.stderr);
}

#[test]
fn status_says_which_instance_has_no_fresh_backup() {
    let cofferdam = scene();
    backup(&cofferdam, &["odd"]);
    cofferdam.succeed(&["status", "odd", "--max-age", "26h"], BOUND).unwrap();
    let output = cofferdam.run(&["status", "--max-age", "26h"], BOUND).unwrap();
    assert_eq!(output.status.code(), Some(STALE));
    assert!(output.stderr.contains("error: 1 of 2 have no fresh backup: even"), "{}", output.stderr);
    assert!(output.stdout.contains("missing") && output.stdout.contains("fresh"), "{}", output.stdout);
    backup(&cofferdam, &["even", "--only", "data/few"]);
    assert_eq!(cofferdam.run(&["status", "even"], BOUND).unwrap().status.code(), Some(STALE), "that isn't all of it");
    backup(&cofferdam, &["even"]);
    cofferdam.succeed(&["status"], BOUND).unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    let output = cofferdam.run(&["status", "--max-age", "1s", "--json"], BOUND).unwrap();
    assert_eq!(output.status.code(), Some(STALE));
    assert!(output.stdout.contains("\"fresh\":false") && output.stdout.contains("\"state\":\"too-old\""));
    assert_fails(&cofferdam.run(&["status", "nobody"], BOUND).unwrap(), REFUSED, &["nobody"]);
}

#[test]
fn backups_are_copied_to_another_repository_and_restored_from_there() {
    let cofferdam = scene();
    let root = cofferdam.folder().display().to_string();
    cofferdam
        .configure(&format!(
            "[repositories.second]\nurl = \"file://{root}/second\"\nwriter-key = {{ file = \"{root}/w.key\" }}\n\
             recovery-key = {{ file = \"{root}/r.key\" }}\n"
        ))
        .unwrap();
    cofferdam.succeed(&["repository", "init", "second"], BOUND).unwrap();
    let small = backup(&cofferdam, &["odd", "--repository", "main", "--tag", "kept"]);
    // Names made in one second have no order.
    std::thread::sleep(Duration::from_millis(1_100));
    let large = cofferdam.succeed(&["backup", "odd", "--repository", "main"], BOUND).unwrap().stdout.trim().to_owned();
    let copy = ["repository", "copy", "--repository", "main", "--to", "second"];
    let output = cofferdam.succeed(&copy, BOUND).unwrap();
    assert_eq!(output.stdout, format!("{small}\n{large}\n"));
    // Again, and there is nothing to do.
    assert_eq!(cofferdam.succeed(&copy, BOUND).unwrap().stdout, "");
    let list = ["backups", "list", "--repository", "second", "--tag", "kept"];
    assert!(cofferdam.succeed(&list, BOUND).unwrap().stdout.contains(&small));

    fs::rename(cofferdam.repository(), cofferdam.folder().join("gone")).unwrap();
    cofferdam.succeed(&["repository", "check", "--repository", "second", "--read-data"], BOUND).unwrap();
    cofferdam.succeed(&["backups", "verify", &large, "--read-data", "--repository", "second"], BOUND).unwrap();
    let restore = ["restore", &large, "--to", "odd", "--repository", "second"];
    let restored = cofferdam.succeed(&restore, BOUND).unwrap();
    assert!(restored.stderr.contains("205,003 rows"), "{}", restored.stderr);
}

/// Of the places where a chunk ends within the largest unit of a backup, how many there are, and how many are behind a row.
fn ends_of_chunks(root: &Path, id: &str) -> (usize, usize) {
    let location = Location::parse(&format!("file://{}/second", root.display())).unwrap();
    let key = fs::read_to_string(root.join("r.key")).unwrap().trim().to_owned();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let repository = Repository::open(&location, None, Access::Recovery(key.into())).await.unwrap();
        let manifest = repository.find(id).await.unwrap();
        let unit = manifest.units.iter().max_by_key(|unit| unit.bytes).unwrap();
        let mut reader = repository.reader(&manifest).unwrap().unit(unit).unwrap();
        let mut rows = Vec::new();
        while let Some(piece) = reader.next().await.unwrap() {
            rows.extend_from_slice(&piece);
        }
        let chunks = manifest.streams[unit.stream].chunks.iter();
        let ends = chunks.scan(0, |end, chunk| {
            *end += u64::from(chunk.bytes);
            Some(*end)
        });
        let within = ends.filter_map(|end| end.checked_sub(unit.offset)).filter(|end| (1..unit.bytes).contains(end));
        let within: Vec<usize> = within.map(|end| usize::try_from(end).unwrap()).collect();
        (within.len(), within.iter().filter(|end| rows[**end - 1] == b'\n').count())
    })
}

#[test]
fn a_copy_is_cut_behind_the_rows_that_a_backup_is_cut_behind() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    server.sql("shop", "CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 1000000) AS i").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("shop", &server, "shop").unwrap();
    cofferdam.initialize().unwrap();
    let root = cofferdam.folder().display().to_string();
    let second = format!(
        "[repositories.second]\nurl = \"file://{root}/second\"\nwriter-key = {{ file = \"{root}/w.key\" }}\n\
         recovery-key = {{ file = \"{root}/r.key\" }}\n"
    );
    cofferdam.configure(&second).unwrap();
    cofferdam.succeed(&["repository", "init", "second"], BOUND).unwrap();
    let copied =
        cofferdam.succeed(&["backup", "shop", "--repository", "main"], BOUND).unwrap().stdout.trim().to_owned();
    cofferdam.succeed(&["repository", "copy", "--repository", "main", "--to", "second"], BOUND).unwrap();
    let made = cofferdam.succeed(&["backup", "shop", "--repository", "second", "--json"], BOUND).unwrap().stdout;
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert!(made["stored_bytes"].as_u64().unwrap() < 100_000, "the copy has other chunks: {made}");
    for id in [copied.as_str(), made["backup"].as_str().unwrap()] {
        let (all, behind_rows) = ends_of_chunks(cofferdam.folder(), id);
        // Now and then no row is chosen for longer than a chunk may get.
        assert!(all >= 5 && behind_rows * 2 > all, "{behind_rows} of {all}");
    }
}

#[test]
fn a_damaged_backup_is_not_copied_and_stops_no_other() {
    let cofferdam = scene();
    let broken = cofferdam.succeed(&["backup", "odd"], BOUND).unwrap().stdout.trim().to_owned();
    // What only the large backup has. It is the older one, so it is copied first.
    let size = |chunk: &PathBuf| fs::metadata(chunk).unwrap().len();
    let largest = chunks(&cofferdam.repository()).into_iter().max_by_key(size).unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    bytes[100] ^= 1;
    fs::write(largest, bytes).unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    let good = backup(&cofferdam, &["odd", "--repository", "main"]);
    let root = cofferdam.folder().display().to_string();
    let second = format!("{root}/second");
    cofferdam.configure(&format!("[repositories.second]\nurl = \"file://{second}\"\nwriter-key = {{ file = \"{root}/w.key\" }}\nrecovery-key = {{ file = \"{root}/r.key\" }}\n")).unwrap();
    cofferdam.succeed(&["repository", "init", "second"], BOUND).unwrap();
    let copy = ["repository", "copy", "--repository", "main", "--to", &second, "--to-key-file", "w.key"];
    let output = cofferdam.run(&copy, BOUND).unwrap();
    assert_eq!(output.status.code(), Some(CORRUPT), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("1 of 2 copies failed ({broken})")), "{}", output.stderr);
    assert_eq!(output.stdout, format!("{good}\n"));
    let list = cofferdam.succeed(&["backups", "list", "--repository", "second"], BOUND).unwrap().stdout;
    assert!(list.contains(&good) && !list.contains(&broken), "{list}");
    let leases = fs::read_dir(Path::new(&second).join("leases")).map_or(0, Iterator::count);
    assert_eq!(leases, 0, "a lease is left");
    let itself = cofferdam.run(&["repository", "copy", "--repository", "main", "--to", "main", &good], BOUND).unwrap();
    assert!(itself.stdout.is_empty());
    assert_ne!(itself.status.code(), Some(FAILED));
}
