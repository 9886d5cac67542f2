//! Catching up by a change stream, on the double: through a mongos, and for who may not read `local`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod catching_up;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bson::{Bson, doc};
use catching_up::{CONFLICT, Scene, caught_up, load, moment, output};
use cofferdam_tests::doubles::mongodb::{Action, Fault, Options, Quirks};
use cofferdam_tests::failure::assert_fails;

const CATCHING_UP: [&str; 4] = ["backup", "shop", "--set", "consistency=change-stream"];
const RESTORING: [&str; 6] = ["restore", "shop@latest", "--to", "shop", "--database", "again"];

/// A router of a sharded cluster. No oplog is to be seen.
const MONGOS: Quirks =
    Quirks { router: true, without_sizes: false, unknown_code: None, lacks: &[], hides: &["local.", "config.trans"] };
/// A member of a replica set, to who may read one database.
const READER: Quirks = Quirks { router: false, hides: &["local.", "config.", "admin.$cmd.aggregate"], ..MONGOS };

fn scene(quirks: Quirks, oplog_bytes: u64) -> Scene {
    Scene::new(Options { quirks, oplog_bytes, noop_every: Duration::from_millis(300), ..Options::default() })
}

fn document(id: impl Into<Bson>) -> Vec<u8> {
    doc! { "_id": id }.to_vec().unwrap()
}

fn of_one_moment_under_a_load(quirks: Quirks) {
    let scene = scene(quirks, 256 << 20);
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(&scene.server, &stop);
    let slow = Fault::once("getMore", Action::Nothing).slow(Duration::from_millis(500)).on("shop.large").always();
    scene.server.fail(slow);
    let backup = scene.succeed(&[&CATCHING_UP[..], &["--jobs", "2"]].concat());
    scene.server.forgive();
    scene.succeed(&RESTORING);
    stop.store(true, Ordering::Relaxed);
    assert!(load.join().unwrap() > 50, "there was no load");
    let shown = scene.succeed(&["backups", "show", "shop@latest"]).stdout;
    assert!(shown.contains("point-in-time"), "{shown}");
    assert!(backup.stderr.contains("meanwhile, by a change stream, were read again"), "{}", backup.stderr);
    for collection in ["large", "small"] {
        let then = scene.at(collection, moment(&backup));
        assert!(scene.sorted(&format!("shop.{collection}")) != then, "nothing was written to {collection} any more");
        assert!(scene.sorted(&format!("again.{collection}")) == then, "{collection} isn't what it was at that moment");
    }
    assert!(!scene.server.commands().iter().any(|command| command.contains(" local.")), "the oplog was read");
}

#[test]
fn whatever_becomes_of_documents_meanwhile_the_backup_is_of_one_moment() {
    of_one_moment_under_a_load(READER);
}

#[test]
fn the_same_is_so_through_a_mongos() {
    of_one_moment_under_a_load(MONGOS);
}

#[test]
fn a_transaction_that_was_open_when_the_backup_began_is_in_it_once_it_is_committed() {
    let scene = scene(READER, 64 << 20);
    let insert = |id: &str| ("shop.small".to_owned(), document(id));
    let (committed, _open) =
        (scene.server.prepare(vec![insert("committed")]), scene.server.prepare(vec![insert("open")]));
    scene.server.insert("shop.small", [document("before")]).unwrap();
    let backup = scene.meanwhile(&CATCHING_UP, || {
        scene.server.commit(committed.unwrap()).unwrap();
        scene.server.transact(vec![insert("one"), insert("two")]).unwrap();
    });
    caught_up(&backup);
    scene.succeed(&RESTORING);
    assert_eq!(scene.sorted("again.small"), scene.sorted("shop.small"));
    assert_eq!(scene.server.count("again.small"), Some(104));
}

/// Readers see it from one time on, and one of the shards writes it down only after the moment of the backup.
#[test]
fn a_transaction_that_a_shard_writes_down_after_the_moment_is_in_the_backup() {
    let scene = scene(MONGOS, 64 << 20);
    let prepared = scene.server.prepare(vec![("shop.small".to_owned(), document("late"))]).unwrap();
    scene.server.fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(1)).on("shop.large").always());
    let child = scene.start(&CATCHING_UP);
    scene.wait_for("getMore shop.large", 0);
    scene.wait_for("find shop.small", 0);
    std::thread::sleep(Duration::from_millis(300));
    let since = scene.server.show(&prepared).unwrap();
    scene.server.forgive();
    scene.wait_for("getMore shop.$cmd.aggregate", 0);
    std::thread::sleep(Duration::from_secs(3));
    scene.server.log_commit(&prepared, since).unwrap();
    caught_up(&output(child));
    scene.succeed(&RESTORING);
    assert_eq!(scene.server.count("again.small"), Some(101));
}

/// A shard that is behind keeps the stream back: what it gives is empty, and isn't all.
#[test]
fn an_empty_batch_is_not_taken_for_the_end() {
    let scene = scene(MONGOS, 64 << 20);
    let from = scene.server.commands().len();
    scene.server.fail(Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(1)).on("shop.large").always());
    let mut child = scene.start(&CATCHING_UP);
    scene.wait_for("find shop.small", from);
    scene.wait_for("getMore shop.large", from);
    std::thread::sleep(Duration::from_millis(300));
    scene.server.hold_streams(true);
    scene.server.insert("shop.small", [document("new")]).unwrap();
    scene.server.forgive();
    scene.wait_for("getMore shop.$cmd.aggregate", from);
    std::thread::sleep(Duration::from_secs(15));
    assert!(child.try_wait().unwrap().is_none(), "the backup ended though the stream stands still");
    scene.server.hold_streams(false);
    caught_up(&output(child));
    scene.succeed(&RESTORING);
    assert_eq!(scene.server.count("again.small"), Some(101));
}

#[test]
fn history_that_the_server_has_lost_fails_the_backup() {
    let scene = scene(READER, 100_000);
    let backup = scene.meanwhile(&CATCHING_UP, || {
        let much = |id: i32| doc! { "_id": id, "text": "x".repeat(1000) }.to_vec().unwrap();
        scene.server.insert("other.much", (0..200).map(much)).unwrap();
    });
    assert_fails(&backup, CONFLICT, &["the change stream doesn't reach back", "replSetResizeOplog"]);
    let listed = scene.succeed(&["backups", "list", "--json"]).stdout;
    assert!(!listed.contains("shop"), "a backup is listed: {listed}");
    assert_eq!(scene.server.open_cursors(), 0);
}

/// Between the stream's beginning and its end, and not at its opening.
#[test]
fn history_that_is_lost_while_the_stream_is_read_fails_the_backup() {
    let scene = scene(READER, 400_000);
    for (namespace, delay) in [("shop.large", 1), ("shop.$cmd.aggregate", 3)] {
        let slow = Fault::once("getMore", Action::Nothing).slow(Duration::from_secs(delay)).on(namespace).always();
        scene.server.fail(slow);
    }
    let child = scene.start(&CATCHING_UP);
    scene.wait_for("find shop.small", 0);
    scene.server.insert("shop.small", (0..1500).map(|n| document(format!("early {n}")))).unwrap();
    scene.wait_for("getMore shop.$cmd.aggregate", 0);
    let much = |n: i32| doc! { "_id": n, "text": "x".repeat(1000) }.to_vec().unwrap();
    scene.server.insert("other.much", (0..800).map(much)).unwrap();
    assert_fails(&output(child), CONFLICT, &["the change stream doesn't reach back", "replSetResizeOplog"]);
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
        let scene = scene(READER, 64 << 20);
        let backup = scene.meanwhile(&CATCHING_UP, || {
            scene.run_command(database, command);
        });
        assert_fails(&backup, CONFLICT, &[said, "while the backup ran", "--except"]);
        let listed = scene.succeed(&["backups", "list", "--json"]).stdout;
        assert!(!listed.contains("shop"), "a backup is listed: {listed}");
    }
}

/// No stream shows what becomes of views in every version.
#[test]
fn a_view_that_is_another_at_the_end_fails_the_backup() {
    let scene = scene(READER, 64 << 20);
    let view = |on: &str| doc! { "create": "seen", "viewOn": on, "pipeline": [] };
    scene.run_command("shop", view("small"));
    let backup = scene.meanwhile(&CATCHING_UP, || {
        scene.run_command("shop", doc! { "drop": "seen" });
        scene.run_command("shop", view("large"));
    });
    assert_fails(&backup, CONFLICT, &["options of shop.seen were changed", "while the backup ran"]);
}

#[test]
fn a_chunk_that_moves_meanwhile_fails_the_backup() {
    let scene = scene(MONGOS, 64 << 20);
    let listed = doc! { "listCollections": 1, "filter": { "name": "small" } };
    let shop = scene.shop();
    let listed = scene.runtime.block_on(async { shop.run_command(listed).await }).unwrap();
    let first = listed.get_document("cursor").unwrap().get_array("firstBatch").unwrap()[0].as_document().unwrap();
    let uuid = first.get_document("info").unwrap().get("uuid").unwrap().clone();
    let backup = scene.meanwhile(&CATCHING_UP, || {
        let now = bson::Timestamp { time: u32::MAX, increment: 1 };
        let history = doc! { "_id": 1, "uuid": uuid, "history": [{ "validAfter": now, "shard": "b" }] };
        scene.server.insert("config.chunks", [history.to_vec().unwrap()]).unwrap();
    });
    assert_fails(&backup, CONFLICT, &["a chunk of shop.small moved", "sh.stopBalancer()"]);
}

#[test]
fn what_does_not_fit_the_servers_history_is_caught_up_through_a_mongos_without_being_asked_for() {
    for quirks in [MONGOS, READER] {
        let scene = scene(quirks, 256 << 20);
        let more = |id: i32| doc! { "_id": id, "text": "x".repeat(1 << 20) }.to_vec().unwrap();
        scene.server.insert("shop.more", (0..70).map(more)).unwrap();
        scene.run_command("admin", doc! { "setParameter": 1, "minSnapshotHistoryWindowInSeconds": 2 });
        let backup = scene.meanwhile(&["backup", "shop"], || {
            scene.server.insert("shop.small", [document("new")]).unwrap();
            scene.run_command("admin", doc! { "setParameter": 1, "minSnapshotHistoryWindowInSeconds": 300 });
        });
        caught_up(&backup);
        assert!(backup.stderr.contains("by a change stream"), "{}", backup.stderr);
        scene.succeed(&RESTORING);
        assert_eq!(scene.server.count("again.small"), Some(101));
    }
}

#[test]
fn all_databases_are_watched_by_one_stream() {
    let mut scene = scene(MONGOS, 64 << 20);
    let url = scene.server.url("");
    scene.cofferdam.add_mongodb("all", &url, catching_up::PASSWORD).unwrap();
    scene.server.insert("admin.own", [document(1)]).unwrap();
    let backup = scene.meanwhile(&["backup", "all", "--set", "consistency=change-stream"], || {
        scene.server.insert("shop.small", [document("new")]).unwrap();
    });
    caught_up(&backup);
    assert!(backup.stderr.contains("admin.own") && backup.stderr.contains("can't be read so"), "{}", backup.stderr);
    let restoring = ["restore", "all@latest", "--to", "shop", "--database", "again", "--only", "shop.*"];
    scene.succeed(&restoring);
    assert_eq!(scene.sorted("again.small"), scene.sorted("shop.small"));
}

#[test]
fn who_may_not_open_a_change_stream_is_told_which_role_it_takes() {
    let quirks = Quirks { hides: &["local.", "config.", "shop.$cmd.aggregate"], ..READER };
    let scene = scene(quirks, 64 << 20);
    let refused = scene.run(&CATCHING_UP);
    assert!(!refused.status.success(), "{}", refused.stderr);
    assert!(refused.stderr.contains("opening a change stream") && refused.stderr.contains("readAnyDatabase"));
}
