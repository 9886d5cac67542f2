//! Much of everything, and a load that writes meanwhile: MongoDB, on the double. On mongoeco, which is slow, less of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bson::{Document, doc};
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::run;
use cofferdam_tests::doubles::mongodb::{DOCUMENT_BYTES, Mongodb, Options, User};
use cofferdam_tests::memory_limit::MemoryLimit;
use cofferdam_tests::mongodb::Server;
use cofferdam_tests::on_both;
use mongodb::Client;

const MINUTES: Duration = Duration::from_secs(900);
/// What a restore by three workers may take. It takes 83 MB; with batches of 1 MB it doesn't fit.
const RESTORE_LIMIT: u64 = 112 << 20;
const PASSWORD: &str = "not easily guessed";

on_both!(many_small_documents_come_back, documents_of_sixteen_megabytes_come_back, many_collections_come_back);

fn server() -> Mongodb {
    let user = User { name: "backup".into(), password: PASSWORD.into() };
    Mongodb::start(Options { user: Some(user), ..Options::default() }).unwrap()
}

fn cofferdam(server: &Mongodb) -> Cofferdam {
    with(&server.url("shop"), PASSWORD)
}

fn with(url: &str, password: &str) -> Cofferdam {
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("shop", url, password).unwrap();
    cofferdam.initialize().unwrap();
    cofferdam
}

fn there_and_back(cofferdam: &Cofferdam, settings: &[&str]) {
    let arguments = [&["backup", "shop"], settings].concat();
    let id = cofferdam.succeed(&arguments, MINUTES).unwrap().stdout.trim().to_owned();
    cofferdam.succeed(&["restore", &id, "--to", "shop", "--database", "again"], MINUTES).unwrap();
}

/// Backs up and restores what a server holds in these collections, which are the same then, document by document.
fn comes_back(server: &Server, collections: &[&str]) {
    there_and_back(&with(&server.url("shop"), server.password()), &[]);
    match server {
        Server::Double(server) => {
            for collection in collections {
                // In the order of their bytes; the order in which they lie isn't kept.
                let [before, after] = ["shop", "again"].map(|database| {
                    let mut documents = server.documents(&format!("{database}.{collection}"));
                    documents.sort();
                    documents
                });
                assert!(!before.is_empty() && before == after, "{collection} isn't what it was");
            }
        }
        Server::Mongoeco(_) => {
            let [before, after] = ["shop", "again"].map(|database| server.portrait(database).unwrap());
            assert!(before.len() > collections.len() && before == after, "a document isn't what it was");
        }
    }
}

fn many_small_documents_come_back(server: Server) {
    let document = |id: i32| doc! { "_id": id, "n": i64::from(id) * 7 }.to_vec().unwrap();
    match &server {
        Server::Double(server) => server.insert("shop.small", (0..1_000_000).map(document)).unwrap(),
        Server::Mongoeco(_) => {
            server.python("c.shop.small.insert_many({'_id': n, 'n': n * 7} for n in range(700))").unwrap();
        }
    }
    comes_back(&server, &["small"]);
}

/// The system kills what takes more. The allocator keeps holes, so that it isn't the same from run to run; whatever grew with
/// the documents would be beyond the limit with four times as many.
#[test]
fn a_restore_takes_no_more_memory_for_four_times_as_many_documents() {
    for documents in [300_000, 1_200_000] {
        let server = server();
        let pad = "x".repeat(370);
        let document = |id: i32| doc! { "_id": id, "n": i64::from(id) * 7, "pad": &pad }.to_vec().unwrap();
        server.insert("shop.many", (0..documents).map(document)).unwrap();
        let cofferdam = cofferdam(&server);
        cofferdam.succeed(&["backup", "shop", "--jobs", "3"], MINUTES).unwrap();
        let restore = ["restore", "shop@latest", "--to", "shop", "--database", "again", "--jobs", "3"];
        let limit = MemoryLimit::new(RESTORE_LIMIT);
        let output = run(&mut limit.around(&cofferdam.command(&restore)).unwrap(), MINUTES).unwrap();
        assert!(output.status.success(), "{documents} documents: {:?}\n{}", output.status, output.stderr);
        assert_eq!(server.count("again.many"), Some(u64::try_from(documents).unwrap()));
    }
}

fn documents_of_sixteen_megabytes_come_back(server: Server) {
    let largest = |id: i32| {
        let empty = doc! { "_id": id, "text": "" }.to_vec().unwrap().len();
        let text = char::from(b'a' + u8::try_from(id).unwrap()).to_string().repeat(DOCUMENT_BYTES as usize - empty);
        doc! { "_id": id, "text": text }.to_vec().unwrap()
    };
    match &server {
        Server::Double(server) => {
            server.insert("shop.largest", (0..5).map(largest)).unwrap();
            let documents = server.documents("shop.largest");
            assert!(documents.iter().all(|document| document.len() == DOCUMENT_BYTES as usize));
        }
        Server::Mongoeco(_) => {
            // All but the text takes 25 bytes.
            let lines = "for n in range(2): c.shop.largest.insert_one({'_id': n, 'text': 'ab'[n] * (2**24 - 25)})\n\
                         import bson\nassert len(bson.encode(c.shop.largest.find_one())) == 2**24";
            server.python(lines).unwrap();
        }
    }
    comes_back(&server, &["largest"]);
}

fn many_collections_come_back(server: Server) {
    let count = if server.is_mongoeco() { 60 } else { 5000 };
    let names: Vec<String> = (0..count).map(|n| format!("c{n}")).collect();
    match &server {
        Server::Double(server) => {
            for (n, name) in (0_i32..).zip(&names) {
                server.insert(&format!("shop.{name}"), [doc! { "_id": n }.to_vec().unwrap()]).unwrap();
            }
        }
        Server::Mongoeco(_) => {
            server.python(&format!("for n in range({count}): c.shop[f'c{{n}}'].insert_one({{'_id': n}})")).unwrap();
        }
    }
    comes_back(&server, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Accounts in two collections, each of many replies.
const ACCOUNTS: i32 = 20_000;

/// Moves money from one collection to the other until it is told to stop: first it is taken, then it is given.
fn move_money(server: &Mongodb, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let (url, stop) = (server.full_url(), Arc::clone(stop));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shop = Client::with_uri_str(url).await.unwrap().database("shop");
            let (here, there) = (shop.collection::<Document>("here"), shop.collection::<Document>("there"));
            let mut moved = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                let id = i32::try_from(moved * 7919 % 20_000).unwrap();
                here.update_one(doc! { "_id": id }, doc! { "$inc": { "balance": -1 } }).await.unwrap();
                there.update_one(doc! { "_id": ACCOUNTS - 1 - id }, doc! { "$inc": { "balance": 1 } }).await.unwrap();
                moved += 1;
            }
            moved
        })
    })
}

fn balance(server: &Mongodb, database: &str) -> i64 {
    let balance = |document: bytes::Bytes| {
        let document = Document::from_reader(document.as_ref()).unwrap();
        i64::from(document.get_i32("balance").unwrap())
    };
    let of =
        |collection: &str| server.documents(&format!("{database}.{collection}")).into_iter().map(balance).sum::<i64>();
    of("here") + of("there")
}

/// A server with the accounts, and somebody who moves money on it.
struct Bank {
    server: Mongodb,
    cofferdam: Cofferdam,
    stop: Arc<AtomicBool>,
    load: Option<std::thread::JoinHandle<u64>>,
}

impl Bank {
    fn open() -> Self {
        let server = server();
        for collection in ["here", "there"] {
            let pad = "x".repeat(1000);
            let account = |id: i32| doc! { "_id": id, "balance": 1000, "pad": &pad }.to_vec().unwrap();
            server.insert(&format!("shop.{collection}"), (0..ACCOUNTS).map(account)).unwrap();
        }
        let (cofferdam, stop) = (cofferdam(&server), Arc::new(AtomicBool::new(false)));
        let load = Some(move_money(&server, &stop));
        Self { server, cofferdam, stop, load }
    }

    /// Backs up and restores under the load; says whether as much money came out as there is. One move may be half done in
    /// the moment of the snapshot: taken, and not given yet.
    fn is_whole(&self, settings: &[&str]) -> bool {
        there_and_back(&self.cofferdam, &[&["--jobs", "2"], settings].concat());
        let missing = i64::from(ACCOUNTS) * 2000 - balance(&self.server, "again");
        self.server.drop_database("again").unwrap();
        (0..=1).contains(&missing)
    }

    /// How many moves there were.
    fn close(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.load.take().unwrap().join().unwrap()
    }
}

#[test]
fn money_that_moves_while_the_backup_is_taken_is_neither_lost_nor_doubled() {
    let bank = Bank::open();
    for _ in 0..3 {
        assert!(bank.is_whole(&[]), "money was lost or doubled");
    }
    assert!(bank.close() > 100, "there was no load");
}

/// The same, with each collection as it is when it is read: if this came out right, the test above would prove nothing.
#[test]
fn without_one_moment_for_all_collections_money_goes_missing() {
    let bank = Bank::open();
    let wrong = (0..20).any(|_| !bank.is_whole(&["--set", "consistency=per-object"]));
    assert!(wrong, "the load never got between two collections");
    bank.close();
}
