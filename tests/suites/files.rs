//! Files made of a backup, and a backup made of files: with an engine that misbehaves on request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin};
use cofferdam_tests::command::Output;
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::files::size;

const BOUND: Duration = Duration::from_secs(60);

// The exit codes of `cofferdam --help`.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const CORRUPT: i32 = 5;

/// A folder with a backup of the engine that makes its rows itself.
fn scene() -> Cofferdam {
    let cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_plugin(&faulty_plugin().unwrap(), &[]).unwrap();
    let instance = "[instances.odd]\nengine = \"faulty\"\nurl = \"faulty://nowhere/\"\n";
    cofferdam.configure(instance).unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "odd"], BOUND).unwrap();
    cofferdam
}

fn export(cofferdam: &Cofferdam, more: &[&str]) -> Output {
    cofferdam.run(&[&["backups", "export", "latest", "out"], more].concat(), BOUND).unwrap()
}

fn import(cofferdam: &Cofferdam, more: &[&str]) -> Output {
    cofferdam.run(&[&["backups", "import", "out", "--instance", "odd"], more].concat(), BOUND).unwrap()
}

/// A folder as `export` makes it.
fn exported(cofferdam: &Cofferdam) -> PathBuf {
    let output = export(cofferdam, &[]);
    assert!(output.status.success(), "{}", output.stderr);
    cofferdam.folder().join("out")
}

/// Neither a folder nor a part of one was left beside where it should be.
fn assert_no_folder(cofferdam: &Cofferdam) {
    let names = fs::read_dir(cofferdam.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("out")).collect();
    assert!(left.is_empty(), "{left:?} is left");
}

/// How many backups are listed; nobody holds a lease.
fn backups(cofferdam: &Cofferdam) -> usize {
    let leases = fs::read_dir(cofferdam.repository().join("leases")).map_or(0, Iterator::count);
    assert_eq!(leases, 0, "a lease is left");
    cofferdam.succeed(&["backups", "list"], BOUND).unwrap().stdout.lines().count() - 1
}

/// Flips a byte of the largest object of the repository.
fn damage(chunks: &Path) {
    let folders = fs::read_dir(chunks).unwrap().map(|folder| folder.unwrap().path());
    let objects = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|object| object.unwrap().path());
    let largest = objects.max_by_key(|object| fs::metadata(object).unwrap().len()).unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(largest, bytes).unwrap();
}

#[test]
fn what_was_exported_is_imported_and_restored() {
    let cofferdam = scene();
    let output = export(&cofferdam, &[]);
    assert!(output.status.success(), "{}", output.stderr);
    let out = cofferdam.folder().join("out");
    assert_eq!(output.stdout.trim(), out.display().to_string());
    assert_eq!(fs::read(out.join("about.txt")).unwrap(), b"about: these are rows");
    assert_eq!(fs::read_to_string(out.join("rows/some.txt")).unwrap().lines().count(), 5_000);
    assert_eq!(
        fs::read_to_string(out.join("rows/few.txt")).unwrap(),
        "data/few\trow 0\ndata/few\trow 1\ndata/few\trow 2\n"
    );

    // One unit of several files, in their order.
    let many = fs::read(out.join("rows/many.txt")).unwrap();
    let middle = many.len() / 2;
    fs::write(out.join("rows/many.1.txt"), &many[..middle]).unwrap();
    fs::write(out.join("rows/many.2.txt"), &many[middle..]).unwrap();
    fs::remove_file(out.join("rows/many.txt")).unwrap();
    let imported = import(&cofferdam, &["--tag", "old"]);
    assert!(imported.status.success(), "{}", imported.stderr);
    assert!(imported.stderr.contains("empty.txt"), "{}", imported.stderr);
    let id = imported.stdout.trim();
    let listed = cofferdam.succeed(&["backups", "list", "odd", "--tag", "old"], BOUND).unwrap().stdout;
    assert!(listed.contains(id) && listed.contains("imported"), "{listed}");
    cofferdam.succeed(&["backups", "verify", id, "--read-data"], BOUND).unwrap();
    // The engine knows which rows they must be.
    let restored = cofferdam.succeed(&["restore", id, "--to", "odd"], BOUND).unwrap();
    assert!(restored.stderr.contains("205,003 rows"), "{}", restored.stderr);
    // The same rows, so next to nothing was stored anew.
    assert!(size(&cofferdam.repository().join("chunks")).unwrap() < 2 * many.len() as u64);
}

#[test]
fn a_folder_that_is_there_is_never_written_to() {
    let cofferdam = scene();
    fs::create_dir(cofferdam.folder().join("out")).unwrap();
    assert_fails(&export(&cofferdam, &[]), FAILED, &["already", "hint: "]);
    assert_eq!(fs::read_dir(cofferdam.folder().join("out")).unwrap().count(), 0);
}

#[test]
fn a_layout_that_leads_outside_or_lacks_something_is_refused() {
    let cofferdam = scene();
    for (fault, words) in [
        ("file-outside", "../outside.txt"),
        ("file-twice", "upper and lower case"),
        ("file-unknown", "data/unknown"),
        ("file-missing", "data/few"),
    ] {
        let output = export(&cofferdam, &["--set", &format!("fault={fault}")]);
        assert_fails(&output, FAILED, &["layout of the plugin faulty", words]);
        assert_no_folder(&cofferdam);
    }
}

#[test]
fn an_export_that_fails_in_the_middle_leaves_no_folder() {
    let cofferdam = scene();
    for (fault, words) in [
        ("lay-out-panic", "it panicked"),
        ("convert-panic", "it panicked"),
        ("convert-midway", "it panicked"),
        ("convert-refuse", "no such file can be made"),
        ("convert-unread", "hasn't read it to its end"),
    ] {
        assert_fails(&export(&cofferdam, &["--set", &format!("fault={fault}")]), FAILED, &[words]);
        assert_no_folder(&cofferdam);
    }
    assert_fails(&export(&cofferdam, &["--set", "fault=convert-miscount"]), CORRUPT, &["5001 rows, and 5000"]);
    assert_no_folder(&cofferdam);
}

#[test]
fn nothing_is_exported_of_a_backup_that_is_damaged() {
    let cofferdam = scene();
    damage(&cofferdam.repository().join("chunks"));
    assert_fails(&export(&cofferdam, &[]), CORRUPT, &["unit data/"]);
    assert_no_folder(&cofferdam);
}

#[test]
fn an_import_that_fails_makes_no_backup() {
    let cofferdam = scene();
    let out = exported(&cofferdam);
    for (fault, words, code) in [
        ("recognise-panic", "it panicked", FAILED),
        ("import-panic", "it panicked", FAILED),
        ("import-midway", "it panicked", FAILED),
        ("import-unread", "hasn't read it to its end", FAILED),
        ("import-miscount", "5001 rows, and 5000", CORRUPT),
    ] {
        assert_fails(&import(&cofferdam, &["--set", &format!("fault={fault}")]), code, &[words]);
        assert_eq!(backups(&cofferdam), 1, "{fault}");
    }
    fs::write(out.join("stranger.txt"), "?").unwrap();
    assert_fails(&import(&cofferdam, &[]), FAILED, &["says nothing of the file", "stranger.txt"]);
    fs::remove_file(out.join("stranger.txt")).unwrap();
    // A row that was cut off.
    let few = out.join("rows/few.txt");
    fs::write(&few, "data/few\trow 0\ndata/fe").unwrap();
    assert_fails(&import(&cofferdam, &[]), CORRUPT, &["unit data/few", "middle of a row"]);
    fs::remove_file(&few).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &few).unwrap();
    assert_fails(&import(&cofferdam, &[]), USAGE, &["few.txt", "links aren't followed"]);
    fs::remove_dir_all(&out).unwrap();
    assert_fails(&import(&cofferdam, &[]), REFUSED, &["out"]);
    assert_eq!(backups(&cofferdam), 1);
}

#[test]
fn an_engine_without_files_of_its_own_says_so() {
    let cofferdam = scene();
    exported(&cofferdam);
    cofferdam
        .configure("[instances.shop]\nengine = \"postgresql\"\nurl = \"postgresql://me@localhost/shop\"\n")
        .unwrap();
    let output = cofferdam.run(&["backups", "import", "out", "--instance", "shop"], BOUND).unwrap();
    assert_fails(&output, FAILED, &["the engine postgresql can't do this: its plugin has no from-files"]);
}
