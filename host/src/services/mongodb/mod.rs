//! `cofferdam:mongodb/mongodb`: MongoDB's wire protocol, by its own driver, lent to plugins.

mod connect;
mod documents;
mod driver;
mod error;
mod follow;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod insert;
mod member;
mod read;
mod url;

use std::future::Future;
use std::sync::Arc;

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use self::connect::Member;
pub use self::follow::Follower;
use self::insert::Insert;
use super::bindings::cofferdam::host::types;
use super::bindings::cofferdam::mongodb::mongodb::{Document, Host, HostClient, HostClientWithStore};
use super::calls::{Slot, told};
use super::stream::{self, ByteStream};
use super::{Context, Endpoint, Services};
use crate::error::{Error, Result};

/// A member of a deployment, as a plugin's handle. Whatever still reads from it holds its slot.
pub struct Client(Member, Slot);

type Told<T> = std::result::Result<T, types::Error>;

/// Runs `work` on the member and tells the plugin what came of it.
async fn on<T, R, F>(
    accessor: &Accessor<T, HasSelf<Services>>,
    client: &Resource<Client>,
    bytes: usize,
    work: impl FnOnce(Member, Slot, Arc<Context>) -> F,
) -> wasmtime::Result<Told<R>>
where
    T: Send + 'static,
    F: Future<Output = Result<R>>,
{
    let begun = accessor.with(|mut a| -> wasmtime::Result<_> {
        let services = a.get();
        let Client(member, slot) = services.handles.get(client)?;
        let with = (member.clone(), Arc::clone(slot), Arc::clone(&services.context));
        Ok(services.calls.begin(bytes).map(|()| with))
    })?;
    let result = match begun {
        Ok((member, slot, context)) => {
            let cancel = context.cancel.clone();
            let result = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Error::cancelled("cancelled")),
                result = work(member, slot, context) => result,
            };
            accessor.with(|mut a| a.get().calls.end(bytes));
            result
        }
        Err(error) => Err(error),
    };
    Ok(told(accessor, result))
}

impl Host for Services {}
impl HostClient for Services {}

impl<T: Send + 'static> HostClientWithStore<T> for HasSelf<Services> {
    async fn connect(
        accessor: &Accessor<T, Self>,
        to: Resource<Endpoint>,
        writes: bool,
    ) -> wasmtime::Result<Told<Resource<Client>>> {
        let (endpoint, context, slot) = accessor.with(|mut a| -> wasmtime::Result<_> {
            let services = a.get();
            Ok((services.handles.get(&to)?.clone(), services.context().clone(), services.slot()))
        })?;
        let slot = match slot {
            Ok(slot) => slot,
            Err(error) => return Ok(told(accessor, Err(error))),
        };
        let connected = connect::connect(&endpoint, writes, &context).await;
        accessor.with(|mut a| {
            let services = a.get();
            match connected {
                Ok(member) => Ok(Ok(services.handles.push(Client(member, slot))?)),
                Err(error) => Ok(Err(types::Error::told(&error, services.context()))),
            }
        })
    }

    async fn run_command(
        accessor: &Accessor<T, Self>,
        client: Resource<Client>,
        database: String,
        command: Document,
    ) -> wasmtime::Result<Told<Document>> {
        on(accessor, &client, command.len(), |member, _, _| async move {
            let command = read::document(command)?;
            let database = member.client.database(&database);
            let run = database.run_raw_command(command);
            let reply = run.selection_criteria(member.reads.clone()).await;
            let reply = reply.map_err(|error| error::from_driver(&error, &member.server))?;
            reply
                .to_vec()
                .map_err(|cause| Error::corrupt("the server's reply can't be kept").with_cause(cause.to_string()))
        })
        .await
    }

    async fn read(
        accessor: &Accessor<T, Self>,
        client: Resource<Client>,
        database: String,
        command: Document,
    ) -> wasmtime::Result<Told<(StreamReader<u8>, FutureReader<Told<u64>>)>> {
        let begun = on(accessor, &client, command.len(), |member, slot, context| async move {
            let cursor = read::open(&member, &database, command).await?;
            Ok((read::start(cursor, member, &context), slot))
        });
        let (reading, slot) = match begun.await? {
            Ok(begun) => begun,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut a| {
            let context = a.get().context().clone();
            let done = async move {
                let done = reading.done.await.unwrap_or_else(|_| Err(Error::internal("the cursor was lost")));
                drop(slot);
                Ok::<_, wasmtime::Error>(done.map_err(|e| types::Error::told(&e, &context)))
            };
            let data = StreamReader::new(&mut a, ByteStream::new(reading.data))?;
            Ok(Ok((data, FutureReader::new(&mut a, Box::pin(done))?)))
        })
    }

    async fn follow(
        accessor: &Accessor<T, Self>,
        client: Resource<Client>,
        database: String,
        command: Document,
        wait: u32,
    ) -> wasmtime::Result<Told<Resource<Follower>>> {
        let begun = on(accessor, &client, command.len(), |member, slot, _| async move {
            Follower::open(member, slot, &database, command, wait).await
        });
        match begun.await? {
            Ok(follower) => accessor.with(|mut a| Ok(Ok(a.get().handles.push(follower)?))),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn documents(
        accessor: &Accessor<T, Self>,
        client: Resource<Client>,
        database: String,
        command: Document,
    ) -> wasmtime::Result<Told<Vec<Document>>> {
        on(accessor, &client, command.len(), |member, _, _| async move {
            let cursor = read::open(&member, &database, command).await?;
            read::list(cursor, &member).await
        })
        .await
    }

    async fn insert(
        accessor: &Accessor<T, Self>,
        client: Resource<Client>,
        database: String,
        collection: String,
        documents: StreamReader<u8>,
        complete: FutureReader<Told<()>>,
        repeated: bool,
        ordered: bool,
    ) -> wasmtime::Result<Told<u64>> {
        let (data, complete) = accessor.with(|mut a| -> wasmtime::Result<_> {
            Ok((ByteStream::take(documents, &mut a)?, stream::awaited(complete, &mut a)?))
        })?;
        on(accessor, &client, stream::MOST_HELD, |member, _, _| {
            Insert { member, database, collection, repeated, ordered }.run(data, complete)
        })
        .await
    }

    async fn drop(accessor: &Accessor<T, Self>, client: Resource<Client>) -> wasmtime::Result<()> {
        accessor.with(|mut a| a.get().handles.delete(client).map(drop))?;
        Ok(())
    }
}
