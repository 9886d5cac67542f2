//! A stream on its way into a plugin, with the future that says whether it was whole.

use std::sync::Arc;

use tokio::sync::oneshot;
use wasmtime::component::{Accessor, FutureReader, StreamReader};

use super::sandbox::Tenant;
use crate::error::{Error, Result};
use crate::services::bindings::cofferdam::host::types;
use crate::services::stream::ByteStream;

/// The future's value as a plugin gets it.
type Completed = std::result::Result<(), types::Error>;

/// Makes handles of a stream and of `complete`. A `complete` that is dropped says that the stream isn't whole.
pub(super) fn hand_in(
    accessor: &Accessor<Tenant>,
    data: ByteStream,
    complete: oneshot::Receiver<Result<()>>,
) -> wasmtime::Result<(StreamReader<u8>, FutureReader<Completed>)> {
    accessor.with(|mut a| {
        let context = Arc::clone(a.get().services.context());
        let complete = async move {
            let ended = complete.await.unwrap_or_else(|_| Err(Error::cancelled("the source was lost")));
            Ok::<_, wasmtime::Error>(ended.map_err(|e| types::Error::told(&e, &context)))
        };
        let data = StreamReader::new(&mut a, data)?;
        Ok((data, FutureReader::new(&mut a, Box::pin(complete))?))
    })
}
