//! A plugin that misbehaves ends its own operation with a clear error, in time, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin};
use cofferdam_tests::command::Output;
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::{Major, Postgresql};

/// Longer than any of the limits below lets a plugin live, with time to clean up and for a machine that is busy.
const BOUND: Duration = Duration::from_secs(60);

// The exit codes of `cofferdam --help`.
const FAILED: i32 = 1;
const REFUSED: i32 = 3;
const CORRUPT: i32 = 5;

/// A folder with an instance of the engine that misbehaves.
fn scene() -> Cofferdam {
    let cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_plugin(&faulty_plugin().unwrap(), &[]).unwrap();
    cofferdam
        .configure(
            "[instances.odd]\nengine = \"faulty\"\nurl = \"faulty://nowhere/\"\n\n\
             [limits]\ncpu = \"1s\"\nwall = \"6s\"\nmemory = \"64MiB\"\n",
        )
        .unwrap();
    cofferdam.initialize().unwrap();
    cofferdam
}

fn backup(cofferdam: &Cofferdam, fault: &str) -> Output {
    cofferdam.run(&["backup", "odd", "--set", &format!("fault={fault}")], BOUND).unwrap()
}

/// No backup is listed, nobody holds a lease, and the repository is whole.
fn assert_nothing_left(cofferdam: &Cofferdam) {
    assert!(!cofferdam.succeed(&["backups", "list", "--json"], BOUND).unwrap().stdout.contains("odd"));
    let leases = fs::read_dir(cofferdam.repository().join("leases")).map_or(0, Iterator::count);
    assert_eq!(leases, 0, "a lease is left");
    cofferdam.succeed(&["repository", "check", "--read-data"], BOUND).unwrap();
}

#[test]
fn rows_that_a_plugin_makes_itself_come_back() {
    let cofferdam = scene();
    let id = cofferdam.succeed(&["backup", "odd"], BOUND).unwrap().stdout.trim().to_owned();
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], BOUND).unwrap();
    let restored = cofferdam.succeed(&["restore", &id, "--to", "odd"], BOUND).unwrap();
    assert!(restored.stderr.contains("205,003 rows"), "{}", restored.stderr);
}

#[test]
fn a_plugin_that_panics_is_named_with_its_words_and_leaves_no_backup() {
    let cofferdam = scene();
    for place in ["lead", "plan", "read", "close"] {
        let output = backup(&cofferdam, &format!("{place}-panic"));
        assert_fails(&output, FAILED, &["the plugin faulty", "it panicked", "hint: "]);
        assert!(output.stderr.contains(&format!("on request, in {place}")), "{}", output.stderr);
    }
    assert_fails(&backup(&cofferdam, "panic-midway"), FAILED, &["unit data/", "the plugin faulty", "it panicked"]);
    assert_nothing_left(&cofferdam);
}

#[test]
fn a_plugin_that_uses_up_what_it_may_is_ended_in_time() {
    let cofferdam = scene();
    for (fault, words) in [
        ("read-spin", "it used up its CPU time (`cpu` in [limits])"),
        ("plan-spin", "it used up its CPU time (`cpu` in [limits])"),
        ("read-hang", "it ran for longer than 6 s (`wall` in [limits])"),
        ("plan-memory", "it wanted more memory than its 64 MiB (`memory` in [limits])"),
        ("read-stack", "it trapped"),
    ] {
        let output = backup(&cofferdam, fault);
        assert_fails(&output, FAILED, &["the plugin faulty", words]);
        assert!(output.elapsed < Duration::from_secs(30), "{fault} took {:?}", output.elapsed);
    }
    assert_nothing_left(&cofferdam);
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    let cofferdam = scene();
    for (fault, words) in [("no-units", "empty"), ("double-names", "\"schema\""), ("circle", "circle")] {
        assert_fails(&backup(&cofferdam, fault), FAILED, &["plan of the plugin faulty", words]);
    }
    assert_nothing_left(&cofferdam);
}

#[test]
fn a_plan_that_forgets_something_is_refused() {
    let cofferdam = scene();
    let words = ["not everything is carried", "of the kind rows there are 4, 3 are carried and 0 left out", "faulty"];
    assert_fails(&backup(&cofferdam, "forgotten"), FAILED, &words);
    assert_nothing_left(&cofferdam);
}

#[test]
fn a_unit_that_is_not_whole_is_no_backup() {
    let cofferdam = scene();
    assert_fails(&backup(&cofferdam, "miscount"), CORRUPT, &["unit data/", "the plugin faulty", "rows"]);
    assert_fails(
        &backup(&cofferdam, "half-row"),
        CORRUPT,
        &["unit data/", "the plugin faulty", "in the middle of a row"],
    );
    // The stream ends and nothing says that it is whole, or it never ends.
    for fault in ["unresolved", "kept-open"] {
        assert_fails(&backup(&cofferdam, fault), FAILED, &["unit data/", "the plugin faulty", "longer than 6 s"]);
    }
    assert_nothing_left(&cofferdam);
}

#[test]
fn a_plugin_that_talks_without_end_is_not_listened_to() {
    let cofferdam = scene();
    for json in [&[][..], &["--json"]] {
        let arguments = [&["backup", "odd", "--set", "fault=read-chatter"], json].concat();
        let output = cofferdam.run(&arguments, BOUND).unwrap();
        assert!(!output.status.success());
        assert!(output.stderr.len() < 4 << 20, "{} bytes were told", output.stderr.len());
    }
    let output = backup(&cofferdam, "read-verbose");
    assert_fails(&output, FAILED, &["long long"]);
    assert!(output.stderr.len() < 16 << 10, "{} bytes were told", output.stderr.len());
    assert_nothing_left(&cofferdam);
}

#[test]
fn no_name_message_or_error_of_a_plugin_moves_the_cursor() {
    let cofferdam = scene();
    let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    for fault in ["read-escapes", "escaped-name"] {
        for more in [&[][..], &["-v"], &["--json"]] {
            let set = format!("fault={fault}");
            let output = cofferdam.run(&[&["backup", "odd", "--set", &set], more].concat(), BOUND).unwrap();
            let told = output.stderr + &output.stdout;
            assert!(told.contains("u{9b}31m"), "{told}");
            assert!(!told.contains(harmful), "{told:?}");
        }
    }
    // A backup with such a name is a backup, and showing it is as safe.
    for command in
        [&["backups", "show", "odd@latest"][..], &["backups", "list"], &["restore", "odd@latest", "--to", "odd"]]
    {
        let output = cofferdam.succeed(command, BOUND).unwrap();
        assert!(!(output.stderr + &output.stdout).contains(harmful));
    }
}

#[test]
fn a_restore_whose_plugin_fails_or_does_nothing_is_none() {
    let cofferdam = scene();
    cofferdam.succeed(&["backup", "odd"], BOUND).unwrap();
    for (fault, words) in [
        ("unread", "the plugin faulty says that it wrote the unit, and hasn't read it to its end"),
        ("unread-kept", "the plugin faulty says that it wrote the unit, and hasn't read it to its end"),
        ("write-panic", "the plugin faulty failed in write: it panicked"),
        ("write-spin", "the plugin faulty failed in write: it used up its CPU time"),
        ("write-hang", "the plugin faulty failed in write: it ran for longer than 6 s"),
        ("write-memory", "the plugin faulty failed in write: it wanted more memory"),
        ("finish-panic", "the plugin faulty failed in finish: it panicked"),
    ] {
        let set = format!("fault={fault}");
        // With one session the small units come to the plugin first and alone.
        for jobs in ["1", "4"] {
            let arguments = ["restore", "odd@latest", "--to", "odd", "--jobs", jobs, "--set", &set];
            assert_fails(&cofferdam.run(&arguments, BOUND).unwrap(), FAILED, &[words]);
        }
    }
}

/// All of such a unit is on its way before the plugin says anything, so nothing stops the one who sends it.
#[test]
fn a_small_unit_that_is_not_read_is_noticed_too() {
    let cofferdam = scene();
    cofferdam.succeed(&["backup", "odd", "--set", "fault=small"], BOUND).unwrap();
    cofferdam.succeed(&["restore", "odd@latest", "--to", "odd"], BOUND).unwrap();
    let restored =
        cofferdam.run(&["restore", "odd@latest", "--to", "odd", "--set", "fault=unread-kept"], BOUND).unwrap();
    assert_fails(&restored, FAILED, &["the plugin faulty says that it wrote the unit, and hasn't read it to its end"]);
}

/// Tried again it might even find its own mark, and the part would pass for the whole.
#[test]
fn a_plugin_that_counts_what_broke_off_is_found_out() {
    let cofferdam = scene();
    cofferdam.succeed(&["backup", "odd"], BOUND).unwrap();
    let restore = |fault: &str| {
        cofferdam.run(&["restore", "odd@latest", "--to", "odd", "--set", &format!("fault={fault}")], BOUND)
    };
    assert!(restore("heedless").unwrap().status.success(), "nothing broke off yet");
    damage(&cofferdam.repository().join("chunks"));
    let words = ["the plugin faulty says that it wrote the unit, though its stream broke off", "cause: ", "hint: "];
    assert_fails(&restore("heedless").unwrap(), FAILED, &words);
    assert_fails(&restore("none").unwrap(), CORRUPT, &["unit schema", "the object was changed"]);
}

/// Flips a byte in the middle of every file.
fn damage(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage(&path);
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn a_plugin_that_spins_does_not_harm_another_backup() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    server.sql("shop", "CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 50000) i").unwrap();
    let mut cofferdam = scene();
    cofferdam.add_instance("shop", &server, "shop").unwrap();
    thread::scope(|scope| {
        let spinning = scope.spawn(|| backup(&cofferdam, "read-spin"));
        let good = cofferdam.succeed(&["backup", "shop"], BOUND).unwrap();
        assert!(good.stderr.contains("50,000 rows"), "{}", good.stderr);
        assert_fails(&spinning.join().unwrap(), FAILED, &["CPU time"]);
    });
    cofferdam.succeed(&["repository", "check", "--read-data"], BOUND).unwrap();
}

#[test]
fn a_file_that_is_no_plugin_is_refused() {
    let cofferdam = scene();
    let whole = fs::read(faulty_plugin().unwrap()).unwrap();
    // The head of what wasmtime compiles a component to: an ELF file of its own kind.
    let mut compiled = b"\x7fELF\x02\x01\x01\xc8".to_vec();
    compiled.resize(64, 0);
    let mut swap =
        |at: usize, bytes: &[u8]| compiled.splice(at..at + bytes.len(), bytes.iter().copied()).for_each(drop);
    swap(16, &[1, 0, 0, 0, 1]);
    swap(48, &[2]);
    swap(52, &[64]);
    let path = cofferdam.folder().join("odd.wasm");
    let path = path.to_str().unwrap();
    let add = || cofferdam.run(&["plugin", "add", path, "--allow-unsigned", "--yes", "-q"], BOUND).unwrap();
    assert_fails(&add(), REFUSED, &[path, "cause: "]);
    for (bytes, words) in [
        (&whole[..whole.len() / 2], "component"),
        (&compiled, "compiled"),
        (b"this is a letter", "component"),
        (b"", "component"),
    ] {
        fs::write(path, bytes).unwrap();
        assert_fails(&add(), FAILED, &[path, words]);
    }
    assert_nothing_left(&cofferdam);
}

#[test]
fn a_plugin_without_its_grant_is_refused_with_the_option_that_grants_it() {
    let cofferdam = scene();
    cofferdam
        .configure("[instances.shop]\nengine = \"postgresql\"\nurl = \"postgresql://me@nowhere.invalid/shop\"\n")
        .unwrap();
    let lock = cofferdam.folder().join("cofferdam.lock");
    let text = fs::read_to_string(&lock).unwrap();
    assert!(text.contains("grants = [\"postgres\"]"), "{text}");
    fs::write(&lock, text.replace("grants = [\"postgres\"]", "grants = []")).unwrap();
    assert_fails(
        &cofferdam.run(&["backup", "shop"], BOUND).unwrap(),
        REFUSED,
        &["postgresql", "cofferdam:postgres", "hint: ", "--grant postgres"],
    );
    assert_nothing_left(&cofferdam);
}
