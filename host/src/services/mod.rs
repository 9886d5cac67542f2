//! What a plugin may import: one file or folder an interface.
//!
//! Every service does its work on a [`Services`], which belongs to one sandbox and knows the operation it works for.
//! Refusals are typed errors, decided before anything happens; only a fault of the host or of the plugin's handles traps.

pub mod bindings;
mod calls;
mod causes;
mod endpoint;
pub(crate) mod error;
pub mod mongodb;
pub mod postgres;
mod random;
mod report;
pub mod stream;
mod tcp;
mod time;
pub(crate) mod wasi;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::operation::event::Sink;
use crate::secrets::Redactor;

pub use causes::Causes;
pub use endpoint::Endpoint;

/// What all sandboxes of one operation share.
pub struct Context {
    /// The operation's id; whatever is made on a server bears it.
    pub operation: String,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Knows the secrets that must not be seen in any text.
    pub redactor: Redactor,
    /// What caused the errors that plugins were told of.
    pub causes: Causes,
    /// Cancelled when the operation has to end.
    pub cancel: CancellationToken,
    /// Every sandbox and every session with a server, so that the operation can wait until all have ended: nothing of it may
    /// be done or said once it is over.
    pub running: TaskTracker,
    /// Whether a server ever let us in: if none did, there is nothing to clean up.
    pub let_in: AtomicBool,
}

/// One sandbox's services: its open handles and what it has used up.
pub struct Services {
    context: Arc<Context>,
    handles: ResourceTable,
    slots: Arc<Semaphore>,
    calls: calls::Calls,
    log: report::Shared,
    wasi: wasi::Wasi,
}

/// More handles than any engine needs; a leak ends here and not in the host's memory.
const MAX_HANDLES: usize = 4096;
/// Connections that one sandbox may have open, of all kinds together: an engine needs two or three.
const MAX_CONNECTIONS: usize = 16;

impl Services {
    /// Services for one sandbox of this operation.
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(MAX_HANDLES);
        let log = report::Shared::default();
        Self {
            wasi: wasi::Wasi::new(&context, &log),
            context,
            handles,
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            calls: calls::Calls::default(),
            log,
        }
    }

    /// What all sandboxes of the operation share.
    #[must_use]
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// WASI's empty context, and its handles.
    pub(crate) fn wasi(&mut self) -> WasiCtxView<'_> {
        self.wasi.view()
    }

    /// Hands an endpoint to the plugin.
    ///
    /// # Errors
    /// If the sandbox has no room for one more handle.
    pub fn lend(&mut self, endpoint: Endpoint) -> wasmtime::Result<wasmtime::component::Resource<Endpoint>> {
        Ok(self.handles.push(endpoint)?)
    }
}

/// Serves every interface to components that are linked by `linker`. Which of them a plugin may import is decided
/// before, when it is admitted.
///
/// # Errors
/// If an interface is served twice.
pub fn add_to_linker<T: WasiView + 'static>(
    linker: &mut Linker<T>,
    services: fn(&mut T) -> &mut Services,
) -> wasmtime::Result<()> {
    use bindings::cofferdam::{host, mongodb, postgres, tcp};
    wasi::add_to_linker(linker)?;
    host::types::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    host::endpoint::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    host::time::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    host::random::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    host::report::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    postgres::postgres::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    mongodb::mongodb::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    tcp::tcp::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    tcp::secrets::add_to_linker::<T, HasSelf<Services>>(linker, services)?;
    tcp::secret_write::add_to_linker::<T, HasSelf<Services>>(linker, services)
}
