//! What an author does first: what docs/plugins.md says, and what a new crate's own README.md says, line by line, outside of
//! this workspace.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
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
const GRANTS: &str = " --grant tcp --grant secret-write";

/// Authors share what was compiled for them, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Somebody who reads, and does what it says.
struct Author {
    /// Where they are.
    folder: PathBuf,
    toy: Option<Toy>,
    /// How many tests of their own they have.
    tests: usize,
}

impl Author {
    fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), toy: None, tests: 4 }
    }

    /// Goes into the crate, whose dependencies stay compiled from one run to the next.
    fn enter(&mut self, name: &str) {
        self.folder.push(name);
        let target = target_folder().join("author");
        fs::create_dir_all(&target).unwrap();
        symlink(target, self.folder.join("target")).unwrap();
        // The versions that are here already: nothing is fetched.
        fs::copy(root().join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
    }

    /// Runs a line as a shell does, with the program in the path.
    fn shell(&self, line: &str) -> Output {
        let programs = program().unwrap().parent().unwrap().display().to_string();
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.folder);
        command.env("PATH", format!("{programs}:{}", env::var("PATH").unwrap()));
        command.env("CARGO_NET_OFFLINE", "true").env("XDG_CACHE_HOME", target_folder().join("cache"));
        // What cargo gives a test isn't meant for another crate.
        command.env_remove("CARGO_TARGET_DIR");
        if let Some(toy) = &self.toy {
            command.env("TOY_PASSWORD", Toy::PASSWORD).env("TOY_PORT", toy.port().to_string());
        }
        run(&mut command, MINUTES).unwrap()
    }

    fn succeed(&self, line: &str) -> Output {
        let output = self.shell(line);
        println!("{line}: {:?}", output.elapsed);
        assert!(output.status.success(), "{line}\n{}{}", output.stdout, output.stderr);
        output
    }

    /// Starts the toy on a port that is free, and has the crate know.
    fn serve(&mut self) {
        let toy = Toy::start(&self.folder.join("target/debug/examples/toy")).unwrap();
        let path = self.folder.join("cofferdam.toml");
        let config = fs::read_to_string(&path).unwrap();
        assert!(config.contains(PORT), "{config}");
        fs::write(path, config.replace(PORT, &toy.port().to_string())).unwrap();
        self.toy = Some(toy);
    }

    fn follow_line(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("cd ") {
            return self.enter(name);
        }
        if line.contains("-- serve") {
            assert!(line.contains(PORT), "{line}");
            return self.serve();
        }
        let output = self.succeed(line);
        if line.starts_with("cargo test") {
            let passed = format!("test result: ok. {} passed", self.tests);
            assert!(output.stdout.contains(&passed), "{}", output.stdout);
            assert!(!output.stderr.contains("warning"), "{}", output.stderr);
        }
        if line.contains("plugin test") {
            assert!(output.stdout.ends_with("14 held, 0 failed, 0 not tested\n"), "{}", output.stdout);
            let ungranted = line.strip_suffix(GRANTS).expect("both grants are told");
            assert_fails(&self.shell(ungranted), REFUSED, &["--grant secret-write --grant tcp"]);
        }
    }

    /// Types every line behind a prompt, applies every patch, and finds every piece of code in the crate.
    fn follow(&mut self, text: &str) {
        let mut blocks = text.split("\n```");
        blocks.next();
        // What stands between two fences, and then what stands behind the second.
        while let Some(block) = blocks.next() {
            let (kind, block) = block.split_once('\n').unwrap();
            match kind {
                "console" => block.lines().filter_map(|line| line.strip_prefix("$ ")).for_each(|l| self.follow_line(l)),
                "rust" => {
                    let files = fs::read_dir(self.folder.join("src")).unwrap();
                    let mut texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
                    assert!(texts.any(|text| text.contains(block)), "not in the crate:\n{block}");
                }
                "diff" => {
                    fs::write(self.folder.join("choose.patch"), format!("{block}\n")).unwrap();
                    self.succeed("patch -p1 < choose.patch");
                    self.tests += block.matches("+#[test]").count();
                }
                _ => {}
            }
            blocks.next();
        }
    }

    /// Takes away what was compiled of the crate: it is of use to no other run.
    fn clean(&self) {
        for profile in ["dev", "plugin --target wasm32-unknown-unknown"] {
            self.succeed(&format!("cargo clean --package my-engine --package cofferdam-sdk --profile {profile}"));
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn whoever_follows_the_tutorial_has_an_engine() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let parent = tempfile::Builder::new().prefix("cofferdam-author-").tempdir().unwrap();
    let text = fs::read_to_string(root().join("docs/plugins.md")).unwrap();
    let (begin, end) = (text.find("\n## A first engine").unwrap(), text.find("\n## Holding it").unwrap());
    let mut author = Author::at(parent.path());
    author.follow(&text[begin..end]);
    assert_eq!(author.tests, 5, "the tutorial changes nothing");
    author.clean();
}

#[test]
fn a_new_engine_does_what_its_readme_says() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let parent = tempfile::Builder::new().prefix("cofferdam-author-").tempdir().unwrap();
    let mut author = Author::at(parent.path());
    author.succeed("cofferdam plugin new my-engine");
    author.enter("my-engine");
    let text = fs::read_to_string(author.folder.join("README.md")).unwrap();
    assert!(text.matches("\n$ ").count() >= 10, "the README has no commands");
    author.follow(&text);
    author.clean();
}

#[test]
fn a_description_that_leaves_a_check_out_without_a_word_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let mut author = Author::at(parent.path());
    author.succeed("cofferdam plugin new other");
    author.enter("other");
    let path = author.folder.join("conformance.toml");
    let text = fs::read_to_string(&path).unwrap();
    let without: String =
        text.lines().filter(|line| !line.starts_with("odd")).map(|line| format!("{line}\n")).collect();
    fs::write(&path, without).unwrap();
    let output = author.shell("cofferdam plugin test nothing.wasm --instance toy");
    assert_fails(&output, INVALID, &["odd-things", "say in [untested] why not"]);
}
