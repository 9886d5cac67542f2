//! An engine that speaks to no server: it makes its rows itself, knows on restore which they must be, and misbehaves as
//! `--set fault=NAME` says. What a host does about it is tested in `tests/suites/sandbox.rs`.
#![allow(clippy::panic, reason = "panicking is one of the faults")]

mod backup;
mod fault;
mod restore;
mod rows;

use cofferdam_sdk::engine::{self, Engine, Finding, InstanceInfo, Note};
use cofferdam_sdk::{Endpoint, Options, Result};

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

cofferdam_sdk::export!(Faulty: backup, restore);
