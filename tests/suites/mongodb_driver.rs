//! The double of MongoDB and the official driver for Rust, which the host uses, too: logging in, and what it does about
//! faults that only whoever holds the double can ask for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use bson::{Document, doc};
use cofferdam_tests::doubles::mongodb::{Action, Fault, Kind, Mongodb, Options, User};
use mongodb::Client;
use mongodb::error::ErrorKind;

fn server() -> Mongodb {
    let user = User { name: "backup".into(), password: "not easily guessed".into() };
    Mongodb::start(Options { user: Some(user), ..Options::default() }).unwrap()
}

async fn client(server: &Mongodb) -> Client {
    Client::with_uri_str(server.full_url()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_logs_in_by_both_mechanisms_and_not_with_a_wrong_password() {
    let server = server();
    for mechanism in ["SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let url = format!("{}?authMechanism={mechanism}", server.full_url());
        let client = Client::with_uri_str(url).await.unwrap();
        client.database("admin").run_command(doc! { "listDatabases": 1 }).await.unwrap();
    }
    let wrong = Client::with_uri_str(server.full_url().replace("easily", "quickly")).await.unwrap();
    let refused = wrong.database("admin").run_command(doc! { "ping": 1 }).await.unwrap_err();
    assert!(matches!(*refused.kind, ErrorKind::Authentication { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_half_done_is_finished_and_nothing_is_doubled() {
    let server = server();
    let things = client(&server).await.database("shop").collection::<Document>("things");
    for fault in [Action::Half(3), Action::Cut(0), Action::Cut(20), Action::Close, Action::Fail(189, Vec::new())] {
        things.drop().await.unwrap();
        server.fail(Fault::once("insert", fault.clone()));
        let result = things.insert_many((0..10).map(|n| doc! { "_id": n })).await;
        assert!(result.is_ok(), "{fault:?}: {result:?}");
        assert_eq!(server.count("shop.things"), Some(10), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_retries_a_half_done_batch_stays_half_done() {
    let server = server();
    let url = format!("{}?retryWrites=false", server.full_url());
    let things = Client::with_uri_str(url).await.unwrap().database("shop").collection::<Document>("things");
    server.fail(Fault::once("insert", Action::Half(3)));
    things.insert_many((0..10).map(|n| doc! { "_id": n })).await.unwrap_err();
    assert_eq!(server.count("shop.things"), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_alone_has_no_snapshots() {
    let server = Mongodb::start(Options { kind: Kind::Standalone, ..Options::default() }).unwrap();
    let shop = client(&server).await.database("shop");
    shop.run_command(doc! { "insert": "a", "documents": [{ "_id": 1 }] }).await.unwrap();
    let snapshot = doc! { "find": "a", "readConcern": { "level": "snapshot" } };
    let refused = shop.run_command(snapshot).await.unwrap_err();
    assert!(matches!(*refused.kind, ErrorKind::Command(ref error) if error.code == 123), "{refused}");
    assert!(!server.databases().contains(&"local".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_written_down_as_they_came() {
    let server = server();
    client(&server)
        .await
        .database("shop")
        .run_command(doc! { "insert": "a", "documents": [{ "_id": 1 }] })
        .await
        .unwrap();
    assert!(server.commands().contains(&"insert shop.a".to_owned()), "{:?}", server.commands());
}
