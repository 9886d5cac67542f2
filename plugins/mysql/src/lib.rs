//! MySQL and MariaDB: what a database consists of, and what a consistent copy of it is.
//!
//! It uses what every engine may use, a byte stream and the login that the host does for it: the host knows nothing of
//! this engine.
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

mod backup;
mod catalog;
mod definition;
mod event;
mod instance;
mod login;
mod protocol;
mod rename;
mod restore;
mod session;
mod sql;
mod table;
mod trigger;

use cofferdam_sdk::engine::{self, Finding, InstanceInfo, Note};
use cofferdam_sdk::{Endpoint, Options, Result};

/// The engine.
pub struct Mysql;

impl engine::Engine for Mysql {
    async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
        instance::inspect(endpoint).await
    }

    async fn check(endpoint: &Endpoint, operation: String, _: Options) -> Result<Vec<Finding>> {
        instance::check(endpoint, &operation).await
    }

    async fn cleanup(endpoint: &Endpoint, operation_id: String) -> Result<Vec<Note>> {
        restore::cleanup(endpoint, &operation_id).await
    }
}

impl engine::Backup for Mysql {
    type Session = backup::Session;
}

impl engine::Restore for Mysql {
    type Session = restore::Session;
}

cofferdam_sdk::export!(Mysql: backup, restore);
