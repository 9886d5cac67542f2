//! Which part of the oplog a backup needs, and whether it is still there.

use crate::bson::{self, Builder, Document};
use crate::server::Server;
use cofferdam_sdk::{Error, Result};

/// The BSON type of an array.
const ARRAY: u8 = 0x04;

/// The part of the oplog that a backup needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first entry: whatever is written down before it was there to be read.
    pub begin: u64,
    /// What every session has before it reads, and before collections are listed.
    pub seen: u64,
}

/// Fixes the beginning: what a majority has now, or the first entry of the oldest transaction that is open, whose other
/// entries may become true later (MongoDB's `config.transactions`; mongodump begins there, too).
///
/// # Errors
/// If there is no oplog, it can't be read, or doesn't reach that far back.
pub async fn open(server: &Server) -> Result<Window> {
    let begin = majority(server).await?;
    let states = Builder::new().text("0", "prepared").text("1", "inProgress").finish();
    let states = Builder::new().value(ARRAY, "$in", &states).finish();
    let open = Builder::new()
        .text("find", "transactions")
        .document("filter", &Builder::new().document("state", &states).finish());
    let open = open.document("projection", &Builder::new().int("startOpTime", 1).finish());
    let open = server.documents("config", open).await.map_err(|e| e.while_doing("reading config.transactions"))?;
    let oldest = open.iter().filter_map(|each| bson::path(each, "startOpTime.ts")?.timestamp()).min();
    // After the question: a transaction that wasn't open any more has ended by then.
    let seen = last_write(server, "opTime").await?;
    let window = Window { begin: oldest.map_or(begin, |oldest| oldest.min(begin)), seen };
    prove(server, window.begin).await?;
    Ok(window)
}

/// The cluster time up to which a majority has everything.
pub async fn majority(server: &Server) -> Result<u64> {
    last_write(server, "majorityOpTime").await
}

async fn last_write(server: &Server, which: &str) -> Result<u64> {
    let hello = server.run("admin", Builder::new().int("hello", 1)).await?;
    let ts = bson::path(&hello, &format!("lastWrite.{which}.ts")).and_then(|ts| ts.timestamp());
    ts.ok_or_else(|| Error::unsupported("the server doesn't say up to where it has an oplog"))
}

/// Entries from one time on, or behind it, up to another.
pub fn between(from: u64, inclusive: bool, until: u64) -> Document {
    let after = if inclusive { "$gte" } else { "$gt" };
    let range = Builder::new().timestamp(after, from).timestamp("$lte", until).finish();
    Builder::new().document("ts", &range).finish()
}

/// Proves that the beginning is still there: the oldest entry isn't younger.
///
/// # Errors
/// "conflict" if it is gone.
pub async fn prove(server: &Server, begin: u64) -> Result<()> {
    let natural = Builder::new().int("$natural", 1).finish();
    let oldest = Builder::new().text("find", "oplog.rs").document("sort", &natural).int("limit", 1);
    let oldest = server.documents("local", oldest.truth("singleBatch", true)).await;
    let oldest = oldest.map_err(|error| error.while_doing("reading the oplog"))?;
    match oldest.first().and_then(|entry| bson::get(entry, "ts")?.timestamp()) {
        Some(oldest) if oldest <= begin => Ok(()),
        Some(_) => Err(lost()),
        None => Err(Error::unsupported("the server has no oplog")),
    }
}

/// What the operator is told when the beginning is gone.
pub fn lost() -> Error {
    Error::conflict(
        "the oplog doesn't reach back any more to where the backup began, so what changed since isn't known",
    )
    .with_hint(
        "make it larger with db.adminCommand({ replSetResizeOplog: 1, size: MEGABYTES }), use more jobs, or back up at \
             a quieter time",
    )
}
