//! An engine that speaks to no server: it makes its rows itself, knows on restore which they must be, and misbehaves as
//! `--set fault=NAME` says. What a host does about it is tested in `tests/suites/sandbox.rs`.
#![allow(clippy::panic, reason = "panicking is one of the faults")]

mod backup;
mod fault;
mod files;
mod restore;
mod rows;

use cofferdam_sdk::engine::{
    self, Complete, Data, Described, Engine, FilesOptions, FilesPlan, Finding, Found, InstanceInfo, Layout, Note,
    Source, Unit,
};
use cofferdam_sdk::{Endpoint, Options, Reading, Result};

/// The engine.
pub struct Faulty;

impl Engine for Faulty {
    async fn inspect(_: &Endpoint) -> Result<InstanceInfo> {
        Ok(InstanceInfo { version: "1".to_owned(), databases: Vec::new(), extra: Vec::new() })
    }

    async fn check(_: &Endpoint, _: String, _: Options) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    async fn cleanup(_: &Endpoint, _: String) -> Result<Vec<Note>> {
        Ok(Vec::new())
    }
}

impl engine::Backup for Faulty {
    type Session = backup::Backup;
}

impl engine::Restore for Faulty {
    type Session = restore::Restore;
}

impl engine::ToFiles for Faulty {
    async fn lay_out(source: Source, options: FilesOptions) -> Result<Layout> {
        files::lay_out(source, options).await
    }

    async fn convert(path: String, unit: Unit, data: Data, complete: Complete) -> Result<Reading> {
        files::to_file(&path, &unit, data, complete).await
    }
}

impl engine::FromFiles for Faulty {
    async fn describing(files: Vec<Found>) -> Result<Vec<String>> {
        Ok(files::describing(files))
    }

    async fn recognise(files: Vec<Found>, described: Vec<Described>, options: Options) -> Result<FilesPlan> {
        files::recognise(files, described, options).await
    }

    async fn convert(unit: Unit, _: String, data: Data, complete: Complete) -> Result<Reading> {
        files::of_file(&unit, data, complete).await
    }
}

cofferdam_sdk::export!(Faulty: backup, restore, to_files, from_files);
