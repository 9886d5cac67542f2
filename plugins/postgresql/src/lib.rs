//! The PostgreSQL engine: a consistent logical copy of a database, made of its catalogue and COPY.
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

mod backup;
mod catalog;
mod clone;
mod counts;
mod entry;
mod instance;
mod order;
mod quote;
mod restore;
mod session;
mod table;
mod version;

use cofferdam_sdk::engine::{self, CloneOptions, Cloned, Engine, Finding, InstanceInfo, Note};
use cofferdam_sdk::{Endpoint, Options, Result};

/// PostgreSQL 13 to 18.
pub struct Postgresql;

impl Engine for Postgresql {
    async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
        instance::inspect(endpoint).await
    }

    async fn check(endpoint: &Endpoint, operation: String, options: Options) -> Result<Vec<Finding>> {
        instance::check(endpoint, &operation, &options).await
    }

    async fn cleanup(endpoint: &Endpoint, operation_id: String) -> Result<Vec<Note>> {
        instance::cleanup(endpoint, &operation_id).await
    }
}

impl engine::Backup for Postgresql {
    type Session = backup::Backup;
}

impl engine::Restore for Postgresql {
    type Session = restore::Restore;
}

impl engine::Clone for Postgresql {
    async fn clone(source: &Endpoint, target: &Endpoint, options: CloneOptions) -> Result<Cloned> {
        clone::copy(source, target, options).await
    }
}

cofferdam_sdk::export!(Postgresql: backup, restore, clone);
