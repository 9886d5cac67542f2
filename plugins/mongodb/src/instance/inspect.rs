//! What is there.

use crate::bson::{self, Builder};
use crate::namespace::is_users_database;
use crate::server::{Kind, Server};
use cofferdam_sdk::engine::{DatabaseInfo, InstanceInfo};
use cofferdam_sdk::{Endpoint, Error, Result, options};

/// The server's version and its databases. A size that the server doesn't tell isn't told.
pub async fn inspect(endpoint: &Endpoint) -> Result<InstanceInfo> {
    let server = Server::connect(endpoint, false).await?;
    let reply = server.run("admin", Builder::new().int("listDatabases", 1)).await?;
    let listed = bson::get(&reply, "databases").and_then(|list| list.document());
    let listed = bson::documents(listed.ok_or_else(|| Error::corrupt("the server lists no databases"))?)?;
    let databases = listed.iter().filter_map(|each| {
        let name = bson::get(each, "name")?.text()?;
        let bytes = bson::get(each, "sizeOnDisk").and_then(|size| u64::try_from(size.number()?).ok());
        is_users_database(name).then(|| DatabaseInfo { name: name.to_owned(), bytes, extra: Vec::new() })
    });
    let kind = match server.kind {
        Kind::Mongos => "mongos",
        Kind::Member => "replica set",
        Kind::Standalone => "standalone",
    };
    Ok(InstanceInfo {
        databases: databases.collect(),
        extra: options::from_pairs([("deployment", kind)]),
        version: server.version,
    })
}
