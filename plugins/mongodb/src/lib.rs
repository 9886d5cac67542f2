//! The MongoDB engine: a logical copy of databases at one cluster time, made of raw documents.
#![allow(clippy::result_large_err, reason = "the contract's error is a record, and failures are rare")]

mod access;
mod backup;
mod bson;
mod catalog;
mod change_stream;
mod copies;
mod definition;
mod documents;
mod files;
mod instance;
mod json;
mod namespace;
mod note;
mod oplog;
mod restore;
mod selection;
mod server;
mod uuid;

use cofferdam_sdk::engine::{
    self, Complete, Data, Described, Engine, FilesOptions, FilesPlan, Finding, Found, InstanceInfo, Layout, Note,
    Source, Unit,
};
use cofferdam_sdk::{Endpoint, Options, Reading, Result};

/// MongoDB from 5.0, and what speaks like it.
pub struct Mongodb;

impl Engine for Mongodb {
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

impl engine::Backup for Mongodb {
    type Session = backup::Backup;
}

impl engine::Restore for Mongodb {
    type Session = restore::Restore;
}

impl engine::ToFiles for Mongodb {
    async fn lay_out(source: Source, options: FilesOptions) -> Result<Layout> {
        files::lay_out(&source, &options)
    }

    async fn convert(_: String, unit: Unit, data: Data, complete: Complete) -> Result<Reading> {
        Ok(files::convert(unit, data, complete))
    }
}

impl engine::FromFiles for Mongodb {
    async fn describing(files: Vec<Found>) -> Result<Vec<String>> {
        Ok(files::describing(&files))
    }

    async fn recognise(files: Vec<Found>, described: Vec<Described>, _: Options) -> Result<FilesPlan> {
        files::recognise(&files, &described)
    }

    async fn convert(unit: Unit, path: String, data: Data, complete: Complete) -> Result<Reading> {
        Ok(files::convert_file(unit, &path, data, complete))
    }
}

cofferdam_sdk::export!(Mongodb: backup, restore, to_files, from_files);
