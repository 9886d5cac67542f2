//! The engine that `plugin new` writes, with lies: who logs in says which one ("author" tells the truth). All of them are such
//! that the host alone can't know, or can't know yet; that `plugin test` does is tested in `tests/suites/conformance.rs`.
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

mod backup;
mod lie;
mod restore;

/// The template's own sources, under the names that they have there.
#[path = "../../../../sdk/template/src/session.rs"]
mod session;

use cofferdam_sdk::engine::{self, CloneOptions, Cloned, DatabaseInfo, Finding, InstanceInfo, Note, Summary};
use cofferdam_sdk::{Endpoint, Options, Result};

use lie::Lie;
use session::Session;

/// The engine.
pub struct Liar;

impl engine::Engine for Liar {
    async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
        let session = match Session::open(endpoint).await {
            // As if whoever isn't let in saw a server with nothing on it.
            Err(_) if Lie::of(endpoint).is("welcome") => {
                return Ok(InstanceInfo { version: "toy 1".to_owned(), databases: Vec::new(), extra: Vec::new() });
            }
            session => session?,
        };
        let databases = session.list(&["DATABASES"]).await?.into_iter();
        let databases = databases.map(|name| DatabaseInfo { name, bytes: None, extra: Vec::new() }).collect();
        Ok(InstanceInfo { version: session.version, databases, extra: Vec::new() })
    }

    async fn check(_: &Endpoint, _: String, _: Options) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    async fn cleanup(endpoint: &Endpoint, operation_id: String) -> Result<Vec<Note>> {
        if Lie::of(endpoint).is("clean") {
            return Ok(Vec::new());
        }
        let session = Session::open(endpoint).await?;
        for database in session.list(&["DATABASES"]).await? {
            if database.ends_with(&session::mark(&operation_id)) {
                session.run(&["DROP", &database]).await?;
            }
        }
        Ok(Vec::new())
    }
}

impl engine::Backup for Liar {
    type Session = backup::Backup;
}

impl engine::Restore for Liar {
    type Session = restore::Restore;
}

impl engine::Clone for Liar {
    async fn clone(_: &Endpoint, target: &Endpoint, options: CloneOptions) -> Result<Cloned> {
        if !Lie::of(target).is("copied") {
            return Ok(Cloned::NotHere("the toy doesn't copy".to_owned()));
        }
        // There is a database of that name, and nothing in it.
        Session::open(target).await?.run(&["CREATE", &options.target.unwrap_or_default()]).await?;
        Ok(Cloned::Copied(Summary::default()))
    }
}

cofferdam_sdk::export!(Liar: backup, restore, clone);
