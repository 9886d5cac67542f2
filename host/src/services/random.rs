//! `cofferdam:host/random`.

use wasmtime::component::{Access, HasSelf};

use super::Services;
use super::bindings::cofferdam::host::random::{Host, HostWithStore};

/// So that one call can't make the host allocate at will.
const MOST_AT_ONCE: u32 = 65_536;

impl Host for Services {}

impl<T: Send + 'static> HostWithStore<T> for HasSelf<Services> {
    async fn bytes(_: Access<'_, T, Self>, count: u32) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(count.min(MOST_AT_ONCE))?];
        getrandom::fill(&mut bytes).map_err(|e| wasmtime::Error::msg(e.to_string()))?;
        Ok(bytes)
    }
}
