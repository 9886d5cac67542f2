//! `cofferdam:tcp`: a byte stream to an endpoint, and the endpoint's secret used on it without being seen.

mod connection;
mod secret;
mod target;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasmtime::component::{Access, Accessor, HasSelf, Resource, StreamReader};

pub use self::connection::Connection as Inner;
use super::bindings::cofferdam::host::types;
use super::bindings::cofferdam::tcp::{secret_write, secrets, tcp};
use super::stream::ByteStream;
use super::{Endpoint, Services};
use crate::error::{Error, Result};

/// A connection, as a plugin's handle.
pub struct Connection(Arc<Inner>);

type Told<T> = std::result::Result<T, types::Error>;

/// The connection behind a handle; calls on it go on while the plugin does other things.
fn inner<T: Send + 'static>(
    accessor: &Accessor<T, HasSelf<Services>>,
    connection: &Resource<Connection>,
) -> wasmtime::Result<Arc<Inner>> {
    accessor.with(|mut a| Ok(Arc::clone(&a.get().handles.get(connection)?.0)))
}

#[allow(clippy::result_large_err, reason = "the contract's error, as it is handed to the plugin")]
fn told<T: Send + 'static, R>(accessor: &Accessor<T, HasSelf<Services>>, result: Result<R>) -> Told<R> {
    result.map_err(|e| accessor.with(|mut a| types::Error::told(&e, a.get().context())))
}

impl tcp::Host for Services {}
impl tcp::HostConnection for Services {}

impl<T: Send + 'static> tcp::HostConnectionWithStore<T> for HasSelf<Services> {
    async fn connect(
        accessor: &Accessor<T, Self>,
        to: Resource<Endpoint>,
    ) -> wasmtime::Result<Told<Resource<Connection>>> {
        let (endpoint, context, slot) = accessor.with(|mut a| -> wasmtime::Result<_> {
            let services = a.get();
            let slot = Arc::clone(&services.slots).try_acquire_owned().ok();
            Ok((services.handles.get(&to)?.clone(), services.context().clone(), slot))
        })?;
        let opened = async {
            let slot = slot.ok_or_else(|| Error::conflict("the plugin has more connections open than it may"))?;
            let target = target::target(endpoint.url(), endpoint.default_port())?;
            let connection = Inner::open(target, endpoint, context.cancel.clone(), slot).await?;
            context.let_in.store(true, Ordering::Relaxed);
            Ok(connection)
        };
        match opened.await {
            Ok(connection) => accessor.with(|mut a| Ok(Ok(a.get().handles.push(Connection(connection))?))),
            Err(error) => Ok(told(accessor, Err(error))),
        }
    }

    async fn tls(mut access: Access<'_, T, Self>, connection: Resource<Connection>) -> wasmtime::Result<String> {
        Ok(access.get().handles.get(&connection)?.0.tls().to_owned())
    }

    async fn start_tls(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> wasmtime::Result<Told<()>> {
        let started = inner(accessor, &connection)?.start_tls().await;
        Ok(told(accessor, started))
    }

    async fn read(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        limit: u32,
    ) -> wasmtime::Result<Told<Vec<u8>>> {
        let read = inner(accessor, &connection)?.read(limit).await;
        Ok(told(accessor, read))
    }

    async fn write(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        data: Vec<u8>,
    ) -> wasmtime::Result<Told<()>> {
        let written = inner(accessor, &connection)?.write(&data).await;
        Ok(told(accessor, written))
    }

    async fn write_stream(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        data: StreamReader<u8>,
    ) -> wasmtime::Result<Told<u64>> {
        let data = accessor.with(|mut a| ByteStream::take(data, &mut a))?;
        let written = inner(accessor, &connection)?.write_stream(data).await;
        Ok(told(accessor, written))
    }

    async fn drop(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> wasmtime::Result<()> {
        accessor.with(|mut a| a.get().handles.delete(connection).map(drop))?;
        Ok(())
    }
}

impl secrets::Host for Services {}

impl<T: Send + 'static> secrets::HostWithStore<T> for HasSelf<Services> {
    async fn respond(
        accessor: &Accessor<T, Self>,
        on: Resource<Connection>,
        secret: String,
        method: String,
        challenge: Vec<u8>,
    ) -> wasmtime::Result<Told<Vec<u8>>> {
        let answer = inner(accessor, &on)?.respond(&secret, &method, &challenge);
        Ok(told(accessor, answer))
    }
}

impl secret_write::Host for Services {}

impl<T: Send + 'static> secret_write::HostWithStore<T> for HasSelf<Services> {
    async fn write_secret(
        accessor: &Accessor<T, Self>,
        on: Resource<Connection>,
        before: Vec<u8>,
        secret: String,
        framing: String,
        after: Vec<u8>,
    ) -> wasmtime::Result<Told<()>> {
        let written = inner(accessor, &on)?.write_secret(&before, &secret, &framing, &after).await;
        Ok(told(accessor, written))
    }
}
