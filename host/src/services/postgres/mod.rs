//! `cofferdam:postgres/postgres`: PostgreSQL's wire protocol, lent to plugins.
//!
//! [`client`] speaks the protocol and knows nothing of plugins; this file hands it out.

pub mod client;
mod connect;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use self::client::{Client, CopyIn};
use super::bindings::cofferdam::host::types;
use super::bindings::cofferdam::postgres::postgres::{
    Cell, Host, HostConnection, HostConnectionWithStore, Outcome, Sql,
};
use super::stream::{self, ByteStream};
use super::{Endpoint, MAX_CONNECTIONS, Services};
use crate::error::{Error, Result};

/// A session with a server, as a plugin's handle. Whatever still uses the session holds its slot, also when the handle
/// is gone: a stream that is kept open is a session on the server.
pub struct Connection(Client, Slot);

type Slot = Arc<OwnedSemaphorePermit>;

/// Calls that one sandbox may have under way, and the bytes of their SQL: the host holds both until they are answered.
const MAX_CALLS: usize = 1024;
const MAX_CALL_BYTES: usize = 256 << 20;

/// Calls that are under way.
#[derive(Default)]
pub(super) struct Calls {
    number: usize,
    bytes: usize,
}

type Told<T> = std::result::Result<T, types::Error>;

/// Runs `work` on the connection's client and tells the plugin what came of it. What works on holds the slot.
async fn on<T, R, F>(
    accessor: &Accessor<T, HasSelf<Services>>,
    connection: &Resource<Connection>,
    bytes: usize,
    work: impl FnOnce(Client, Slot) -> F,
) -> wasmtime::Result<Told<R>>
where
    T: Send + 'static,
    F: Future<Output = Result<R>>,
{
    let begun = accessor.with(|mut a| -> wasmtime::Result<_> {
        let services = a.get();
        let Connection(client, slot) = services.handles.get(connection)?;
        let (client, slot) = (client.clone(), Arc::clone(slot));
        let calls = &mut services.calls;
        let room = calls.number < MAX_CALLS && calls.bytes.saturating_add(bytes) <= MAX_CALL_BYTES;
        calls.number += usize::from(room);
        calls.bytes += if room { bytes } else { 0 };
        Ok(room.then_some((client, slot)))
    })?;
    let Some((client, slot)) = begun else {
        return Ok(told(accessor, Err(Error::conflict("the plugin has more calls under way than it may"))));
    };
    let result = work(client, slot).await;
    accessor.with(|mut a| {
        let calls = &mut a.get().calls;
        calls.number = calls.number.saturating_sub(1);
        calls.bytes = calls.bytes.saturating_sub(bytes);
    });
    Ok(told(accessor, result))
}

#[allow(clippy::result_large_err, reason = "the contract's error, as it is handed to the plugin")]
fn told<T: Send + 'static, R>(accessor: &Accessor<T, HasSelf<Services>>, result: Result<R>) -> Told<R> {
    result.map_err(|e| accessor.with(|mut a| types::Error::told(&e, a.get().context())))
}

impl Host for Services {}
impl HostConnection for Services {}

impl<T: Send + 'static> HostConnectionWithStore<T> for HasSelf<Services> {
    async fn connect(
        accessor: &Accessor<T, Self>,
        to: Resource<Endpoint>,
        database: Option<String>,
    ) -> wasmtime::Result<Told<Resource<Connection>>> {
        let (endpoint, context, slot) = accessor.with(|mut a| -> wasmtime::Result<_> {
            let services = a.get();
            let slot = Arc::clone(&services.slots).try_acquire_owned().ok();
            Ok((services.handles.get(&to)?.clone(), services.context().clone(), slot))
        })?;
        let Some(slot) = slot else {
            let error = Error::conflict(format!("a plugin may have {MAX_CONNECTIONS} connections open, and no more"));
            return Ok(told(accessor, Err(error)));
        };
        let connected = connect::connect(&endpoint, database.as_deref(), &context).await;
        accessor.with(|mut a| {
            let services = a.get();
            match connected {
                Ok(client) => Ok(Ok(services.handles.push(Connection(client, Arc::new(slot)))?)),
                Err(error) => Ok(Err(types::Error::told(&error, services.context()))),
            }
        })
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: Sql,
    ) -> wasmtime::Result<Told<Outcome>> {
        let outcome =
            on(accessor, &connection, sql.len(), |client, _| async move { client.execute(sql.into()).await }).await?;
        Ok(outcome.map(|outcome| {
            let clean = |message: &String| accessor.with(|mut a| a.get().context().redactor.clean(message));
            Outcome { affected: outcome.affected, messages: outcome.messages.iter().map(clean).collect() }
        }))
    }

    async fn query(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: Sql,
    ) -> wasmtime::Result<Told<Vec<Vec<Cell>>>> {
        let rows =
            on(accessor, &connection, sql.len(), |client, _| async move { client.query(sql.into()).await }).await?;
        let row = |row: Vec<Option<Bytes>>| row.into_iter().map(|cell| cell.map(Vec::from)).collect();
        Ok(rows.map(|rows| rows.into_iter().map(row).collect()))
    }

    async fn copy_out(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: Sql,
    ) -> wasmtime::Result<Told<(StreamReader<u8>, FutureReader<Told<u64>>)>> {
        let begun = on(accessor, &connection, sql.len(), |client, slot| async move {
            client.copy_out(sql.into()).await.map(|copy| (copy, slot))
        });
        let (copy, slot) = match begun.await? {
            Ok(begun) => begun,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut a| {
            let context = a.get().context().clone();
            let done = async move {
                let done = copy.done.await;
                drop(slot);
                Ok::<_, wasmtime::Error>(done.map_err(|e| types::Error::told(&e, &context)))
            };
            let data = StreamReader::new(&mut a, ByteStream::new(copy.data))?;
            Ok(Ok((data, FutureReader::new(&mut a, Box::pin(done))?)))
        })
    }

    async fn copy_in(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: Sql,
        data: StreamReader<u8>,
        complete: FutureReader<Told<()>>,
    ) -> wasmtime::Result<Told<u64>> {
        let (data, complete) = accessor.with(|mut a| -> wasmtime::Result<_> {
            Ok((ByteStream::take(data, &mut a)?, stream::awaited(complete, &mut a)?))
        })?;
        // What waits in the stream is held by the host as well.
        let held = sql.len() + stream::MOST_HELD;
        on(accessor, &connection, held, |client, _| async move {
            let copy = client.copy_in(sql.into()).await?;
            fill(copy, data, complete).await
        })
        .await
    }

    async fn drop(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> wasmtime::Result<()> {
        accessor.with(|mut a| a.get().handles.delete(connection).map(drop))?;
        Ok(())
    }
}

/// Sends a stream into a COPY, and ends the COPY well only once its future said that the stream is whole.
async fn fill(mut copy: CopyIn, mut data: ByteStream, complete: oneshot::Receiver<Told<()>>) -> Result<u64> {
    while let Some(piece) = data.next().await {
        copy.send(piece).await?;
    }
    match complete.await {
        Ok(Ok(())) => copy.finish().await,
        Ok(Err(error)) => {
            let error = Error::from(error);
            copy.abort("the source failed").await?;
            Err(error)
        }
        Err(_) => {
            copy.abort("the source was lost").await?;
            Err(Error::cancelled("the stream's future was dropped, so the stream isn't whole"))
        }
    }
}
