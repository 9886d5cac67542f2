//! Chunks that move from shard to shard while they are read. A change stream doesn't show that, and a secondary may delete
//! what moved away below a cursor that still reads it (MongoDB manual, `orphanCleanupDelaySecs`).

use crate::bson::{self, Builder, Document};
use crate::catalog::Collection;
use crate::oplog::refuse;
use crate::server::Server;
use cofferdam_sdk::Result;

/// The BSON types of an array and of binary data, and the subtype of a UUID.
const ARRAY: u8 = 0x04;
const BINARY: u8 = 0x05;
const UUID: u8 = 4;

/// Proves that no chunk of these collections moved since a time (MongoDB manual, "Config Database", `config.chunks`: the first
/// of `history` says since when a chunk is where it is).
///
/// # Errors
/// "conflict" if one did; "permission-denied" if nobody may tell us.
pub async fn prove(server: &Server, collections: &[Collection], begin: u64) -> Result<()> {
    let find = Builder::new().text("find", "chunks").document("filter", &since(collections, begin));
    let find = find.document("projection", &Builder::new().int("uuid", 1).finish()).int("limit", 1);
    let moved = server.documents("config", find.truth("singleBatch", true)).await;
    let moved = moved.map_err(|error| error.while_doing("looking in config.chunks for chunks that moved"))?;
    let Some(moved) = moved.first() else { return Ok(()) };
    let uuid = bson::get(moved, "uuid").and_then(|uuid| uuid.binary());
    let of = collections.iter().find(|each| each.uuid.as_deref() == uuid).map_or_else(String::new, Collection::object);
    let refused = refuse(format!("a chunk of {of} moved to another shard"));
    refused.map_err(|error: cofferdam_sdk::Error| error.with_hint("stop the balancer for so long: sh.stopBalancer()"))
}

fn since(collections: &[Collection], begin: u64) -> Document {
    let uuids = collections.iter().filter_map(|collection| collection.uuid.as_deref()).enumerate();
    let list = uuids.fold(Builder::new(), |list, (n, uuid)| {
        let length = u32::try_from(uuid.len()).unwrap_or_default().to_le_bytes();
        list.value(BINARY, &n.to_string(), &[&length, [UUID].as_slice(), uuid].concat())
    });
    let these = Builder::new().value(ARRAY, "$in", &list.finish()).finish();
    let later = Builder::new().timestamp("$gt", begin).finish();
    Builder::new().document("uuid", &these).document("history.0.validAfter", &later).finish()
}
