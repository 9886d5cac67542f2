//! The PostgreSQL engine: a consistent logical copy of a database, made of its catalogue and COPY.
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

mod backup;
mod catalog;
mod clone;
mod comparable;
mod counts;
mod entry;
mod files;
mod globals;
mod instance;
mod long_rows;
mod order;
mod pooler;
mod quote;
mod restore;
mod selection;
mod session;
mod table;
mod version;

use cofferdam_sdk::engine::{
    self, CloneOptions, Cloned, Complete, Data, Engine, FilesOptions, Finding, InstanceInfo, Layout, Note, Source, Unit,
};
use cofferdam_sdk::{Endpoint, Options, Reading, Result};

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

impl engine::ToFiles for Postgresql {
    async fn lay_out(source: Source, options: FilesOptions) -> Result<Layout> {
        files::lay_out(source, &options)
    }

    async fn convert(_: String, unit: Unit, data: Data, complete: Complete) -> Result<Reading> {
        files::convert(&unit, data, complete)
    }
}

cofferdam_sdk::export!(Postgresql: backup, restore, clone, to_files);
