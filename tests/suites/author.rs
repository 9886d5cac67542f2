//! What an author does first: `plugin new`, and then what the new crate's own README.md says, line by line, outside of this
//! workspace.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use cofferdam_tests::cofferdam::program;
use cofferdam_tests::command::{Output, run};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::{Toy, target_folder};

/// The first time, everything that the SDK needs is compiled, twice.
const MINUTES: Duration = Duration::from_secs(550);
// The exit codes of `cofferdam --help`.
const INVALID: i32 = 2;
const REFUSED: i32 = 3;

/// The default port of the toy, which isn't free everywhere.
const PORT: &str = "23477";

/// Makes a crate named `name` in `parent`, whose dependencies stay compiled from one run to the next.
fn new(parent: &Path, name: &str) {
    let output =
        run(Command::new(program().unwrap()).args(["plugin", "new", name]).current_dir(parent), MINUTES).unwrap();
    assert!(output.status.success(), "{}", output.stderr);
    let (folder, target) = (parent.join(name), target_folder().join("author"));
    fs::create_dir_all(&target).unwrap();
    symlink(target, folder.join("target")).unwrap();
    // The versions that are here already: nothing is fetched.
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

/// Runs a line as a shell does, in the crate, with the program in the path.
fn shell(folder: &Path, toy: Option<&Toy>, line: &str) -> Output {
    let programs = program().unwrap().parent().unwrap().display().to_string();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder);
    command.env("PATH", format!("{programs}:{}", env::var("PATH").unwrap()));
    command.env("CARGO_NET_OFFLINE", "true").env("XDG_CACHE_HOME", target_folder().join("cache"));
    // What cargo gives a test isn't meant for another crate.
    command.env_remove("CARGO_TARGET_DIR");
    if let Some(toy) = toy {
        command.env("TOY_PASSWORD", Toy::PASSWORD).env("TOY_PORT", toy.port().to_string());
    }
    run(&mut command, MINUTES).unwrap()
}

#[test]
fn a_new_engine_does_what_its_readme_says() {
    let parent = tempfile::Builder::new().prefix("cofferdam-author-").tempdir().unwrap();
    new(parent.path(), "my-engine");
    let folder = parent.path().join("my-engine");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let (mut toy, mut lines) = (None, 0);
    for line in readme.lines().filter_map(|line| line.strip_prefix("$ ")) {
        lines += 1;
        if line.contains("-- serve") {
            assert!(line.contains(PORT), "{line}");
            let started = Toy::start(&folder.join("target/debug/examples/toy")).unwrap();
            let config = fs::read_to_string(folder.join("cofferdam.toml")).unwrap();
            assert!(config.contains(PORT), "{config}");
            fs::write(folder.join("cofferdam.toml"), config.replace(PORT, &started.port().to_string())).unwrap();
            toy = Some(started);
            continue;
        }
        let output = shell(&folder, toy.as_ref(), line);
        println!("{line}: {:?}", output.elapsed);
        assert!(output.status.success(), "{line}\n{}{}", output.stdout, output.stderr);
        if line.starts_with("cargo test") {
            assert!(output.stdout.contains("test result: ok. 4 passed"), "{}", output.stdout);
        }
        if line.contains("plugin test") {
            assert!(output.stdout.ends_with("14 held, 0 failed, 0 not tested\n"), "{}", output.stdout);
            let ungranted = line.split(" --grant").next().unwrap();
            let grants = ["\"tcp\"", "--grant tcp", "--grant secret-write"];
            assert_fails(&shell(&folder, toy.as_ref(), ungranted), REFUSED, &grants[1..]);
        }
    }
    assert!(lines >= 10, "the README has no commands");
    // What was compiled of this crate is of use to no other run.
    for profile in ["dev", "plugin --target wasm32-unknown-unknown"] {
        let line = format!("cargo clean --package my-engine --package cofferdam-sdk --profile {profile}");
        let output = shell(&folder, None, &line);
        assert!(output.status.success(), "{}", output.stderr);
    }
}

#[test]
fn a_description_that_leaves_a_check_out_without_a_word_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    new(parent.path(), "other");
    let folder = parent.path().join("other");
    let path = folder.join("conformance.toml");
    let text = fs::read_to_string(&path).unwrap();
    let without: String =
        text.lines().filter(|line| !line.starts_with("odd")).map(|line| format!("{line}\n")).collect();
    fs::write(&path, without).unwrap();
    let output = shell(&folder, None, "cofferdam plugin test nothing.wasm --instance toy");
    assert_fails(&output, INVALID, &["odd-things", "say in [untested] why not"]);
}
