//! What one sandbox may have open and under way at once, over all services that talk to servers.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::{Accessor, HasSelf};

use super::bindings::cofferdam::host::types;
use super::{MAX_CONNECTIONS, Services};
use crate::error::{Error, Result};

/// Calls that one sandbox may have under way, and the bytes of what they ask: the host holds both until they are answered.
const MAX_CALLS: usize = 1024;
const MAX_CALL_BYTES: usize = 256 << 20;

/// A place for a session. Whatever still uses the session holds it, also when the handle is gone.
pub(super) type Slot = Arc<OwnedSemaphorePermit>;

/// Calls that are under way.
#[derive(Default)]
pub(super) struct Calls {
    number: usize,
    bytes: usize,
}

impl Calls {
    /// Counts a call that asks with so many bytes.
    pub(super) fn begin(&mut self, bytes: usize) -> Result<()> {
        if self.number >= MAX_CALLS || self.bytes.saturating_add(bytes) > MAX_CALL_BYTES {
            return Err(Error::conflict("the plugin has more calls under way than it may"));
        }
        self.number += 1;
        self.bytes += bytes;
        Ok(())
    }

    /// The call was answered.
    pub(super) fn end(&mut self, bytes: usize) {
        self.number = self.number.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Services {
    /// A place for one more session.
    pub(super) fn slot(&self) -> Result<Slot> {
        Arc::clone(&self.slots)
            .try_acquire_owned()
            .map(Arc::new)
            .map_err(|_| Error::conflict(format!("a plugin may have {MAX_CONNECTIONS} connections open, and no more")))
    }
}

/// A result as the plugin is told it.
#[allow(clippy::result_large_err, reason = "the contract's error, as it is handed to the plugin")]
pub(super) fn told<T: Send + 'static, R>(
    accessor: &Accessor<T, HasSelf<Services>>,
    result: Result<R>,
) -> std::result::Result<R, types::Error> {
    result.map_err(|e| accessor.with(|mut a| types::Error::told(&e, a.get().context())))
}
