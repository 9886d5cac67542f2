//! Opening a change stream (MongoDB manual, "Change Streams", `$changeStream`), and what its replies say.

use super::{moves, token};
use crate::bson::{self, Builder, Document};
use crate::catalog::{Collection, Kind};
use crate::namespace::Scope;
use crate::server::{self, Server};
use cofferdam_sdk::mongodb::Follower;
use cofferdam_sdk::{Error, Result};

/// How long a server holds an empty batch back, in milliseconds.
const WAIT: u32 = 1000;

/// Events of a batch.
const BATCH: i32 = 1000;

/// From this major version on a stream shows more than documents that change, and collections that go
/// (`showExpandedEvents`).
const EXPANDED: u32 = 6;

/// What a server says when a stream can't be followed from where it was.
const LOST: [&str; 3] = ["ChangeStreamHistoryLost", "InvalidResumeToken", "CappedPositionLost"];

/// What a stream is of: one database, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    database: Option<String>,
    expanded: bool,
}

/// Where a stream begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// With what happened at a time.
    Time(u64),
    /// Behind what a token stands for.
    Token(Document),
}

impl Watched {
    /// What has to be watched for a backup of these databases.
    pub fn new(server: &Server, scope: &Scope, databases: &[String]) -> Self {
        let database = databases.first().filter(|_| *scope == Scope::Database).cloned();
        Self { database, expanded: server.major().is_some_and(|major| major >= EXPANDED) }
    }

    fn command(&self, from: &From) -> Builder {
        let mut stream = match from {
            From::Time(time) => Builder::new().timestamp("startAtOperationTime", *time),
            From::Token(token) => Builder::new().document("resumeAfter", token),
        };
        if self.database.is_none() {
            stream = stream.truth("allChangesForCluster", true);
        }
        if self.expanded {
            stream = stream.truth("showExpandedEvents", true);
        }
        // With the document in it an event could be longer than a document may be.
        let without = ["fullDocument", "fullDocumentBeforeChange", "updateDescription"];
        let without = without.into_iter().fold(Builder::new(), |without, name| without.int(name, 0));
        let stages = [
            Builder::new().document("$changeStream", &stream.finish()).finish(),
            Builder::new().document("$project", &without.finish()).finish(),
        ];
        let cursor = Builder::new().int("batchSize", BATCH).finish();
        Builder::new().int("aggregate", 1).array("pipeline", &stages).document("cursor", &cursor)
    }

    /// Opens the stream.
    ///
    /// # Errors
    /// "conflict" if it can't be followed from there any more.
    pub async fn follow(&self, server: &Server, from: &From) -> Result<Follower> {
        let database = self.database.clone().unwrap_or_else(|| "admin".to_owned());
        let concern = Builder::new().text("level", "majority").finish();
        let command = self.command(from).document("readConcern", &concern).finish();
        server.client().follow(database, command, WAIT).await.map_err(explained)
    }
}

/// Whether a stream shows what happens in a collection: those of the server and of `admin` are in none (MongoDB manual, "Change
/// Streams", "Watch a Collection, Database, or Deployment").
pub fn shows(collection: &Collection) -> bool {
    collection.kind == Kind::Plain && collection.database != "admin" && !collection.name.starts_with("system.")
}

/// Fixes the beginning, and sees that the stream can be opened there.
///
/// # Errors
/// If there is no change stream, or it may not be opened.
pub async fn open(server: &Server, watched: &Watched, collections: &[Collection]) -> Result<u64> {
    if server.kind == server::Kind::Standalone {
        return Err(Error::unsupported("a server alone has no change streams")
            .with_hint("make it a replica set of one member: --replSet, then rs.initiate()"));
    }
    let begin = now(server).await?;
    let first = watched.follow(server, &From::Time(begin)).await.map_err(opening)?.next().await.map_err(opening)?;
    let batch = Batch::read(&first.ok_or_else(ended)?)?;
    if token::time(&batch.token).is_none_or(|time| time < begin) {
        return Err(Error::unsupported("the change stream's resume tokens aren't as they are known"));
    }
    if server.kind == server::Kind::Mongos {
        moves::prove(server, collections, begin).await?;
    }
    Ok(begin)
}

/// The cluster time of whatever was read through this server until now: it keeps the latest that it heard of (driver
/// specification "Driver Sessions", "Gossipping the cluster time").
pub async fn now(server: &Server) -> Result<u64> {
    let hello = server.run("admin", Builder::new().int("hello", 1)).await?;
    let time = bson::path(&hello, "$clusterTime.clusterTime").or_else(|| bson::get(&hello, "operationTime"));
    time.and_then(|time| time.timestamp()).ok_or_else(|| Error::unsupported("the server has no cluster time"))
}

/// A reply of a stream.
pub struct Batch {
    /// The events.
    pub events: Vec<Document>,
    /// How far the stream is, also where there are no events.
    pub token: Document,
}

impl Batch {
    /// Reads a reply.
    ///
    /// # Errors
    /// "unsupported" if it doesn't say how far the stream is.
    pub fn read(reply: &[u8]) -> Result<Self> {
        let part = |name: &str| bson::path(reply, &format!("cursor.{name}")).and_then(|part| part.document());
        let events = part("firstBatch").or_else(|| part("nextBatch"));
        let events = events.ok_or_else(|| Error::corrupt("the change stream's reply has no batch"))?;
        let token = part("postBatchResumeToken");
        let token = token.ok_or_else(|| Error::unsupported("the server doesn't say how far its change stream is"))?;
        Ok(Self { events: bson::documents(events)?, token: token.to_vec() })
    }
}

/// The server closed the stream.
pub fn ended() -> Error {
    Error::conflict("the server closed the change stream, so what changed since isn't known")
}

fn opening(error: Error) -> Error {
    let denied = error.code == "permission-denied";
    let error = error.while_doing("opening a change stream");
    if denied {
        error.with_hint("grant the role readAnyDatabase beside backup, or read on the database")
    } else {
        error
    }
}

/// What the operator is told when the server has lost what the stream needs.
pub fn explained(error: Error) -> Error {
    if !LOST.iter().any(|code| error.has_engine_code(code)) {
        return error;
    }
    Error::conflict(format!(
        "the change stream doesn't reach back any more to where the backup began, so what changed since isn't known: {}",
        error.message
    ))
    .with_hint(
        "make the oplog larger with db.adminCommand({ replSetResizeOplog: 1, size: MEGABYTES }) on every member (of every \
         shard), use more jobs, or back up at a quieter time",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_stream_is_of_what_is_backed_up() {
        let truth = |command: &[u8], name: &str| {
            bson::path(command, &format!("pipeline.0.$changeStream.{name}")).is_some_and(|value| value.truth())
        };
        let all = Watched { database: None, expanded: true }.command(&From::Time(7)).finish();
        assert!(truth(&all, "allChangesForCluster") && truth(&all, "showExpandedEvents"));
        let begin = bson::path(&all, "pipeline.0.$changeStream.startAtOperationTime").unwrap();
        assert_eq!(begin.timestamp(), Some(7));
        let token = Builder::new().text("_data", "82").finish();
        let one = Watched { database: Some("shop".to_owned()), expanded: false }.command(&From::Token(token)).finish();
        assert!(!truth(&one, "allChangesForCluster") && !truth(&one, "showExpandedEvents"));
        assert!(bson::path(&one, "pipeline.0.$changeStream.resumeAfter._data").is_some());
    }

    #[test]
    fn a_reply_that_does_not_say_how_far_the_stream_is_proves_nothing() {
        let cursor = Builder::new().array("nextBatch", &[]).finish();
        let reply = Builder::new().document("cursor", &cursor).finish();
        assert!(Batch::read(&reply).is_err());
    }
}
