//! Looks at an instance, and asks whether an operation could work there. Changes nothing.

use super::{Environment, Operation, Party};
use crate::error::Result;
use crate::plugin::{DatabaseInfo, Finding, InstanceInfo};

/// Looks at a server.
///
/// # Errors
/// If it can't be reached or refuses.
pub async fn inspect(party: &Party, environment: Environment) -> Result<InstanceInfo> {
    let operation = Operation::quiet(environment)?;
    let looked = async { operation.sandbox(&party.plugin).await?.inspect(&party.endpoint).await }.await;
    let looked = looked.map(|info| InstanceInfo {
        version: operation.clean(&info.version),
        databases: info
            .databases
            .into_iter()
            .map(|database| DatabaseInfo { name: operation.clean(&database.name), ..database })
            .collect(),
        extra: info.extra.into_iter().map(|(name, value)| (operation.clean(&name), operation.clean(&value))).collect(),
    });
    operation.close(looked).await
}

/// Asks whether an operation ("backup", "restore", "clone") could work.
///
/// # Errors
/// If the server can't be reached or refuses. What stands against the operation is a finding, no error.
pub async fn run(party: &Party, kind: &str, environment: Environment) -> Result<Vec<Finding>> {
    let operation = Operation::quiet(environment)?;
    let found = async { operation.sandbox(&party.plugin).await?.check(&party.endpoint, kind, Vec::new()).await }.await;
    let clean = |finding: Finding| finding.map_text(|text| operation.clean(text));
    let found = found.map(|findings| findings.into_iter().map(clean).collect());
    operation.close(found).await
}
