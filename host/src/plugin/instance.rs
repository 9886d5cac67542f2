//! `cofferdam:engine/instance`: looking at a server, checking, and cleaning up after a broken operation.

use serde::Serialize;

use super::convert::{self, Finding, Note, Options};
use super::sandbox::Sandbox;
use crate::error::Result;
use crate::services::Endpoint;

/// A database of an instance.
#[derive(Clone, Debug, Serialize)]
pub struct DatabaseInfo {
    /// Its name.
    pub name: String,
    /// Its size on the server.
    pub bytes: Option<u64>,
    /// What the engine says besides.
    pub extra: Options,
}

/// What a server says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct InstanceInfo {
    /// The server's version.
    pub version: String,
    /// Its databases.
    pub databases: Vec<DatabaseInfo>,
    /// What the engine says besides.
    pub extra: Options,
}

impl Sandbox {
    /// Looks at a server.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn inspect(&self, endpoint: &Endpoint) -> Result<InstanceInfo> {
        let endpoint = endpoint.clone();
        let info = self
            .call("inspect", move |accessor, exports| {
                Box::pin(async move {
                    let endpoint = accessor.with(|mut a| a.get().services.lend(endpoint))?;
                    exports.instance.call_inspect(accessor, endpoint).await
                })
            })
            .await??;
        let database = |d: crate::services::bindings::exports::cofferdam::engine::instance::DatabaseInfo| {
            DatabaseInfo { name: d.name, bytes: d.bytes, extra: d.extra }
        };
        Ok(InstanceInfo {
            version: info.version,
            databases: info.databases.into_iter().map(database).collect(),
            extra: info.extra,
        })
    }

    /// Asks whether an operation could work; changes nothing.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn check(&self, endpoint: &Endpoint, operation: &str, options: Options) -> Result<Vec<Finding>> {
        let (endpoint, operation) = (endpoint.clone(), operation.to_owned());
        let findings = self
            .call("check", move |accessor, exports| {
                Box::pin(async move {
                    let endpoint = accessor.with(|mut a| a.get().services.lend(endpoint))?;
                    exports.instance.call_check(accessor, endpoint, operation, options).await
                })
            })
            .await??;
        Ok(convert::findings(findings))
    }

    /// Takes away whatever an operation left on the server.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn cleanup(&self, endpoint: &Endpoint, operation: &str) -> Result<Vec<Note>> {
        let (endpoint, operation) = (endpoint.clone(), operation.to_owned());
        let notes = self
            .call("cleanup", move |accessor, exports| {
                Box::pin(async move {
                    let endpoint = accessor.with(|mut a| a.get().services.lend(endpoint))?;
                    exports.instance.call_cleanup(accessor, endpoint, operation).await
                })
            })
            .await??;
        Ok(convert::notes(notes))
    }
}
