//! Backups of all databases of a MongoDB server: verified by restoring each under a name of its own, and compared by the
//! databases' names. On the double, and the main path on mongoeco too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

use bson::doc;
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::{Kind, Mongodb, Options, User};
use cofferdam_tests::pymongo;
use cofferdam_tests::servers::Mongoeco;

const MINUTES: Duration = Duration::from_secs(300);
const PASSWORD: &str = "not easily guessed";

/// As long as a database's name may be.
const LONG: &str = "a_tenant_with_the_longest_name_that_a_server_lets_a_database_ha";

/// How long a verification waits between writing and reading what it restored, and we have to change that.
const PAUSE: Duration = Duration::from_secs(4);

// The exit codes of `cofferdam --help`.
const DIFFERENT: i32 = 1;
const CORRUPT: i32 = 5;
const CANCELLED: i32 = 130;

fn double(kind: Kind) -> Mongodb {
    let user = User { name: "backup".into(), password: PASSWORD.into() };
    Mongodb::start(Options { kind, user: Some(user), ..Options::default() }).unwrap()
}

struct Scene {
    server: Mongodb,
    cofferdam: Cofferdam,
}

impl Scene {
    /// A server with databases of several kinds, of which all are backed up, and a repository.
    fn new(kind: Kind) -> Self {
        let server = double(kind);
        pymongo::run("databases/mongodb.py", &[&server.full_url(), "shop", "full"]).unwrap();
        let documents = |n: i32| (0..n).map(|id| doc! { "_id": id }.to_vec().unwrap());
        for (namespace, n) in [("other.many", 10), ("verify_.many", 11), ("admin.notes", 12)] {
            server.insert(namespace, documents(n)).unwrap();
        }
        server.insert(&format!("{LONG}.many"), documents(13)).unwrap();
        let make = "import sys, pymongo; pymongo.MongoClient(sys.argv[1])['shop'].command('createUser', 'alice', \
                    pwd='her own', roles=['read'])";
        pymongo::code(make, &[&server.full_url()]).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("all", &server.url(""), PASSWORD).unwrap();
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
        self.server.databases().into_iter().find(copy).unwrap_or_else(|| panic!("{of} isn't copied"))
    }

    fn assert_nothing_left(&self) {
        let databases: Vec<_> = self.server.databases().into_iter().filter(|name| name != "local").collect();
        assert_eq!(databases, [LONG, "admin", "other", "shop", "verify_"]);
    }
}

#[test]
fn a_backup_of_all_databases_is_restored_read_again_and_leaves_nothing() {
    for kind in [Kind::ReplicaSet, Kind::Standalone] {
        let scene = Scene::new(kind);
        // What happens to the source afterwards is no business of the backup's.
        scene.server.insert("other.many", [doc! { "_id": 10 }.to_vec().unwrap()]).unwrap();
        let verified = scene.succeed(&["backups", "verify", "all@latest", "--restore", "all"]);
        assert!(verified.stdout.contains("are the same"), "{}", verified.stdout);
        assert!(!verified.stdout.contains(" 0 rows"), "{}", verified.stdout);
        scene.assert_nothing_left();

        // What is chosen of all databases, too.
        scene.succeed(&["backup", "all", "--only", "*.many"]);
        scene.succeed(&["backups", "verify", "all@latest", "--restore", "all"]);
        scene.assert_nothing_left();
    }
}

#[test]
fn whatever_is_not_as_it_was_is_found_in_whichever_database_it_is() {
    let scene = Scene::new(Kind::ReplicaSet);
    for (database, change, found) in [
        ("other", "d.many.delete_one({'_id': 3})", "other.many"),
        ("shop", "d.many.drop_index('some')", "index some of shop.many"),
        ("admin", "d.notes.replace_one({'_id': 1}, {'x': 1})", "admin.notes"),
        ("verify_", "d.create_collection('new')", "verify_.new"),
    ] {
        let (child, mut stderr, _) = scene.verify();
        let change = format!("import sys, pymongo; d = pymongo.MongoClient(sys.argv[1])[sys.argv[2]]; {change}");
        pymongo::code(&change, &[&scene.server.full_url(), &scene.copy(database)]).unwrap();
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        let output = child.wait_with_output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(CORRUPT), "{change}:\n{listed}{told}");
        assert!(listed.contains(found) && listed.lines().count() <= 4, "{change}:\n{listed}");
        scene.assert_nothing_left();
    }
}

#[test]
fn an_end_in_the_middle_leaves_nothing_and_a_kill_what_cleanup_takes_away() {
    let scene = Scene::new(Kind::ReplicaSet);
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

#[test]
fn databases_of_two_servers_are_compared_by_their_names() {
    let mut scene = Scene::new(Kind::ReplicaSet);
    let other = double(Kind::ReplicaSet);
    scene.cofferdam.add_mongodb("second", &other.url(""), PASSWORD).unwrap();
    scene.succeed(&["restore", "all@latest", "--to", "second", "--set", "users=restore"]);
    // Each server has a user of its own that logs in here, with the same password and another salt.
    let same = "import sys, pymongo; one, other = [pymongo.MongoClient(url).admin.system.users for url in sys.argv[1:]]; \
                other.replace_one({'user': 'backup'}, one.find_one({'user': 'backup'}))";
    pymongo::code(same, &[&scene.server.full_url(), &other.full_url()]).unwrap();
    scene.succeed(&["compare", "all", "second"]);
    scene.succeed(&["compare", "all@latest", "second"]);

    other.insert("other.many", [doc! { "_id": 10 }.to_vec().unwrap()]).unwrap();
    other.insert("new.things", [doc! { "_id": 1 }.to_vec().unwrap()]).unwrap();
    other.drop_database("verify_").unwrap();
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

#[test]
fn all_databases_of_mongoeco_are_verified_too() {
    let server = Mongoeco::start().unwrap();
    // It can't tell how large a database is that has decimal numbers, and so lists none.
    let fill = "import sys, pymongo\nfor name in ['shop', 'other']:\n  d = pymongo.MongoClient(sys.argv[1])[name]\n  \
                d.many.insert_many({'_id': n, 'of': name} for n in range(300))\n  d.many.create_index('of')\n  \
                d.few.insert_one({'at': 1.5})";
    pymongo::code(fill, &[&server.full_url()]).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("all", &server.url(""), server.password()).unwrap();
    cofferdam.initialize().unwrap();
    let databases = || {
        let list = "import sys, pymongo; print(sorted(pymongo.MongoClient(sys.argv[1]).list_database_names()))";
        pymongo::code(list, &[&server.full_url()]).unwrap()
    };
    let before = databases();
    cofferdam.succeed(&["backup", "all"], MINUTES).unwrap();
    let verified = cofferdam.succeed(&["backups", "verify", "all@latest", "--restore", "all"], MINUTES).unwrap();
    assert!(verified.stdout.contains("are the same"), "{}", verified.stdout);
    assert_eq!(databases(), before);
}
