//! What it takes for a plugin to run: a signature, a publisher, grants, and a lock file that says so byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin, postgresql_plugin};
use cofferdam_tests::command::{Output, run, succeed};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::signed::{Publisher, with_text, with_version};

const BOUND: Duration = Duration::from_secs(150);

// The exit codes of `cofferdam --help`.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const CORRUPT: i32 = 5;
const CANCELLED: i32 = 130;

/// A folder in which nothing is installed.
fn scene() -> Cofferdam {
    let cofferdam = Cofferdam::new().unwrap();
    cofferdam.succeed(&["plugin", "remove", "postgresql"], BOUND).unwrap();
    let instance = "[instances.odd]\nengine = \"faulty\"\nurl = \"faulty://nowhere/\"\n";
    cofferdam.configure(instance).unwrap();
    cofferdam
}

fn add(cofferdam: &Cofferdam, file: &Path, more: &[&str]) -> Output {
    let arguments = [&["plugin", "add", file.to_str().unwrap(), "-q"], more].concat();
    cofferdam.run(&arguments, BOUND).unwrap()
}

fn assert_adds(cofferdam: &Cofferdam, file: &Path, more: &[&str]) -> Output {
    let output = add(cofferdam, file, more);
    assert!(output.status.success(), "{}", output.stderr);
    output
}

/// The lock file's text; none if there is none.
fn lock(cofferdam: &Cofferdam) -> String {
    fs::read_to_string(cofferdam.folder().join("cofferdam.lock")).unwrap_or_default()
}

/// The only installed component.
fn component(cofferdam: &Cofferdam) -> PathBuf {
    let mut files = fs::read_dir(cofferdam.folder().join("plugins")).unwrap();
    let path = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "more than one component");
    path
}

fn backup(cofferdam: &Cofferdam) -> Output {
    cofferdam.run(&["backup", "odd", "--set", "fault=small"], BOUND).unwrap()
}

#[test]
fn a_publishers_first_plugin_runs_once_its_key_and_its_grants_were_named() {
    let cofferdam = scene();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let file = publisher.publish(&postgresql_plugin().unwrap(), "0.1.0").unwrap();
    let before = lock(&cofferdam);
    let named = ["--publisher", &publisher.key, "--grant", "postgres"];
    // Nobody can be asked here, and a yes says nothing about who or what.
    for (told, missing) in [
        (&[][..], &["--yes", "--publisher", "--grant postgres"][..]),
        (&["--yes"], &["--publisher", "--grant postgres"]),
        (&["--yes", "--grant", "postgres"], &[&publisher.key]),
        (&["--yes", "--publisher", &publisher.key], &["--grant postgres"]),
        (&named, &["--yes"]),
    ] {
        assert_fails(&add(&cofferdam, &file, told), REFUSED, &[missing, &["hint: "]].concat());
        assert_eq!(lock(&cofferdam), before, "{told:?}");
    }
    assert_fails(&add(&cofferdam, &file, &["--yes", "--grant", "tcp"]), USAGE, &["postgres"]);
    assert_adds(&cofferdam, &file, &[&named[..], &["--yes"]].concat());
    let lock = lock(&cofferdam);
    for words in ["[plugins.postgresql]", "version = \"0.1.0\"", "digest = \"sha256:", &publisher.key, "[\"postgres\"]"]
    {
        assert!(lock.contains(words), "{words} isn't in {lock}");
    }
    let list = cofferdam.succeed(&["plugin", "list"], BOUND).unwrap().stdout;
    assert!(list.contains(&publisher.key[..20]) && list.contains("restore") && list.contains("postgres"), "{list}");
}

#[test]
fn an_update_by_a_known_publisher_is_asked_only_for_new_grants() {
    let cofferdam = scene();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let faulty = publisher.publish(&faulty_plugin().unwrap(), "0.1.0").unwrap();
    assert_adds(&cofferdam, &faulty, &["--yes", "--publisher", &publisher.key]);
    // Known, for another plugin.
    let first = publisher.publish(&postgresql_plugin().unwrap(), "0.1.0").unwrap();
    assert_fails(&add(&cofferdam, &first, &["--yes"]), REFUSED, &["hint: if that is right, add: --grant postgres"]);
    assert_adds(&cofferdam, &first, &["--yes", "--grant", "postgres"]);
    let second = publisher.publish(&postgresql_plugin().unwrap(), "0.2.0").unwrap();
    assert_adds(&cofferdam, &second, &["--yes"]);
    assert!(lock(&cofferdam).contains("version = \"0.2.0\"") && lock(&cofferdam).contains("[\"postgres\"]"));
    // A version before had asked for less.
    let lock_file = cofferdam.folder().join("cofferdam.lock");
    fs::write(&lock_file, lock(&cofferdam).replace("[\"postgres\"]", "[]")).unwrap();
    let third = publisher.publish(&postgresql_plugin().unwrap(), "0.3.0").unwrap();
    assert_fails(&add(&cofferdam, &third, &["--yes"]), REFUSED, &["--grant postgres"]);
    let arguments = ["plugin", "inspect", third.to_str().unwrap()];
    let shown = cofferdam.succeed(&arguments, BOUND).unwrap().stdout;
    assert!(shown.contains("version 0.2.0 becomes 0.3.0") && shown.contains("is granted more: postgres"), "{shown}");
}

#[test]
fn another_publisher_is_refused_until_the_key_is_named() {
    let cofferdam = scene();
    let (one, other) = (Publisher::new(&cofferdam, "one").unwrap(), Publisher::new(&cofferdam, "other").unwrap());
    let plugin = faulty_plugin().unwrap();
    assert_adds(&cofferdam, &one.publish(&plugin, "0.1.0").unwrap(), &["--yes", "--publisher", &one.key]);
    let before = lock(&cofferdam);
    let update = other.publish(&plugin, "0.2.0").unwrap();
    for told in
        [&["--yes"][..], &["--yes", "--allow-unsigned", "--allow-downgrade"], &["--yes", "--publisher", &one.key]]
    {
        assert_fails(&add(&cofferdam, &update, told), REFUSED, &[&other.key, &one.key]);
    }
    // Nor may the signature just be left out.
    assert_fails(&add(&cofferdam, &plugin, &["--yes"]), REFUSED, &["isn't signed", &one.key, "--allow-unsigned"]);
    assert_eq!(lock(&cofferdam), before);
    assert_adds(&cofferdam, &update, &["--yes", "--publisher", &other.key]);
    assert!(lock(&cofferdam).contains(&other.key) && !lock(&cofferdam).contains(&one.key));
}

#[test]
fn an_older_version_is_refused_until_it_is_allowed() {
    let cofferdam = scene();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let plugin = faulty_plugin().unwrap();
    let (new, old) = (publisher.publish(&plugin, "0.9.0").unwrap(), publisher.publish(&plugin, "0.1.0").unwrap());
    assert_adds(&cofferdam, &new, &["--yes", "--publisher", &publisher.key]);
    assert_fails(&add(&cofferdam, &old, &["--yes"]), REFUSED, &["0.1.0", "0.9.0", "hint: ", "--allow-downgrade"]);
    assert_adds(&cofferdam, &old, &["--yes", "--allow-downgrade"]);
    assert!(lock(&cofferdam).contains("version = \"0.1.0\""));
}

#[test]
fn a_component_or_a_lock_that_was_changed_by_hand_does_not_load() {
    let cofferdam = scene();
    cofferdam.initialize().unwrap();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let file = publisher.publish(&faulty_plugin().unwrap(), "0.1.0").unwrap();
    assert_adds(&cofferdam, &file, &["--yes", "--publisher", &publisher.key]);
    assert!(backup(&cofferdam).status.success());
    let (lock_file, good, path) = (cofferdam.folder().join("cofferdam.lock"), lock(&cofferdam), component(&cofferdam));
    let bytes = fs::read(&path).unwrap();
    let put_back = || {
        fs::write(&lock_file, &good).unwrap();
        fs::write(&path, &bytes).unwrap();
    };

    // The component.
    let other = fs::read(faulty_plugin().unwrap()).unwrap();
    for changed in [&bytes[..bytes.len() - 1], &other[..], b""] {
        fs::write(&path, changed).unwrap();
        assert_fails(&backup(&cofferdam), CORRUPT, &["faulty", "was changed", "hint: "]);
    }
    let list = cofferdam.succeed(&["plugin", "list"], BOUND).unwrap().stdout;
    assert!(list.contains("was changed"), "{list}");
    put_back();

    // The lock: another digest names no component, and what it says of this one has to be so.
    let digest = good.split("sha256:").nth(1).unwrap()[..64].to_owned();
    for (old, new, code, words) in [
        (digest.as_str(), "0".repeat(64), REFUSED, "can't be read"),
        ("version = \"0.1.0\"", "version = \"0.2.0\"".to_owned(), CORRUPT, "changed by hand"),
        (&format!("publisher = \"{}\"\n", publisher.key), String::new(), CORRUPT, "changed by hand"),
        ("[plugins.faulty]", "[plugins.postgresql]".to_owned(), REFUSED, "no plugin for the engine"),
        ("grants = []", "grants = \"all\"".to_owned(), USAGE, "no lock file"),
    ] {
        fs::write(&lock_file, good.replace(old, &new)).unwrap();
        assert_ne!(lock(&cofferdam), good, "{old}");
        assert_fails(&backup(&cofferdam), code, &[words]);
    }
    // A component that somebody put there, under its right name, is in no lock.
    fs::remove_file(&lock_file).unwrap();
    assert_fails(&backup(&cofferdam), REFUSED, &["no plugin for the engine", "cofferdam plugin add"]);
    put_back();
    fs::set_permissions(&lock_file, Permissions::from_mode(0o666)).unwrap();
    assert_fails(&backup(&cofferdam), REFUSED, &["cofferdam.lock", "everybody"]);
    fs::set_permissions(&lock_file, Permissions::from_mode(0o644)).unwrap();
    assert!(backup(&cofferdam).status.success());
}

#[test]
fn a_signed_file_that_was_changed_anywhere_is_refused() {
    let cofferdam = scene();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let file = publisher.publish(&faulty_plugin().unwrap(), "0.1.0").unwrap();
    let good = fs::read(&file).unwrap();
    let before = lock(&cofferdam);
    // Some of the code, and each part of the signature: its head, the key, the signature itself.
    let ends = [1, 64, 65, 96, 97, 100, 117, 118, 119, 120].map(|back| good.len() - back);
    for at in [0, 9, good.len() / 4, good.len() / 2].into_iter().chain(ends) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(&file, &changed).unwrap();
        let output = add(&cofferdam, &file, &["--yes", "--publisher", &publisher.key]);
        let code = output.status.code().unwrap();
        assert!([FAILED, REFUSED, CORRUPT].contains(&code), "byte {at}: {}", output.stderr);
        assert_fails(&output, code, &["error: "]);
    }
    assert_eq!(lock(&cofferdam), before);
    fs::write(&file, &good).unwrap();
    let digest = |file: &Path| {
        let sum = succeed(Command::new("sha256sum").arg(file), BOUND).unwrap();
        format!("sha256:{}", &sum[..64])
    };
    let wrong = digest(&faulty_plugin().unwrap());
    assert_fails(&add(&cofferdam, &file, &["--yes", "--digest", &wrong]), CORRUPT, &[&wrong]);
    // A digest names the file, and so the key in it.
    assert_adds(&cofferdam, &file, &["--yes", "--digest", &digest(&file)]);
}

#[test]
fn what_is_no_plugin_is_refused_without_a_trace() {
    let cofferdam = scene();
    let file = cofferdam.folder().join("odd.wasm");
    let whole = fs::read(faulty_plugin().unwrap()).unwrap();
    let before = lock(&cofferdam);
    let zip = [b"PK\x03\x04", &whole[..]].concat();
    let module = b"\0asm\x01\0\0\0".as_slice();
    let old = "An engine that misbehaves";
    let hidden = with_text(&whole, old, "An engine\u{202e}that misbehav").unwrap();
    let escape = with_text(&whole, old, "An engine\\u001b[2Jmisbeha").unwrap();
    let unversioned = with_version(&whole, "newer").unwrap();
    for bytes in [b"".as_slice(), b"a letter", &zip, &whole[..1000], module, &hidden, &escape] {
        fs::write(&file, bytes).unwrap();
        for command in ["inspect", "add"] {
            let arguments = ["plugin", command, file.to_str().unwrap()];
            let output = cofferdam.run(&arguments, BOUND).unwrap();
            assert_fails(&output, FAILED, &["odd.wasm"]);
            let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!output.stderr.contains(harmful), "{:?}", output.stderr);
        }
    }
    // What can't be compared can't be kept from going back.
    fs::write(&file, unversioned).unwrap();
    assert_fails(&add(&cofferdam, &file, &["--yes", "--allow-unsigned"]), FAILED, &["faulty", "\"newer\"", "hint: "]);
    // Larger than any plugin, and on no disk.
    fs::File::create(&file).unwrap().set_len(8 << 30).unwrap();
    assert_fails(&add(&cofferdam, &file, &["--yes"]), FAILED, &["larger than 64 MiB"]);
    assert_fails(&add(&cofferdam, cofferdam.folder(), &["--yes"]), FAILED, &["can't be read"]);
    assert_eq!(lock(&cofferdam), before);
}

/// What comes through a pipe comes once: whoever reads it a second time gets something else, or waits for ever.
fn pipe(path: &Path, bytes: Vec<u8>) {
    // Whatever stood there, as it does when a component is swapped.
    let _ = fs::remove_file(path);
    succeed(Command::new("mkfifo").arg(path), BOUND).unwrap();
    let path = path.to_owned();
    thread::spawn(move || fs::OpenOptions::new().write(true).open(path).unwrap().write_all(&bytes).unwrap());
}

#[test]
fn what_was_checked_is_what_is_written_and_run() {
    let cofferdam = scene();
    cofferdam.initialize().unwrap();
    let bytes = fs::read(faulty_plugin().unwrap()).unwrap();
    let file = cofferdam.folder().join("piped.wasm");
    pipe(&file, bytes.clone());
    assert_adds(&cofferdam, &file, &["--yes", "--allow-unsigned"]);
    let path = component(&cofferdam);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    // The same on the way from the lock to the sandbox.
    pipe(&path, bytes);
    let output = backup(&cofferdam);
    assert!(output.status.success(), "{}", output.stderr);
}

/// Runs a command on a terminal; `answer` is called with it once it asks.
fn on_a_terminal(cofferdam: &Cofferdam, arguments: &[&str], answer: impl FnOnce() -> &'static str) -> (i32, String) {
    let bare = cofferdam.command(arguments);
    let words: Vec<_> = std::iter::once(bare.get_program()).chain(bare.get_args()).collect();
    let line = words.iter().map(|word| format!("'{}'", word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(cofferdam.folder());
    command.envs(bare.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = stdout.read(&mut piece) {
            sender.send(String::from_utf8_lossy(&piece[..length]).into_owned()).unwrap();
        }
    });
    let mut all = String::new();
    while !all.contains("[y/N]") {
        all += &told.recv_timeout(BOUND).unwrap_or_else(|_| panic!("it never asks:\n{all}"));
    }
    child.stdin.take().unwrap().write_all(answer().as_bytes()).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    all.extend(told.iter());
    (code, all)
}

#[test]
fn a_person_is_shown_what_it_wants_and_a_file_that_is_swapped_meanwhile_changes_nothing() {
    let cofferdam = scene();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let file = publisher.publish(&postgresql_plugin().unwrap(), "0.1.0").unwrap();
    let shown = file.to_str().unwrap();
    let before = lock(&cofferdam);
    for no in ["n\n", "\n", "yess\n"] {
        let (code, all) = on_a_terminal(&cofferdam, &["plugin", "add", shown], || no);
        assert_eq!((code, lock(&cofferdam)), (CANCELLED, before.clone()), "{all}");
        for words in
            ["PostgreSQL", &publisher.key, "not known here yet", "postgres", "in PostgreSQL's protocol", "sha256:"]
        {
            assert!(all.contains(words), "{words} isn't in {all}");
        }
    }
    let good = fs::read(&file).unwrap();
    let (code, all) = on_a_terminal(&cofferdam, &["plugin", "add", shown], || {
        fs::write(&file, fs::read(faulty_plugin().unwrap()).unwrap()).unwrap();
        "y\n"
    });
    assert_eq!(code, 0, "{all}");
    assert_eq!(fs::read(component(&cofferdam)).unwrap(), good);
}

#[test]
fn a_publishers_private_key_is_for_their_eyes_only() {
    let cofferdam = scene();
    let publisher = Publisher::new(&cofferdam, "someone").unwrap();
    let file = cofferdam.folder().join("someone.key");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let private = fs::read_to_string(&file).unwrap();
    let again = cofferdam.run(&["plugin", "keygen", "someone.key"], BOUND).unwrap();
    assert_fails(&again, FAILED, &["is there already"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), private);

    let signed = publisher.publish(&faulty_plugin().unwrap(), "0.1.0").unwrap();
    let shown = signed.to_str().unwrap();
    let twice = cofferdam.run(&["plugin", "sign", shown, "--key", "someone.key"], BOUND).unwrap();
    assert_fails(&twice, FAILED, &["signed already"]);
    // Neither another kind of key nor what isn't a plugin.
    fs::copy(faulty_plugin().unwrap(), &signed).unwrap();
    fs::write(cofferdam.folder().join("public.key"), &publisher.key).unwrap();
    let wrong = cofferdam.run(&["plugin", "sign", shown, "--key", "public.key"], BOUND).unwrap();
    assert_fails(&wrong, REFUSED, &["private key"]);
    let wrong = cofferdam.run(&["plugin", "sign", "cofferdam.toml", "--key", "someone.key"], BOUND).unwrap();
    assert_fails(&wrong, FAILED, &["component"]);
    for output in [again, twice, wrong] {
        assert!(!(output.stderr + &output.stdout).contains(private.trim()));
    }
}

#[test]
fn compiled_code_comes_only_from_a_folder_that_is_ours_alone() {
    let cofferdam = scene();
    cofferdam.initialize().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cofferdam");
    let with_cache = |arguments: &[&str]| {
        let mut command = cofferdam.command(arguments);
        run(command.env("XDG_CACHE_HOME", folder.path()), BOUND).unwrap()
    };
    let plugin = faulty_plugin().unwrap();
    let arguments = ["plugin", "add", plugin.to_str().unwrap(), "--yes", "--allow-unsigned"];
    assert!(with_cache(&arguments).status.success());
    assert_eq!(cache.metadata().unwrap().permissions().mode() & 0o777, 0o700);

    // Whatever is found there: what can't have been written by us is compiled anew.
    let mut cached = vec![cache.clone()];
    let mut files = 0;
    while let Some(path) = cached.pop() {
        if path.is_dir() {
            cached.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            fs::write(&path, b"\x7fELF poison").unwrap();
            files += 1;
        }
    }
    assert!(files > 0, "nothing was cached");
    let output = with_cache(&["backup", "odd", "--set", "fault=small"]);
    assert!(output.status.success(), "{}", output.stderr);

    for mode in [0o777, 0o770, 0o720] {
        fs::set_permissions(&cache, Permissions::from_mode(mode)).unwrap();
        assert_fails(&with_cache(&["backup", "odd"]), REFUSED, &["isn't ours alone"]);
    }
    fs::remove_dir_all(&cache).unwrap();
    std::os::unix::fs::symlink("/tmp", &cache).unwrap();
    assert_fails(&with_cache(&["backup", "odd"]), REFUSED, &["isn't ours alone"]);
}

#[test]
fn a_plugin_that_was_removed_does_not_run_any_more() {
    let cofferdam = scene();
    cofferdam.initialize().unwrap();
    cofferdam.add_plugin(&faulty_plugin().unwrap(), &[]).unwrap();
    assert!(backup(&cofferdam).status.success());
    let path = component(&cofferdam);
    let removed = cofferdam.succeed(&["plugin", "remove", "faulty"], BOUND).unwrap();
    assert!(removed.stderr.contains("the instance odd can't be used any more"), "{}", removed.stderr);
    assert!(!path.exists());
    assert_fails(&backup(&cofferdam), REFUSED, &["instance odd", "no plugin for the engine \"faulty\""]);
    let again = cofferdam.run(&["plugin", "remove", "faulty"], BOUND).unwrap();
    assert_fails(&again, REFUSED, &["no plugin \"faulty\" is installed"]);
}
