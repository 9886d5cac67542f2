//! Servers that aren't quite MongoDB, and routers of sharded clusters: what is there is asked for and used, what can't be
//! read is told, and nothing fails for want of what isn't needed. On the double, with the quirks that are seen in the wild,
//! and on mongoeco, which lacks what it says of itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use bson::doc;
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::doubles::mongodb::{Kind, Mongodb, Options, Quirks, User};
use cofferdam_tests::mongodb::Server;
use cofferdam_tests::pymongo;

const MINUTES: Duration = Duration::from_secs(300);
const PASSWORD: &str = "not easily guessed";

fn scene(kind: Kind, quirks: Quirks) -> (Mongodb, Cofferdam) {
    let user = User { name: "backup".into(), password: PASSWORD.into() };
    let server = Mongodb::start(Options { kind, quirks, user: Some(user), ..Options::default() }).unwrap();
    pymongo::run("databases/mongodb.py", &[&server.full_url(), "shop", "full"]).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("shop", &server.url("shop"), PASSWORD).unwrap();
    cofferdam.initialize().unwrap();
    (server, cofferdam)
}

/// Backs up and restores; the copy is the same. Says what was told.
fn there_and_back(server: &Mongodb, cofferdam: &Cofferdam) -> String {
    let said = cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap().stderr;
    cofferdam.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"], MINUTES).unwrap();
    let portrait = |database: &str| pymongo::portrait(&server.full_url(), database).unwrap();
    let differences = pymongo::differences(&portrait("shop"), &portrait("again"));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    said
}

#[test]
fn a_relative_that_tells_little_and_knows_few_commands_is_backed_up_all_the_same() {
    let quirks = Quirks {
        without_sizes: true,
        unknown_code: Some(40_324),
        lacks: &["collStats", "getParameter", "usersInfo", "rolesInfo", "connectionStatus", "serverStatus", "dbStats"],
        ..Quirks::default()
    };
    for kind in [Kind::ReplicaSet, Kind::Standalone] {
        let (server, cofferdam) = scene(kind, quirks);
        there_and_back(&server, &cofferdam);
        let shown = cofferdam.succeed(&["instance", "show", "shop"], MINUTES).unwrap().stdout;
        assert!(shown.contains("again"), "{shown}");
        cofferdam.succeed(&["instance", "check", "shop"], MINUTES).unwrap();
    }
}

#[test]
fn what_a_backup_can_not_do_without_is_a_clear_error() {
    let (server, cofferdam) = scene(Kind::ReplicaSet, Quirks { lacks: &["listIndexes"], ..Quirks::default() });
    let refused = cofferdam.run(&["backup", "shop"], MINUTES).unwrap();
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("listing the indexes of shop."), "{}", refused.stderr);
    assert_eq!(server.open_cursors(), 0);
}

#[test]
fn a_sharded_cluster_is_read_at_one_moment_through_its_router_and_its_sharding_is_told_as_commands() {
    let (server, cofferdam) = scene(Kind::ReplicaSet, Quirks { router: true, ..Quirks::default() });
    let key = doc! { "_id": "shop.many", "key": { "text": 1, "_id": -1 }, "unique": false };
    server.insert("config.collections", [key.to_vec().unwrap()]).unwrap();
    let zone = doc! { "_id": 1, "ns": "shop.many", "min": { "text": "a" }, "max": { "text": "b" }, "tag": "EU" };
    server.insert("config.tags", [zone.to_vec().unwrap()]).unwrap();
    let said = there_and_back(&server, &cofferdam);
    assert!(said.contains("consistency: snapshot"), "{said}");
    assert!(said.contains("sharding of many") && said.contains("sh.shardCollection(\"shop.many\""), "{said}");
    assert!(said.contains("sh.updateZoneKeyRange(\"shop.many\"") && said.contains("\"EU\")"), "{said}");
}

#[test]
fn mongoeco_has_no_moment_that_could_be_read_and_is_backed_up_all_the_same() {
    let server = Server::mongoeco().unwrap();
    server.insert("shop.many", &[doc! { "_id": 1 }]).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("shop", &server.url("shop"), server.password()).unwrap();
    cofferdam.initialize().unwrap();
    for (consistency, said) in [
        ("snapshot", "a server alone has no snapshots"),
        ("oplog", "a server alone has no oplog"),
        ("change-stream", "a server alone has no change streams"),
    ] {
        let setting = format!("consistency={consistency}");
        let refused = cofferdam.run(&["backup", "shop", "--set", &setting], MINUTES).unwrap();
        assert!(!refused.status.success() && refused.stderr.contains(said), "{setting}: {}", refused.stderr);
    }
    let backup = cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    assert!(backup.stderr.contains("consistency: per-object"), "{}", backup.stderr);
    assert!(backup.stderr.contains("not all at one moment"), "{}", backup.stderr);
}

/// What the page about the engine says that mongoeco doesn't have. Once it has one of these, tests of it belong on it.
#[test]
fn what_is_only_tested_on_the_double_mongoeco_really_lacks() {
    pymongo::run("databases/mongoeco_lacks.py", &[&Server::mongoeco().unwrap().full_url()]).unwrap();
}
