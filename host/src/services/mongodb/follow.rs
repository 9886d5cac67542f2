//! Cursors that wait for more: a plugin gets each of the server's replies as it is, since what a change stream has come to
//! stands beside the documents.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use mongodb::raw_batch_cursor::RawBatchCursor;
use tokio::sync::Mutex;
use wasmtime::component::{Accessor, HasSelf, Resource};

use super::connect::Member;
use super::error::from_driver;
use super::{Told, read};
use crate::error::{Error, Result};
use crate::services::Services;
use crate::services::bindings::cofferdam::mongodb::mongodb::{Document, HostFollower, HostFollowerWithStore};
use crate::services::calls::{Slot, told};

/// A cursor that waits for more, as a plugin's handle.
#[derive(Clone)]
pub struct Follower {
    cursor: Arc<Mutex<RawBatchCursor>>,
    member: Member,
    _slot: Slot,
}

impl Follower {
    /// Runs the command that opens it; `wait` is how long the server holds an empty batch back, in milliseconds.
    pub(super) async fn open(member: Member, slot: Slot, database: &str, command: Document, wait: u32) -> Result<Self> {
        let wait = Duration::from_millis(u64::from(wait));
        let cursor = read::open_waiting(&member, database, command, Some(wait)).await?;
        Ok(Self { cursor: Arc::new(Mutex::new(cursor)), member, _slot: slot })
    }

    async fn next(&self) -> Result<Option<Document>> {
        let reply = self.cursor.lock().await.next().await.transpose();
        let reply = reply.map_err(|error| from_driver(&error, &self.member.server))?;
        Ok(reply.map(|reply| reply.as_raw_document().as_bytes().to_vec()))
    }
}

impl HostFollower for Services {}

impl<T: Send + 'static> HostFollowerWithStore<T> for HasSelf<Services> {
    async fn next(
        accessor: &Accessor<T, Self>,
        follower: Resource<Follower>,
    ) -> wasmtime::Result<Told<Option<Document>>> {
        let begun = accessor.with(|mut a| -> wasmtime::Result<_> {
            let services = a.get();
            let follower = services.handles.get(&follower)?.clone();
            let cancel = services.context.cancel.clone();
            Ok(services.calls.begin(0).map(|()| (follower, cancel)))
        })?;
        let result = match begun {
            Ok((follower, cancel)) => {
                let result = tokio::select! {
                    biased;
                    () = cancel.cancelled() => Err(Error::cancelled("cancelled")),
                    reply = follower.next() => reply,
                };
                accessor.with(|mut a| a.get().calls.end(0));
                result
            }
            Err(error) => Err(error),
        };
        Ok(told(accessor, result))
    }

    async fn drop(accessor: &Accessor<T, Self>, follower: Resource<Follower>) -> wasmtime::Result<()> {
        accessor.with(|mut a| a.get().handles.delete(follower).map(drop))?;
        Ok(())
    }
}
