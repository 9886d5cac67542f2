//! The engine with the toy in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::cell::RefCell;
use std::rc::Rc;

use cofferdam_sdk::engine::{BackupOptions, Engine, RestoreOptions, RestoreSession};
use cofferdam_sdk::testing::{self, Instance};
use cofferdam_sdk::{Error, Result};

use crate::Toy;
use crate::restore::Restore;

#[path = "../toy/store.rs"]
mod store;

/// A toy with a database "library" of two tables, and a connection of the test's own.
fn toy() -> (Instance, impl FnMut(&str) -> String) {
    let store = Rc::new(RefCell::new(store::Store::new("hunter2")));
    let served = Rc::clone(&store);
    let instance = Instance::new().user("author").password("hunter2").database("library").tcp(move |peer| {
        let store = Rc::clone(&served);
        async move {
            let mut session = store::Session::default();
            while let Some(mut line) = peer.until(b'\n').await {
                line.pop();
                let answer = store.borrow_mut().line(&mut session, &line);
                peer.write(&answer);
            }
            store.borrow_mut().hung_up(session);
        }
    });
    let mut session = store::Session::default();
    let mut ask = move |line: &str| {
        let answer = store.borrow_mut().line(&mut session, line.as_bytes());
        String::from_utf8(answer).unwrap()
    };
    for line in ["LOGIN\tauthor\thunter2", "CREATE\tlibrary", "TABLE\tlibrary\tbooks", "TABLE\tlibrary\tlent"] {
        assert!(ask(line).starts_with("OK"));
    }
    for line in ["FILL\tlibrary\tbooks", "+one", "+two", "KEEP"] {
        assert!(!ask(line).starts_with("WRONG"));
    }
    (instance, ask)
}

fn again() -> RestoreOptions {
    RestoreOptions { database: Some("again".to_owned()), ..RestoreOptions::default() }
}

#[test]
fn what_was_backed_up_comes_back() {
    testing::run(async {
        let (instance, mut ask) = toy();
        let taken = testing::back_up::<Toy>(&instance, BackupOptions::default()).await.unwrap();
        assert_eq!(taken.bytes("data/books").unwrap(), b"one\ntwo\n");
        testing::put_back::<Toy>(&instance, again(), &taken).await.unwrap();
        assert_eq!(ask("DATABASES"), "OK 2\nagain\nlibrary\n");
        let options = BackupOptions { database: Some("again".to_owned()), ..BackupOptions::default() };
        let copied = testing::back_up::<Toy>(&instance, options).await.unwrap();
        assert_eq!(copied.bytes("data/books").unwrap(), b"one\ntwo\n");
        assert_eq!(instance.connections(), 0, "a session was left open");
    });
}

#[test]
fn a_unit_that_breaks_off_leaves_nothing_and_a_second_attempt_does_not_double_it() {
    testing::run(async {
        let (instance, mut ask) = toy();
        let taken = testing::back_up::<Toy>(&instance, BackupOptions::default()).await.unwrap();
        let session = Restore::lead(instance.endpoint(), again()).await.unwrap();
        session.prepare(testing::source(&taken)).await.unwrap();
        let mut units = taken.units.iter();
        let tables = units.next().unwrap();
        testing::write(&session, tables, 0, tables.bytes.clone(), Ok(())).await.unwrap();
        let books = units.next().unwrap();
        let broken: Result<()> = Err(Error::unreachable("the repository is gone"));
        testing::write(&session, books, 0, b"one\n".to_vec(), broken).await.unwrap_err();
        for attempt in 1..3 {
            testing::write(&session, books, attempt, books.bytes.clone(), Ok(())).await.unwrap();
        }
        session.finish().await.unwrap();
        ask("SNAPSHOT\tagain");
        assert_eq!(ask("READ\t2\tbooks"), "OK 2\none\ntwo\n");
    });
}

#[test]
fn what_an_operation_left_is_taken_away_and_nothing_else() {
    testing::run(async {
        let (instance, mut ask) = toy();
        ask("CREATE\tlibrary.cofferdam_0123456789ab");
        ask("CREATE\tlibrary.cofferdam_ba9876543210");
        Toy::cleanup(&instance.endpoint(), testing::OPERATION.to_owned()).await.unwrap();
        assert_eq!(ask("DATABASES"), "OK 2\nlibrary\nlibrary.cofferdam_ba9876543210\n");
    });
}

#[test]
fn a_wrong_password_is_told_as_such() {
    testing::run(async {
        let (instance, _ask) = toy();
        let wrong = instance.password("hunter3");
        assert_eq!(Toy::inspect(&wrong.endpoint()).await.unwrap_err().code, "authentication-failed");
    });
}
