//! `cofferdam:postgres/postgres`: PostgreSQL's wire protocol, lent to plugins.
//!
//! [`client`] speaks the protocol and knows nothing of plugins; this file hands it out.

pub mod client;
mod connect;

use std::future::Future;

use bytes::Bytes;
use tokio::sync::oneshot;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use self::client::{Client, CopyIn};
use super::bindings::cofferdam::host::types;
use super::bindings::cofferdam::postgres::postgres::{
    Cell, Host, HostConnection, HostConnectionWithStore, Outcome, Sql,
};
use super::stream::{self, ByteStream};
use super::{Endpoint, Services};
use crate::error::{Error, Result};

/// A session with a server, as a plugin's handle.
pub struct Connection(Client);

/// Sessions that one sandbox may have open: an engine needs two or three.
const MAX_CONNECTIONS: usize = 16;

type Told<T> = std::result::Result<T, types::Error>;

/// Runs `work` on the connection's client and tells the plugin what came of it.
async fn on<T, R, F>(
    accessor: &Accessor<T, HasSelf<Services>>,
    connection: &Resource<Connection>,
    work: impl FnOnce(Client) -> F,
) -> wasmtime::Result<Told<R>>
where
    T: Send + 'static,
    F: Future<Output = Result<R>>,
{
    let client = accessor.with(|mut a| a.get().handles.get(connection).map(|c| c.0.clone()))?;
    let result = work(client).await;
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
        let (endpoint, context, room) = accessor.with(|mut a| -> wasmtime::Result<_> {
            let services = a.get();
            let room = services.connections < MAX_CONNECTIONS;
            services.connections += usize::from(room);
            Ok((services.handles.get(&to)?.clone(), services.context().clone(), room))
        })?;
        if !room {
            let error = Error::conflict(format!("a plugin may have {MAX_CONNECTIONS} connections open, and no more"));
            return Ok(told(accessor, Err(error)));
        }
        let connected = connect::connect(&endpoint, database.as_deref(), &context).await;
        accessor.with(|mut a| {
            let services = a.get();
            match connected {
                Ok(client) => Ok(Ok(services.handles.push(Connection(client))?)),
                Err(error) => {
                    services.connections = services.connections.saturating_sub(1);
                    Ok(Err(types::Error::told(&error, services.context())))
                }
            }
        })
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: Sql,
    ) -> wasmtime::Result<Told<Outcome>> {
        let outcome = on(accessor, &connection, |client| async move { client.execute(sql.into()).await }).await?;
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
        let rows = on(accessor, &connection, |client| async move { client.query(sql.into()).await }).await?;
        let row = |row: Vec<Option<Bytes>>| row.into_iter().map(|cell| cell.map(Vec::from)).collect();
        Ok(rows.map(|rows| rows.into_iter().map(row).collect()))
    }

    async fn copy_out(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        sql: Sql,
    ) -> wasmtime::Result<Told<(StreamReader<u8>, FutureReader<Told<u64>>)>> {
        let copy = match on(accessor, &connection, |client| async move { client.copy_out(sql.into()).await }).await? {
            Ok(copy) => copy,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut a| {
            let context = a.get().context().clone();
            let done =
                async move { Ok::<_, wasmtime::Error>(copy.done.await.map_err(|e| types::Error::told(&e, &context))) };
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
        on(accessor, &connection, |client| async move {
            let copy = client.copy_in(sql.into()).await?;
            fill(copy, data, complete).await
        })
        .await
    }

    async fn drop(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> wasmtime::Result<()> {
        accessor.with(|mut a| -> wasmtime::Result<()> {
            let services = a.get();
            services.handles.delete(connection)?;
            services.connections = services.connections.saturating_sub(1);
            Ok(())
        })
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
