//! Being the primary, and stopping to be (MongoDB manual, `replSetStepDown`).

use std::time::{Duration, Instant};

use bson::doc;

use super::{Connection, reply};
use crate::doubles::mongodb::Kind;
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{Failure, NO_REPLICATION_ENABLED, Result};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::Store;

impl Store {
    /// Whether it takes writes.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.stepped_down.is_none_or(|until| Instant::now() >= until)
    }

    /// Isn't the primary for so long.
    pub fn step_down(&mut self, duration: Duration) {
        self.stepped_down = Instant::now().checked_add(duration);
    }
}

pub(super) fn step_down(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    check(store)?;
    store.step_down(Duration::from_secs(request.number("replSetStepDown")?.unwrap_or(60)));
    Ok(Writer::default())
}

pub(super) fn status(store: &mut Store, connection: &mut Connection, _: &Request) -> Result<Writer> {
    check(store)?;
    let (state, text) = if store.is_primary() { (1, "PRIMARY") } else { (2, "SECONDARY") };
    let optime = doc! { "ts": store.clock.now().timestamp(), "t": 1_i64 };
    let member = doc! { "_id": 0, "name": &connection.address, "health": 1.0, "state": state, "stateStr": text, "optime": optime, "self": true };
    Ok(reply(
        doc! { "set": "rs0", "date": bson::DateTime::now(), "myState": state, "term": 1_i64, "members": [member] },
    ))
}

fn check(store: &Store) -> Result<()> {
    match store.kind {
        Kind::ReplicaSet => Ok(()),
        Kind::Standalone => Err(Failure::new(NO_REPLICATION_ENABLED, "not running with --replSet")),
    }
}
