//! Could an operation work here?

use crate::backup::window;
use crate::bson::{self, Builder, Document};
use crate::catalog;
use crate::note::finding;
use crate::server::{Kind, Server};
use cofferdam_sdk::engine::Finding;
use cofferdam_sdk::{Endpoint, Error, Options, Result, options};

/// Roles that may write any database (MongoDB manual, "Built-In Roles").
const WRITERS: [&str; 5] = ["root", "restore", "readWriteAnyDatabase", "__system", "atlasAdmin"];

/// Looks for what would stop the operation, without changing anything.
pub async fn check(endpoint: &Endpoint, operation: &str, settings: &Options) -> Result<Vec<Finding>> {
    let writes = match operation {
        "backup" => false,
        "restore" | "clone" => true,
        other => return Err(Error::invalid_options(format!("there is no operation {other:?} to check"))),
    };
    let server = Server::connect(endpoint, writes).await?;
    let mut findings = vec![finding("ok", "", format!("MongoDB {}", server.version), None)];
    if writes {
        findings.extend(may_write(&server).await);
        return Ok(findings);
    }
    let database = options::get(settings, "database").map(str::to_owned).or_else(|| endpoint.info().database);
    let databases = match database {
        Some(database) => Ok(vec![database]),
        None => server.databases().await,
    };
    match databases {
        Ok(databases) => findings.extend(readable(&server, &databases).await),
        Err(error) => findings.push(unreadable("the databases", &error)),
    }
    findings.push(consistency(&server).await);
    Ok(findings)
}

async fn readable(server: &Server, databases: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for database in databases {
        match catalog::read(server, std::slice::from_ref(database)).await {
            Ok(collections) => {
                let what = format!("{} collections and views can be listed", collections.len());
                findings.push(finding("ok", database, what, None));
            }
            Err(error) => findings.push(unreadable(database, &error)),
        }
    }
    findings
}

fn unreadable(what: &str, error: &Error) -> Finding {
    let remedy = "db.getSiblingDB(\"admin\").grantRolesToUser(USER, [\"backup\"])";
    finding("blocker", what, format!("can't be listed: {}", error.message), Some(remedy))
}

async fn consistency(server: &Server) -> Finding {
    if server.kind == Kind::Standalone {
        let what = "the server is alone, so a backup isn't of one moment: each collection is as it is when it is read";
        return finding(
            "warning",
            "",
            what,
            Some("run it as a replica set of one member: --replSet, then rs.initiate()"),
        );
    }
    let seconds = window(server).await;
    finding("ok", "", format!("one moment can be read for {seconds} s (minSnapshotHistoryWindowInSeconds)"), None)
}

async fn may_write(server: &Server) -> Option<Finding> {
    let status = server.run("admin", Builder::new().int("connectionStatus", 1)).await.ok()?;
    let roles = bson::path(&status, "authInfo.authenticatedUserRoles")?.document().map(bson::documents)?.ok()?;
    let users = bson::path(&status, "authInfo.authenticatedUsers")?.document().map(bson::documents)?.ok()?;
    if users.is_empty() {
        return None;
    }
    let name = |role: &Document| bson::get(role, "role").and_then(|role| role.text()).map(str::to_owned);
    let may = roles.iter().filter_map(name).any(|role| WRITERS.contains(&role.as_str()));
    Some(if may {
        finding("ok", "", "the user may make databases and collections", None)
    } else {
        let what = "none of the user's roles is known to allow making collections everywhere";
        finding("warning", "", what, Some("db.getSiblingDB(\"admin\").grantRolesToUser(USER, [\"restore\"])"))
    })
}
