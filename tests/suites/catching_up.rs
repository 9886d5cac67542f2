//! A server of which a backup is taken while others write: what the suites about catching up share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(dead_code, reason = "each suite uses some of it")]

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bson::{Document, Timestamp, doc};
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::{Action, Fault, Mongodb, Options, User};
use mongodb::{Client, Database};
use tokio::runtime::Runtime;

const MINUTES: Duration = Duration::from_secs(300);
pub const PASSWORD: &str = "not easily guessed";

/// The exit code of `cofferdam --help` for what a server, or a plugin, refuses.
pub const CONFLICT: i32 = 1;

pub struct Scene {
    pub server: Mongodb,
    pub cofferdam: Cofferdam,
    pub runtime: Runtime,
}

impl Scene {
    /// A server with a large collection, which is slow to read, and a small one.
    pub fn new(options: Options) -> Self {
        let user = User { name: "backup".into(), password: PASSWORD.into() };
        let server = Mongodb::start(Options { user: Some(user), ..options }).unwrap();
        let text = "0123456789abcdef".repeat(1250);
        let document = |id: i32| doc! { "_id": id, "text": &text }.to_vec().unwrap();
        server.insert("shop.large", (0..500).map(document)).unwrap();
        server.insert("shop.small", (0..100).map(|id| doc! { "_id": id }.to_vec().unwrap())).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("shop", &server.url("shop"), PASSWORD).unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam, runtime: Runtime::new().unwrap() }
    }

    pub fn shop(&self) -> Database {
        let client = Client::with_uri_str(self.server.full_url());
        self.runtime.block_on(client).unwrap().database("shop")
    }

    pub fn run_command(&self, database: &str, command: Document) {
        let database = self.shop().client().database(database);
        self.runtime.block_on(async { database.run_command(command).await }).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    pub fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    /// Starts an operation, and does something once the small collection was read and the large one wasn't.
    pub fn meanwhile(&self, arguments: &[&str], something: impl FnOnce()) -> Output {
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
    pub fn wait_for(&self, command: &str, from: usize) {
        let since = Instant::now();
        while !self.server.commands().iter().skip(from).any(|seen| seen == command) {
            assert!(since.elapsed() < Duration::from_secs(60), "{command} didn't come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn sorted(&self, namespace: &str) -> Vec<bytes::Bytes> {
        let mut documents = self.server.documents(namespace);
        documents.sort();
        documents
    }

    /// What a collection was at a cluster time, as the server itself remembers it.
    pub fn at(&self, collection: &str, at: Timestamp) -> Vec<bytes::Bytes> {
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

pub fn output(child: Child) -> Output {
    let since = Instant::now();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: done.status, stdout: text(done.stdout), stderr: text(done.stderr), elapsed: since.elapsed() }
}

/// The moment of which a backup says that it is.
pub fn moment(output: &Output) -> Timestamp {
    let (_, said) = output.stderr.split_once("as they were at ").expect(&output.stderr);
    let said: String = said.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let (time, increment) = said.split_once('.').unwrap();
    Timestamp { time: time.parse().unwrap(), increment: increment.parse().unwrap() }
}

pub fn caught_up(output: &Output) {
    assert!(output.status.success(), "{}", output.stderr);
    moment(output);
}

/// Everything that can become of a document: it changes, moves to the end of its collection, comes, goes, and gets an `_id`
/// that is equal and of another type.
pub async fn write(shop: &Database, n: i32) {
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
pub trait ByHand {
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
pub fn load(server: &Mongodb, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<i32> {
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
