//! Backups of all databases of a MongoDB server: verified by restoring each under a name of its own, and compared by the
//! databases' names. On the double and on mongoeco.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

use bson::{Document, doc};
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::Kind;
use cofferdam_tests::mongodb::Server;
use cofferdam_tests::{on_both, pymongo};

const MINUTES: Duration = Duration::from_secs(300);

/// As long as a database's name may be.
const LONG: &str = "a_tenant_with_the_longest_name_that_a_server_lets_a_database_ha";

/// How long a verification waits between writing and reading what it restored, and we have to change that.
const PAUSE: Duration = Duration::from_secs(4);

// The exit codes of `cofferdam --help`.
const DIFFERENT: i32 = 1;
const CORRUPT: i32 = 5;
const CANCELLED: i32 = 130;

on_both!(
    a_backup_of_all_databases_is_restored_read_again_and_leaves_nothing,
    whatever_is_not_as_it_was_is_found_in_whichever_database_it_is,
    an_end_in_the_middle_leaves_nothing_and_a_kill_what_cleanup_takes_away,
    databases_of_two_servers_are_compared_by_their_names,
);

struct Scene {
    server: Server,
    cofferdam: Cofferdam,
}

impl Scene {
    /// A server with databases of several kinds, of which all are backed up, and a repository.
    fn new(server: Server) -> Self {
        server.fill_listed("shop").unwrap();
        let documents = |n: i32| (0..n).map(|id| doc! { "_id": id }).collect::<Vec<Document>>();
        for (namespace, n) in [("other.many", 10), ("verify_.many", 11), ("admin.notes", 12)] {
            server.insert(namespace, &documents(n)).unwrap();
        }
        server.insert(&format!("{LONG}.many"), &documents(13)).unwrap();
        if !server.is_mongoeco() {
            server.python("c.shop.command('createUser', 'alice', pwd='her own', roles=['read'])").unwrap();
        }
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("all", &server.url(""), server.password()).unwrap();
        cofferdam.initialize().unwrap();
        let scene = Self { server, cofferdam };
        scene.succeed(&["backup", "all"]);
        scene
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    /// Begins to verify, and waits until everything is restored.
    fn verify(&self) -> (Child, BufReader<ChildStderr>, String) {
        let mut command = self.cofferdam.command(&["backups", "verify", "all@latest", "--restore", "all"]);
        command.env("COFFERDAM_PAUSE_AT", format!("scratch-restored={}", PAUSE.as_secs()));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains("paused at scratch-restored") {
            assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "it never came to the pause:\n{told}");
        }
        (child, stderr, told)
    }

    /// What a database is called while it is verified.
    fn copy(&self, of: &str) -> String {
        let copy = |name: &String| name.starts_with(&format!("{of}-")) && name.contains("cofferdam_");
        self.server.databases().unwrap().into_iter().find(copy).unwrap_or_else(|| panic!("{of} isn't copied"))
    }

    fn assert_nothing_left(&self) {
        assert_eq!(self.server.databases().unwrap(), [LONG, "admin", "other", "shop", "verify_"]);
    }
}

fn a_backup_of_all_databases_is_restored_read_again_and_leaves_nothing(server: Server) {
    let scene = Scene::new(server);
    // What happens to the source afterwards is no business of the backup's.
    scene.server.insert("other.many", &[doc! { "_id": 10 }]).unwrap();
    let verified = scene.succeed(&["backups", "verify", "all@latest", "--restore", "all"]);
    assert!(verified.stdout.contains("are the same"), "{}", verified.stdout);
    assert!(!verified.stdout.contains(" 0 rows"), "{}", verified.stdout);
    scene.assert_nothing_left();

    // What is chosen of all databases, too.
    scene.succeed(&["backup", "all", "--only", "*.many"]);
    scene.succeed(&["backups", "verify", "all@latest", "--restore", "all"]);
    scene.assert_nothing_left();
}

#[test]
fn a_backup_of_all_databases_of_a_server_alone_is_restored_and_read_again() {
    let server = Server::double(Kind::Standalone).unwrap();
    a_backup_of_all_databases_is_restored_read_again_and_leaves_nothing(server);
}

fn whatever_is_not_as_it_was_is_found_in_whichever_database_it_is(server: Server) {
    let scene = Scene::new(server);
    for (database, change, found) in [
        ("other", "d.many.delete_one({'_id': 3})", "other.many"),
        ("shop", "d.many.drop_index('some')", "index some of shop.many"),
        ("admin", "d.notes.replace_one({'_id': 1}, {'x': 1})", "admin.notes"),
        ("verify_", "d.create_collection('new')", "verify_.new"),
    ] {
        let (child, mut stderr, _) = scene.verify();
        scene.server.python(&format!("d = c['{}']; {change}", scene.copy(database))).unwrap();
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        let output = child.wait_with_output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(CORRUPT), "{change}:\n{listed}{told}");
        assert!(listed.contains(found) && listed.lines().count() <= 4, "{change}:\n{listed}");
        scene.assert_nothing_left();
    }
}

fn an_end_in_the_middle_leaves_nothing_and_a_kill_what_cleanup_takes_away(server: Server) {
    let scene = Scene::new(server);
    for (signal, code) in [("-INT", Some(CANCELLED)), ("-KILL", None)] {
        let (child, _stderr, told) = scene.verify();
        let id = scene.copy("other").rsplit_once('_').unwrap().1.to_owned();
        assert!(told.contains(&id), "the operation's id isn't told:\n{told}");
        std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait_with_output().unwrap().status.code(), code);
        if code.is_none() {
            scene.copy("shop");
            scene.succeed(&["cleanup", &id, "--instance", "all"]);
        }
        scene.assert_nothing_left();
    }
}

fn databases_of_two_servers_are_compared_by_their_names(server: Server) {
    let mut scene = Scene::new(server);
    let other = scene.server.another().unwrap();
    scene.cofferdam.add_mongodb("second", &other.url(""), other.password()).unwrap();
    scene.succeed(&["restore", "all@latest", "--to", "second", "--set", "users=restore"]);
    if !other.is_mongoeco() {
        // Each server has a user of its own that logs in here, with the same password and another salt.
        let same = "import sys, pymongo; one, other = [pymongo.MongoClient(url).admin.system.users for url in sys.argv[1:]]; \
                    other.replace_one({'user': 'backup'}, one.find_one({'user': 'backup'}))";
        pymongo::code(same, &[&scene.server.full_url(), &other.full_url()]).unwrap();
    }
    scene.succeed(&["compare", "all", "second"]);
    scene.succeed(&["compare", "all@latest", "second"]);

    other.insert("other.many", &[doc! { "_id": 10 }]).unwrap();
    other.insert("new.things", &[doc! { "_id": 1 }]).unwrap();
    other.python("c.drop_database('verify_')").unwrap();
    let output = scene.run(&["compare", "all", "second"]);
    assert_eq!(output.status.code(), Some(DIFFERENT), "{}", output.stderr);
    for named in ["other.many", "new.things", "only in target", "verify_.many", "only in source"] {
        assert!(output.stdout.contains(named), "{named} isn't named:\n{}", output.stdout);
    }
    assert!(!output.stdout.contains("shop."), "what is the same is named:\n{}", output.stdout);

    // All databases and one are called differently, which is told.
    let output = scene.run(&["compare", "all", "all/shop"]);
    assert_eq!(output.status.code(), Some(DIFFERENT), "{}", output.stderr);
    assert!(output.stdout.contains("all databases"), "{}", output.stdout);
}
