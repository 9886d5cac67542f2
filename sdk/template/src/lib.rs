//! The engine: what a server has, could an operation work, and cleaning up after one.
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

mod backup;
mod restore;
mod session;
#[cfg(test)]
mod tests;

use cofferdam_sdk::engine::{self, DatabaseInfo, Finding, InstanceInfo, Note};
use cofferdam_sdk::{Endpoint, Options, Result};

use session::Session;

/// The engine.
pub struct Toy;

impl engine::Engine for Toy {
    async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
        let session = Session::open(endpoint).await?;
        let databases = session.list(&["DATABASES"]).await?.into_iter();
        let databases = databases.map(|name| DatabaseInfo { name, bytes: None, extra: Vec::new() }).collect();
        Ok(InstanceInfo { version: session.version, databases, extra: Vec::new() })
    }

    async fn check(endpoint: &Endpoint, operation: String, _: Options) -> Result<Vec<Finding>> {
        let session = Session::open(endpoint).await?;
        let finding = |severity: &str, object: String, what: &str| {
            vec![Finding { severity: severity.to_owned(), object, what: what.to_owned(), remedy: None }]
        };
        let Some(database) = endpoint.info().database.filter(|_| operation == "backup") else {
            return Ok(finding("ok", String::new(), "the server lets us in"));
        };
        if session.list(&["DATABASES"]).await?.contains(&database) {
            return Ok(finding("ok", database, "the database is there"));
        }
        Ok(finding("blocker", database, "there is no such database"))
    }

    async fn cleanup(endpoint: &Endpoint, operation_id: String) -> Result<Vec<Note>> {
        let session = Session::open(endpoint).await?;
        let mut notes = Vec::new();
        for database in session.list(&["DATABASES"]).await? {
            if database.ends_with(&session::mark(&operation_id)) {
                session.run(&["DROP", &database]).await?;
                let reason = "what was left of the operation was dropped".to_owned();
                notes.push(Note { kind: "warning".to_owned(), object: database, reason });
            }
        }
        Ok(notes)
    }
}

impl engine::Backup for Toy {
    type Session = backup::Backup;
}

impl engine::Restore for Toy {
    type Session = restore::Restore;
}

cofferdam_sdk::export!(Toy: backup, restore);
