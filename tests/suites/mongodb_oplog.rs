//! Catching up by the oplog, on the double: what changes while a backup is taken is in it, as of one moment, and what can't
//! be caught up fails it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bson::{Document, Timestamp, doc};
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::{Action, Fault, Mongodb, Options, User};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::pymongo;
use mongodb::{Client, Database};
use tokio::runtime::Runtime;

const MINUTES: Duration = Duration::from_secs(300);
const PASSWORD: &str = "not easily guessed";
const CATCHING_UP: [&str; 4] = ["backup", "shop", "--set", "consistency=oplog"];

/// The exit code of `cofferdam --help` for what a server, or a plugin, refuses.
const CONFLICT: i32 = 1;

struct Scene {
    server: Mongodb,
    cofferdam: Cofferdam,
    runtime: Runtime,
}

impl Scene {
    /// A server with a large collection, which is slow to read, and a small one.
    fn new(oplog_bytes: u64) -> Self {
        let user = User { name: "backup".into(), password: PASSWORD.into() };
        let server = Mongodb::start(Options { user: Some(user), oplog_bytes, ..Options::default() }).unwrap();
        let text = "0123456789abcdef".repeat(1250);
        let document = |id: i32| doc! { "_id": id, "text": &text }.to_vec().unwrap();
        server.insert("shop.large", (0..500).map(document)).unwrap();
        server.insert("shop.small", (0..100).map(|id| doc! { "_id": id }.to_vec().unwrap())).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("shop", &server.url("shop"), PASSWORD).unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam, runtime: Runtime::new().unwrap() }
    }

    fn shop(&self) -> Database {
        let client = Client::with_uri_str(self.server.full_url());
        self.runtime.block_on(client).unwrap().database("shop")
    }

    fn run_command(&self, database: &str, command: Document) {
        let database = self.shop().client().database(database);
        self.runtime.block_on(async { database.run_command(command).await }).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    /// Starts an operation, and does something once the small collection was read and the large one wasn't.
    fn meanwhile(&self, arguments: &[&str], something: impl FnOnce()) -> Output {
        let from = self.server.commands().len();
        self.server
            .fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(2)).on("shop.large").always());
        let child = self.start(arguments);
        self.wait_for("getMore shop.large", from);
        self.wait_for("find shop.small", from);
        std::thread::sleep(Duration::from_millis(200));
        something();
        self.server.forgive();
        output(child)
    }

    /// Waits for a command that comes after so many others.
    fn wait_for(&self, command: &str, from: usize) {
        let since = Instant::now();
        while !self.server.commands().iter().skip(from).any(|seen| seen == command) {
            assert!(since.elapsed() < Duration::from_secs(60), "{command} didn't come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn sorted(&self, namespace: &str) -> Vec<bytes::Bytes> {
        let mut documents = self.server.documents(namespace);
        documents.sort();
        documents
    }

    /// What a collection was at a cluster time, as the server itself remembers it.
    fn at(&self, collection: &str, at: Timestamp) -> Vec<bytes::Bytes> {
        let concern = doc! { "level": "snapshot", "atClusterTime": at };
        let shop = self.shop();
        let mut documents = self.runtime.block_on(async {
            let find = doc! { "find": collection, "readConcern": concern };
            let mut cursor = shop.run_cursor_command(find).await.unwrap();
            let mut documents = Vec::new();
            while cursor.advance().await.unwrap() {
                documents.push(bytes::Bytes::copy_from_slice(cursor.current().as_bytes()));
            }
            documents
        });
        documents.sort();
        documents
    }
}

fn output(child: Child) -> Output {
    let since = Instant::now();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: done.status, stdout: text(done.stdout), stderr: text(done.stderr), elapsed: since.elapsed() }
}

/// The moment of which a backup says that it is.
fn moment(output: &Output) -> Timestamp {
    let (_, said) = output.stderr.split_once("as they were at ").expect(&output.stderr);
    let said: String = said.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let (time, increment) = said.split_once('.').unwrap();
    Timestamp { time: time.parse().unwrap(), increment: increment.parse().unwrap() }
}

fn caught_up(output: &Output) {
    assert!(output.status.success(), "{}", output.stderr);
    moment(output);
}

/// Everything that can become of a document: it changes, moves to the end of its collection, comes, goes, and gets an `_id`
/// that is equal and of another type.
async fn write(shop: &Database, n: i32) {
    let large = shop.collection::<Document>("large");
    let small = shop.collection::<Document>("small");
    let id = n * 7919 % 500;
    large.update_one(doc! { "_id": id }, doc! { "$inc": { "changed": 1 } }).await.unwrap();
    small.update_one(doc! { "_id": id % 100 }, doc! { "$set": { "now": n } }).await.unwrap();
    if let Some(moved) = large.find_one_and_delete_by_hand(id).await {
        large.insert_one(moved).await.unwrap();
    }
    small.insert_one(doc! { "_id": format!("new {n}") }).await.unwrap();
    small.delete_one(doc! { "_id": format!("new {}", n - 3) }).await.unwrap();
    small.delete_one(doc! { "_id": n % 10 }).await.unwrap();
    let again = if n % 20 < 10 {
        doc! { "_id": i64::from(n % 10) }
    } else {
        doc! { "_id": f64::from(n % 10), "n": n }
    };
    small.insert_one(again).await.unwrap();
}

/// `findAndModify` isn't the double's.
trait ByHand {
    async fn find_one_and_delete_by_hand(&self, id: i32) -> Option<Document>;
}

impl ByHand for mongodb::Collection<Document> {
    async fn find_one_and_delete_by_hand(&self, id: i32) -> Option<Document> {
        let found = self.find_one(doc! { "_id": id }).await.unwrap();
        self.delete_one(doc! { "_id": id }).await.unwrap();
        found
    }
}

/// A load, until it is stopped; says how often it wrote.
fn load(server: &Mongodb, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<i32> {
    let (url, stop) = (server.full_url(), Arc::clone(stop));
    std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let shop = Client::with_uri_str(url).await.unwrap().database("shop");
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                write(&shop, n).await;
                n += 1;
            }
            n
        })
    })
}

#[test]
fn whatever_becomes_of_documents_meanwhile_the_backup_is_of_one_moment() {
    let scene = Scene::new(256 << 20);
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(&scene.server, &stop);
    scene
        .server
        .fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_millis(500)).on("shop.large").always());
    let backup = scene.succeed(&[&CATCHING_UP[..], &["--jobs", "2"]].concat());
    scene.server.forgive();
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    stop.store(true, Ordering::Relaxed);
    assert!(load.join().unwrap() > 50, "there was no load");
    let shown = scene.succeed(&["backups", "show", "shop@latest"]).stdout;
    assert!(shown.contains("point-in-time"), "{shown}");
    for collection in ["large", "small"] {
        let then = scene.at(collection, moment(&backup));
        assert!(scene.sorted(&format!("shop.{collection}")) != then, "nothing was written to {collection} any more");
        assert!(scene.sorted(&format!("again.{collection}")) == then, "{collection} isn't what it was at that moment");
    }
}

#[test]
fn a_transaction_that_was_open_when_the_backup_began_is_in_it_once_it_is_committed() {
    let scene = Scene::new(64 << 20);
    let insert = |id: &str| ("shop.small".to_owned(), doc! { "_id": id }.to_vec().unwrap());
    let (committed, _open) =
        (scene.server.prepare(vec![insert("committed")]), scene.server.prepare(vec![insert("open")]));
    // Written after: without the list of open transactions the backup would begin here.
    scene.server.insert("shop.small", [doc! { "_id": "before" }.to_vec().unwrap()]).unwrap();
    let backup = scene.meanwhile(&CATCHING_UP, || {
        scene.server.commit(committed.unwrap()).unwrap();
        scene.server.transact(vec![insert("one"), insert("two")]).unwrap();
    });
    caught_up(&backup);
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    assert_eq!(scene.sorted("again.small"), scene.sorted("shop.small"));
    assert_eq!(scene.server.count("again.small"), Some(104));
}

#[test]
fn an_oplog_that_does_not_reach_back_to_the_beginning_fails_the_backup() {
    let scene = Scene::new(100_000);
    let backup = scene.meanwhile(&CATCHING_UP, || {
        let much = |id: i32| doc! { "_id": id, "text": "x".repeat(1000) }.to_vec().unwrap();
        scene.server.insert("other.much", (0..200).map(much)).unwrap();
    });
    assert_fails(&backup, CONFLICT, &["the oplog doesn't reach back", "replSetResizeOplog"]);
    let listed = scene.succeed(&["backups", "list", "--json"]).stdout;
    assert!(!listed.contains("shop"), "a backup is listed: {listed}");
    assert_eq!(scene.server.open_cursors(), 0);
}

/// Entries that a cursor hadn't come to yet are missed without a word.
#[test]
fn an_oplog_that_rolls_over_while_it_is_read_fails_the_backup() {
    let scene = Scene::new(300_000);
    for (namespace, delay) in [("shop.large", 1), ("local.oplog.rs", 2)] {
        scene
            .server
            .fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(delay)).on(namespace).always());
    }
    let child = scene.start(&CATCHING_UP);
    let much = |name: &str, bytes: usize| {
        let name = name.to_owned();
        move |n: i32| doc! { "_id": format!("{name} {n}"), "text": "x".repeat(bytes) }.to_vec().unwrap()
    };
    scene.wait_for("find shop.small", 0);
    scene.server.insert("shop.small", (0..500).map(much("early", 1))).unwrap();
    scene.wait_for("getMore local.oplog.rs", 0);
    scene.server.insert("other.much", (0..500).map(much("late", 1000))).unwrap();
    let backup = output(child);
    assert_fails(&backup, CONFLICT, &["the oplog doesn't reach back"]);
}

#[test]
fn a_document_that_moves_while_its_collection_is_read_does_not_come_twice() {
    let scene = Scene::new(256 << 20);
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(&scene.server, &stop);
    let slow = Fault::once("getMore", Action::Nothing).slow(Duration::from_millis(500)).on("shop.large").always();
    scene.server.fail(slow);
    scene.succeed(&["backup", "shop", "--set", "consistency=per-object"]);
    stop.store(true, Ordering::Relaxed);
    load.join().unwrap();
    scene.server.forgive();
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
}

#[test]
fn what_can_not_be_caught_up_fails_the_backup_and_is_named() {
    let rename = doc! { "renameCollection": "shop.small", "to": "shop.tiny" };
    let index = doc! { "createIndexes": "small", "indexes": [{ "key": { "a": 1 }, "name": "a_1" }] };
    for (database, command, said) in [
        ("admin", rename, "a collection was renamed: shop.small"),
        ("shop", doc! { "drop": "small" }, "shop.small was dropped"),
        ("shop", index, "an index of shop.small was made"),
        ("shop", doc! { "collMod": "small", "validationLevel": "off" }, "options of shop.small were changed"),
        ("shop", doc! { "dropIndexes": "small", "index": "*" }, "an index of shop.small was dropped"),
    ] {
        let scene = Scene::new(64 << 20);
        let backup = scene.meanwhile(&CATCHING_UP, || {
            scene.run_command(database, command);
        });
        assert_fails(&backup, CONFLICT, &[said, "while the backup ran", "--except"]);
        let listed = scene.succeed(&["backups", "list", "--json"]).stdout;
        assert!(!listed.contains("shop"), "a backup is listed: {listed}");
    }
}

#[test]
fn what_does_not_fit_the_servers_history_is_caught_up_without_being_asked_for() {
    let scene = Scene::new(64 << 20);
    let more = |id: i32| doc! { "_id": id, "text": "x".repeat(1 << 20) }.to_vec().unwrap();
    scene.server.insert("shop.more", (0..70).map(more)).unwrap();
    let window = doc! { "setParameter": 1, "minSnapshotHistoryWindowInSeconds": 2 };
    scene.run_command("admin", window);
    let backup = scene.meanwhile(&["backup", "shop"], || {
        scene.server.insert("shop.small", [doc! { "_id": "new" }.to_vec().unwrap()]).unwrap();
    });
    caught_up(&backup);
    assert!(backup.stderr.contains("minSnapshotHistoryWindowInSeconds"), "{}", backup.stderr);
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    assert_eq!(scene.server.count("again.small"), Some(101));
}

#[test]
fn a_backup_that_was_caught_up_is_restored_in_part_under_other_names_cloned_compared_and_written_into_files() {
    let scene = Scene::new(64 << 20);
    let changes = || {
        for (collection, id) in [("small", "new"), ("large", "more"), ("small", "gone")] {
            scene.server.insert(&format!("shop.{collection}"), [doc! { "_id": id }.to_vec().unwrap()]).unwrap();
        }
        let delete = doc! { "delete": "small", "deletes": [{ "q": { "_id": "gone" }, "limit": 1 }] };
        scene.run_command("shop", delete);
    };
    caught_up(&scene.meanwhile(&CATCHING_UP, changes));

    let part = [
        "restore",
        "shop@latest",
        "--to",
        "shop",
        "--database",
        "part",
        "--only",
        "small",
        "--set",
        "rename=small=tiny",
    ];
    scene.succeed(&part);
    assert_eq!(scene.sorted("part.tiny"), scene.sorted("shop.small"));
    assert_eq!(scene.server.count("part.large"), None);

    // Nobody can say of rows that changed whether they are right; of the others it is said.
    let verified = scene.run(&["backups", "verify", "shop@latest", "--restore", "shop"]);
    let said = format!("{}{}", verified.stdout, verified.stderr);
    assert!(!verified.status.success() && said.contains("can't be compared") && !said.contains("rows  "), "{said}");

    scene.succeed(&["backups", "export", "shop@latest", "out"]);
    let out = scene.cofferdam.folder().join("out/oplog.bson");
    let decode = "import sys, bson\n\
                  for e in bson.decode_all(open(sys.argv[1], 'rb').read()): print(e['op'], e['ns'], e['o']['_id'], e['v'])";
    let entries = pymongo::code(decode, &[out.to_str().unwrap()]).unwrap();
    for entry in ["d shop.small new 2", "i shop.small new 2", "i shop.large more 2", "d shop.small gone 2"] {
        assert!(entries.lines().any(|line| line == entry), "{entry} isn't in\n{entries}");
    }
    assert!(!entries.contains("i shop.small gone"), "{entries}");
    let one = scene.run(&["backups", "export", "shop@latest", "one", "--only", "small"]);
    assert!(!one.status.success() && one.stderr.contains("hint: "), "{}", one.stderr);

    let more = || scene.server.insert("shop.small", [doc! { "_id": "newer" }.to_vec().unwrap()]).unwrap();
    caught_up(&scene.meanwhile(&["clone", "shop", "shop", "--as", "cloned", "--set", "consistency=oplog"], more));
    assert_eq!(scene.sorted("cloned.small"), scene.sorted("shop.small"));
    // Nothing changes while these are read, so that everything can be compared.
    scene.succeed(&["compare", "shop", "shop/cloned"]);
}
