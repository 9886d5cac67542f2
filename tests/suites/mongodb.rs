//! The main path of MongoDB: back up, verify, restore, clone; compared by pymongo. On the double, and with what mongoeco
//! has there too, which others wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::doubles::mongodb::Kind;
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::mongodb::Server;
use cofferdam_tests::{on_both, pymongo};

const MINUTES: Duration = Duration::from_secs(300);

// The exit codes of `cofferdam --help`.
const REFUSED: i32 = 3;

on_both!(
    a_database_with_documents_in_it_is_refused_and_stays_as_it_is,
    a_wrong_password_is_refused,
    an_instance_is_checked_and_shown,
);

fn assert_same(before: &[String], after: &[String]) {
    assert!(before.iter().any(|line| line.starts_with("document ")), "an empty database proves nothing");
    let differences = pymongo::differences(before, after);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Backs up, verifies and restores on one server, and clones to a second one of its kind.
fn there_and_back(source: &Server, other: &Server) {
    source.fill("shop").unwrap();
    let before = source.portrait("shop").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("source", &source.url("shop"), source.password()).unwrap();
    cofferdam.add_mongodb("other", &other.url("cloned"), other.password()).unwrap();
    cofferdam.initialize().unwrap();

    let id = cofferdam.succeed(&["backup", "source"], MINUTES).unwrap().stdout.trim().to_owned();
    let listed = cofferdam.succeed(&["backups", "list"], MINUTES).unwrap().stdout;
    assert!(listed.contains(&id), "{id} isn't listed:\n{listed}");
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", &id, "--to", "source", "--database", "restored"], MINUTES).unwrap();
    assert_same(&before, &source.portrait("restored").unwrap());
    cofferdam.succeed(&["clone", "source", "other", "--as", "cloned"], MINUTES).unwrap();
    assert_same(&before, &other.portrait("cloned").unwrap());
    assert_same(&before, &source.portrait("shop").unwrap());
}

#[test]
fn a_database_of_a_replica_set_comes_back_whole() {
    there_and_back(&Server::double(Kind::ReplicaSet).unwrap(), &Server::double(Kind::ReplicaSet).unwrap());
}

#[test]
fn a_database_of_a_server_alone_comes_back_whole() {
    there_and_back(&Server::double(Kind::Standalone).unwrap(), &Server::double(Kind::Standalone).unwrap());
}

#[test]
fn a_database_of_mongoeco_comes_back_whole() {
    there_and_back(&Server::mongoeco().unwrap(), &Server::mongoeco().unwrap());
}

#[test]
fn a_database_goes_from_one_kind_of_server_to_another() {
    for mongoeco_first in [true, false] {
        let mut servers = [Server::mongoeco().unwrap(), Server::double(Kind::ReplicaSet).unwrap()];
        if !mongoeco_first {
            servers.reverse();
        }
        let [source, other] = servers;
        source.fill_plain("shop").unwrap();
        if other.is_mongoeco() {
            // It refuses the version that others list of an index on text.
            source.python("c.shop.types.drop_index('t_text_u_text')").unwrap();
        }
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("source", &source.url("shop"), source.password()).unwrap();
        cofferdam.add_mongodb("other", &other.url("cloned"), other.password()).unwrap();
        cofferdam.succeed(&["clone", "source", "other", "--as", "cloned"], MINUTES).unwrap();
        let portrait = |server: &Server, database: &str| {
            let lines = server.portrait(database).unwrap();
            lines.iter().filter_map(|line| on_any_server(line)).collect::<Vec<_>>()
        };
        assert_same(&portrait(&source, "shop"), &portrait(&other, "cloned"));
    }
}

/// What a line of a portrait says whoever wrote the server: each lists an index in its own way, and not all those that a
/// collection has by itself.
fn on_any_server(line: &str) -> Option<String> {
    if line.starts_with("collection clustered ") {
        return Some("collection clustered".into());
    }
    let Some((of, index)) = line.strip_prefix("index ").and_then(|index| index.split_once(" {")) else {
        return (!line.starts_with("id index ")).then(|| line.to_owned());
    };
    let index: serde_json::Value = serde_json::from_str(&format!("{{{index}")).unwrap();
    let name = index["name"].as_str().unwrap();
    (!["_id_", "the tree"].contains(&name)).then(|| format!("index {of} {name}"))
}

fn a_database_with_documents_in_it_is_refused_and_stays_as_it_is(server: Server) {
    server.fill("shop").unwrap();
    server.fill_plain("precious").unwrap();
    let before = server.portrait("precious").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("source", &server.url("shop"), server.password()).unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    let restore = ["restore", "source@latest", "--to", "source", "--database", "precious"];
    let refused = cofferdam.run(&restore, MINUTES).unwrap();
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    assert_same(&before, &server.portrait("precious").unwrap());
}

fn a_wrong_password_is_refused(server: Server) {
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("wrong", &server.url("shop"), "not it at all").unwrap();
    cofferdam.initialize().unwrap();
    server.python("c.shop.small.insert_one({'_id': 1})").unwrap();
    assert_fails(&cofferdam.run(&["backup", "wrong"], MINUTES).unwrap(), REFUSED, &["password", "hint: "]);
    let listed = cofferdam.succeed(&["backups", "list", "--json"], MINUTES).unwrap().stdout;
    assert!(!listed.contains("shop"), "a backup is listed: {listed}");
}

fn an_instance_is_checked_and_shown(server: Server) {
    server.python("c.shop.small.insert_one({'_id': 1})\nc.other.small.insert_one({'_id': 1})").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("shop", &server.url("shop"), server.password()).unwrap();
    let checked = cofferdam.succeed(&["instance", "check", "shop"], MINUTES).unwrap();
    let said = checked.stdout + &checked.stderr;
    assert!(said.contains("1 collections and views can be listed"), "{said}");
    let shown = cofferdam.succeed(&["instance", "show", "shop"], MINUTES).unwrap().stdout;
    assert!(shown.contains("shop") && shown.contains("other"), "{shown}");
}
