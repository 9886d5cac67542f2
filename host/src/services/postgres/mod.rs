//! `cofferdam:postgres/postgres`: PostgreSQL's wire protocol, lent to plugins.
//!
//! [`client`] speaks the protocol and knows nothing of plugins; this file hands it out.

pub mod client;
mod connect;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use self::client::{Client, CopyIn};
use super::bindings::cofferdam::host::types;
use super::bindings::cofferdam::postgres::postgres::{
    Cell, Host, HostConnection, HostConnectionWithStore, Outcome, Sql,
};
use super::calls::{Slot, told};
use super::stream::{self, ByteStream};
use super::{Endpoint, Services};
use crate::error::{Error, Result};

/// A session with a server, as a plugin's handle. Whatever still uses the session holds its slot, also when the handle
/// is gone: a stream that is kept open is a session on the server.
pub struct Connection(Client, Slot);

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
        Ok(services.calls.begin(bytes).map(|()| (client, slot)))
    })?;
    let result = match begun {
        Ok((client, slot)) => {
            let result = work(client, slot).await;
            accessor.with(|mut a| a.get().calls.end(bytes));
            result
        }
        Err(error) => Err(error),
    };
    Ok(told(accessor, result))
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
            Ok((services.handles.get(&to)?.clone(), services.context().clone(), services.slot()))
        })?;
        let slot = match slot {
            Ok(slot) => slot,
            Err(error) => return Ok(told(accessor, Err(error))),
        };
        let connected = connect::connect(&endpoint, database.as_deref(), &context).await;
        accessor.with(|mut a| {
            let services = a.get();
            match connected {
                Ok(client) => Ok(Ok(services.handles.push(Connection(client, slot))?)),
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
