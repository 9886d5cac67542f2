//! What goes wrong with MongoDB: on the double, which fails as it is told to. Each time one clear error or a backup that is
//! whole, no document twice, and nothing left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bson::doc;
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::{Action, Fault, Mongodb, Options, User};
use cofferdam_tests::failure::assert_fails;

const MINUTES: Duration = Duration::from_secs(300);
const PASSWORD: &str = "not easily guessed";

// The exit codes of `cofferdam --help`.
const INTERRUPTED: i32 = 130;

/// How many documents the large collection has: three of the largest replies.
const LARGE: i32 = 2000;

struct Scene {
    server: Mongodb,
    cofferdam: Cofferdam,
}

impl Scene {
    /// A server with a large collection and a small one, and a repository.
    fn new() -> Self {
        let user = User { name: "backup".into(), password: PASSWORD.into() };
        let server = Mongodb::start(Options { user: Some(user), ..Options::default() }).unwrap();
        let text = "0123456789abcdef".repeat(1250);
        let document = |id: i32| doc! { "_id": id, "text": &text, "again": id }.to_vec().unwrap();
        server.insert("shop.large", (0..LARGE).map(document)).unwrap();
        server.insert("shop.small", (0..100).map(|id| doc! { "_id": id }.to_vec().unwrap())).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("shop", &server.url("shop"), PASSWORD).unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until this command has come so often since `from` commands had.
    fn wait_for(&self, command: &str, times: usize, from: usize) {
        let since = Instant::now();
        while self.server.commands().iter().skip(from).filter(|seen| *seen == command).count() < times {
            assert!(since.elapsed() < Duration::from_secs(60), "{command} didn't come {times} times");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn assert_nothing_is_listed(&self) {
        let listed = self.succeed(&["backups", "list", "--json"]).stdout;
        assert!(!listed.contains("shop"), "a backup is listed: {listed}");
    }

    fn restore(&self) -> Output {
        self.run(&["restore", "shop@latest", "--to", "shop", "--database", "again"])
    }

    /// The restored database is the one that was backed up, document by document.
    fn assert_restored(&self) {
        for collection in ["large", "small"] {
            let sorted = |database: &str| {
                let mut documents = self.server.documents(&format!("{database}.{collection}"));
                documents.sort();
                documents
            };
            assert!(sorted("again") == sorted("shop"), "{collection} isn't what it was");
        }
    }

    /// Nothing but what there was, and what is named.
    fn assert_databases(&self, more: &[&str]) {
        let ours = ["admin", "local", "shop"];
        let left = self.server.databases();
        let other: Vec<_> = left.iter().map(String::as_str).filter(|name| !ours.contains(name)).collect();
        assert_eq!(other, more);
    }
}

fn output(child: Child) -> Output {
    let since = Instant::now();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: done.status, stdout: text(done.stdout), stderr: text(done.stderr), elapsed: since.elapsed() }
}

#[test]
fn a_cursor_is_read_on_after_a_fault_or_its_unit_is_read_again_and_the_backup_is_whole() {
    for action in [Action::Close, Action::Cut(100_000), Action::Fail(43, Vec::new()), Action::Fail(11_600, Vec::new())]
    {
        let scene = Scene::new();
        scene.server.fail(Fault::once("getMore", action.clone()).on("shop.large"));
        let output = scene.run(&["backup", "shop"]);
        assert!(output.status.success(), "{action:?}: {}", output.stderr);
        assert_eq!(scene.server.open_cursors(), 0, "{action:?}");
        let restored = scene.restore();
        assert!(restored.status.success(), "{action:?}: {}", restored.stderr);
        scene.assert_restored();
    }
}

#[test]
fn a_snapshot_that_is_too_old_fails_the_backup() {
    let scene = Scene::new();
    // Slow, so that the history goes while there is something left to read.
    scene.server.fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(3)).on("shop.large").always());
    let child = scene.start(&["backup", "shop"]);
    scene.wait_for("getMore shop.large", 1, 0);
    scene.server.expire_snapshots();
    scene.server.forgive();
    let output = output(child);
    assert_fails(&output, output.status.code().unwrap(), &["snapshot", "minSnapshotHistoryWindowInSeconds"]);
    assert!(!output.status.success());
    scene.assert_nothing_is_listed();
    assert_eq!(scene.server.open_cursors(), 0);
}

#[test]
fn an_interrupted_insert_leaves_no_document_out_and_none_twice() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    for action in [
        Action::Half(50),
        Action::Cut(0),
        Action::Cut(20),
        Action::Close,
        Action::Fail(189, Vec::new()),
        Action::Fail(10_107, Vec::new()),
        Action::WriteConcern(doc! { "code": 91, "codeName": "ShutdownInProgress", "errmsg": "shutting down" }),
    ] {
        let commands = scene.server.commands().len();
        scene.server.fail(Fault::once("insert", action.clone()).after(1));
        let restored = scene.restore();
        assert!(restored.status.success(), "{action:?}: {}", restored.stderr);
        scene.assert_restored();
        scene.assert_databases(&["again"]);
        assert!(scene.server.commands().len() > commands, "{action:?}: nothing was inserted");
        scene.server.drop_database("again").unwrap();
    }
}

#[test]
fn a_primary_that_steps_down_is_waited_for() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    let from = scene.server.commands().len();
    scene.server.fail(Fault::once("insert", Action::Nothing).slow(Duration::from_millis(300)).always());
    let child = scene.start(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    while !scene.server.commands().iter().skip(from).any(|command| command.starts_with("insert ")) {
        std::thread::sleep(Duration::from_millis(5));
    }
    scene.server.step_down(Duration::from_secs(2));
    scene.server.forgive();
    let output = output(child);
    assert!(output.status.success(), "{}", output.stderr);
    scene.assert_restored();
}

#[test]
fn a_restore_that_fails_leaves_nothing_half_done() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    scene.server.fail(Fault::once("insert", Action::Fail(14_031, Vec::new())).after(2).always());
    let refused = scene.restore();
    assert!(!refused.status.success(), "a restore onto a full disk succeeded");
    scene.server.forgive();
    scene.assert_databases(&[]);
    let restored = scene.restore();
    assert!(restored.status.success(), "{}", restored.stderr);
    scene.assert_restored();
}

#[test]
fn ctrl_c_leaves_neither_a_cursor_nor_a_backup() {
    let scene = Scene::new();
    scene.server.fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(2)).on("shop.large").always());
    let child = scene.start(&["backup", "shop"]);
    scene.wait_for("getMore shop.large", 1, 0);
    let asked = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = output(child);
    assert_eq!(output.status.code(), Some(INTERRUPTED), "{}", output.stderr);
    assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?} to end", asked.elapsed());
    scene.assert_nothing_is_listed();
    // The last command may still be on its way through the server when the program has ended.
    let since = Instant::now();
    while scene.server.open_cursors() > 0 {
        assert!(since.elapsed() < Duration::from_secs(10), "a cursor is left open");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_killed_backup_is_not_listed_and_the_next_one_works() {
    let scene = Scene::new();
    scene.server.fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(2)).on("shop.large").always());
    let mut child = scene.start(&["backup", "shop"]);
    scene.wait_for("getMore shop.large", 1, 0);
    child.kill().unwrap();
    child.wait().unwrap();
    scene.server.forgive();
    scene.assert_nothing_is_listed();
    scene.succeed(&["backup", "shop"]);
    assert!(scene.restore().status.success());
    scene.assert_restored();
}
