//! The main path of MongoDB: back up, verify, restore, clone; compared by pymongo. On the double, and what that has in
//! common with it on mongoeco, which others wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::doubles::mongodb::{Kind, Mongodb, Options, User};
use cofferdam_tests::pymongo;
use cofferdam_tests::servers::Mongoeco;

const MINUTES: Duration = Duration::from_secs(300);

/// A server, whoever wrote it.
enum Server {
    Double(Mongodb),
    Mongoeco(Mongoeco),
}

impl Server {
    fn double(kind: Kind) -> Self {
        let user = User { name: "backup".into(), password: "not easily guessed".into() };
        Self::Double(Mongodb::start(Options { kind, user: Some(user), ..Options::default() }).unwrap())
    }

    fn mongoeco() -> Self {
        Self::Mongoeco(Mongoeco::start().unwrap())
    }

    fn url(&self, database: &str) -> String {
        match self {
            Self::Double(server) => server.url(database),
            Self::Mongoeco(server) => server.url(database),
        }
    }

    fn full_url(&self) -> String {
        match self {
            Self::Double(server) => server.full_url(),
            Self::Mongoeco(server) => server.full_url(),
        }
    }

    fn password(&self) -> &str {
        match self {
            Self::Double(_) => "not easily guessed",
            Self::Mongoeco(server) => server.password(),
        }
    }

    /// Fills a database with one of everything that this server has.
    fn fill(&self, database: &str) {
        let kind = if matches!(self, Self::Double(_)) { "full" } else { "plain" };
        pymongo::run("databases/mongodb.py", &[&self.full_url(), database, kind]).unwrap();
    }

    fn portrait(&self, database: &str) -> Vec<String> {
        pymongo::portrait(&self.full_url(), database).unwrap()
    }
}

fn assert_same(before: &[String], after: &[String]) {
    assert!(before.iter().any(|line| line.starts_with("document ")), "an empty database proves nothing");
    let differences = pymongo::differences(before, after);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Backs up, verifies and restores on one server, and clones to a second one of its kind.
fn there_and_back(source: &Server, other: &Server) {
    source.fill("shop");
    let before = source.portrait("shop");
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("source", &source.url("shop"), source.password()).unwrap();
    cofferdam.add_mongodb("other", &other.url("cloned"), other.password()).unwrap();
    cofferdam.initialize().unwrap();

    let id = cofferdam.succeed(&["backup", "source"], MINUTES).unwrap().stdout.trim().to_owned();
    let listed = cofferdam.succeed(&["backups", "list"], MINUTES).unwrap().stdout;
    assert!(listed.contains(&id), "{id} isn't listed:\n{listed}");
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", &id, "--to", "source", "--database", "restored"], MINUTES).unwrap();
    assert_same(&before, &source.portrait("restored"));
    cofferdam.succeed(&["clone", "source", "other", "--as", "cloned"], MINUTES).unwrap();
    assert_same(&before, &other.portrait("cloned"));
    assert_same(&before, &source.portrait("shop"));
}

#[test]
fn a_database_of_a_replica_set_comes_back_whole() {
    there_and_back(&Server::double(Kind::ReplicaSet), &Server::double(Kind::ReplicaSet));
}

#[test]
fn a_database_of_a_server_alone_comes_back_whole() {
    there_and_back(&Server::double(Kind::Standalone), &Server::double(Kind::Standalone));
}

#[test]
fn a_database_of_mongoeco_comes_back_whole() {
    there_and_back(&Server::mongoeco(), &Server::mongoeco());
}

#[test]
fn a_database_goes_from_one_kind_of_server_to_another() {
    let (source, other) = (Server::mongoeco(), Server::double(Kind::ReplicaSet));
    source.fill("shop");
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mongodb("source", &source.url("shop"), source.password()).unwrap();
    cofferdam.add_mongodb("other", &other.url("cloned"), other.password()).unwrap();
    cofferdam.succeed(&["clone", "source", "other", "--as", "cloned"], MINUTES).unwrap();
    let documents =
        |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("document ")).collect::<Vec<_>>();
    assert_same(&documents(source.portrait("shop")), &documents(other.portrait("cloned")));
}

#[test]
fn a_database_with_documents_in_it_is_refused_and_stays_as_it_is() {
    for server in [Server::double(Kind::ReplicaSet), Server::mongoeco()] {
        server.fill("shop");
        pymongo::run("databases/mongodb.py", &[&server.full_url(), "precious", "plain"]).unwrap();
        let before = server.portrait("precious");
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("source", &server.url("shop"), server.password()).unwrap();
        cofferdam.initialize().unwrap();
        cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
        let restore = ["restore", "source@latest", "--to", "source", "--database", "precious"];
        let refused = cofferdam.run(&restore, MINUTES).unwrap();
        assert!(!refused.status.success());
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
        assert_same(&before, &server.portrait("precious"));
    }
}
