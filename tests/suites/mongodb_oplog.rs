//! Catching up by the oplog, on the double: what changes while a backup is taken is in it, as of one moment, and what can't
//! be caught up fails it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod catching_up;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bson::doc;
use catching_up::{CONFLICT, Scene, caught_up, load, moment, output};
use cofferdam_tests::doubles::mongodb::{Action, Fault, Options};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::pymongo;

const CATCHING_UP: [&str; 4] = ["backup", "shop", "--set", "consistency=oplog"];

fn oplog(bytes: u64) -> Options {
    Options { oplog_bytes: bytes, ..Options::default() }
}

#[test]
fn whatever_becomes_of_documents_meanwhile_the_backup_is_of_one_moment() {
    let scene = Scene::new(oplog(256 << 20));
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
    let scene = Scene::new(oplog(64 << 20));
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
    let scene = Scene::new(oplog(100_000));
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
    let scene = Scene::new(oplog(300_000));
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
    let scene = Scene::new(oplog(256 << 20));
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
        let scene = Scene::new(oplog(64 << 20));
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
    let scene = Scene::new(oplog(64 << 20));
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
    let scene = Scene::new(oplog(64 << 20));
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
