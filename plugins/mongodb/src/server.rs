//! A server, and what it is.

use crate::bson::{self, Builder, Document};
use cofferdam_sdk::mongodb::Client;
use cofferdam_sdk::{Endpoint, Error, Result};

/// What a backup notes the version under whose features the server keeps to; also the parameter's name.
pub const COMPATIBILITY: &str = "featureCompatibilityVersion";

/// How a server stands among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A router of a sharded cluster.
    Mongos,
    /// A member of a replica set.
    Member,
    /// Alone: without an oplog, and without snapshots.
    Standalone,
}

/// A server that we talk to.
pub struct Server {
    client: Client,
    /// How it stands among others.
    pub kind: Kind,
    /// Its version, as it says it.
    pub version: String,
    /// What tells it from others of its deployment; empty if it doesn't say.
    pub member: String,
}

impl Server {
    /// Connects to the member that takes writes, or to the one that reads are preferred from.
    pub async fn connect(endpoint: &Endpoint, writes: bool) -> Result<Self> {
        let client = Client::connect(endpoint, writes).await?;
        let mut server = Self { client, kind: Kind::Standalone, version: String::new(), member: String::new() };
        let hello = server.run("admin", Builder::new().int("hello", 1)).await?;
        server.kind = if bson::get(&hello, "msg").and_then(|msg| msg.text()) == Some("isdbgrid") {
            Kind::Mongos
        } else if bson::get(&hello, "setName").is_some() {
            Kind::Member
        } else {
            Kind::Standalone
        };
        server.member = member(&hello);
        let build = server.run("admin", Builder::new().int("buildInfo", 1)).await?;
        server.version = bson::get(&build, "version").and_then(|v| v.text()).unwrap_or("unknown").to_owned();
        Ok(server)
    }

    /// The first number of its version, if it has one.
    pub fn major(&self) -> Option<u32> {
        major(&self.version)
    }

    /// The version whose features the server keeps to, as it says it; not every server and not every user can be asked
    /// (MongoDB manual, `setFeatureCompatibilityVersion`).
    pub async fn compatibility(&self) -> Option<String> {
        let asked = self.run("admin", Builder::new().int("getParameter", 1).int(COMPATIBILITY, 1)).await.ok()?;
        bson::path(&asked, &format!("{COMPATIBILITY}.version"))?.text().map(str::to_owned)
    }

    /// Runs a command.
    pub async fn run(&self, database: &str, command: Builder) -> Result<Document> {
        self.client.run_command(database.to_owned(), command.finish()).await
    }

    /// Runs a command that changes something, and waits until a majority has it, if it is one of several.
    pub async fn change(&self, database: &str, command: Builder) -> Result<Document> {
        if self.kind == Kind::Standalone {
            return self.run(database, command).await;
        }
        let majority = Builder::new().text("w", "majority").finish();
        self.run(database, command.document("writeConcern", &majority)).await
    }

    /// Drops a collection, if it is there.
    pub async fn drop(&self, database: &str, collection: &str) -> Result<()> {
        match self.change(database, Builder::new().text("drop", collection)).await {
            Err(error) if !error.has_engine_code("NamespaceNotFound") => Err(error),
            _ => Ok(()),
        }
    }

    /// Inserts a document; one that an attempt before inserted stays.
    pub async fn insert(&self, database: &str, collection: &str, document: &Document) -> Result<()> {
        const DUPLICATE_KEY: i64 = 11000;
        let insert = Builder::new().text("insert", collection).array("documents", std::slice::from_ref(document));
        let reply = self.change(database, insert).await?;
        let errors = bson::get(&reply, "writeErrors").and_then(|errors| errors.document()).map(bson::documents);
        let there = |error: &Document| bson::get(error, "code").and_then(|code| code.number()) == Some(DUPLICATE_KEY);
        if errors.transpose()?.unwrap_or_default().iter().all(there) {
            return Ok(());
        }
        Err(Error::internal(format!("{database}.{collection} can't be written")))
    }

    /// The documents of a cursor that has few.
    pub async fn documents(&self, database: &str, command: Builder) -> Result<Vec<Document>> {
        self.client.documents(database.to_owned(), command.finish()).await
    }

    /// The client itself, for streams.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Names of the databases of users.
    pub async fn databases(&self) -> Result<Vec<String>> {
        let reply = self.run("admin", Builder::new().int("listDatabases", 1).truth("nameOnly", true)).await?;
        let listed = bson::get(&reply, "databases").and_then(|list| list.document());
        let listed = bson::documents(listed.ok_or_else(|| Error::corrupt("the server lists no databases"))?)?;
        let names = listed.iter().filter_map(|each| bson::get(each, "name")?.text().map(str::to_owned));
        Ok(names.filter(|name| crate::namespace::is_users_database(name)).collect())
    }
}

/// Who a member is, by its hello: its name in its set, or for a mongos the process (`topologyVersion`).
fn member(hello: &[u8]) -> String {
    let name = bson::get(hello, "me").and_then(|me| me.text()).map(str::to_owned);
    let process = || Some(bson::path(hello, "topologyVersion.processId")?.value);
    let process = || process().map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect());
    name.or_else(process).unwrap_or_default()
}

/// The first number of a version.
pub fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}
