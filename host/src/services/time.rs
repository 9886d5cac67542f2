//! `cofferdam:host/time`.

use std::time::{Duration, SystemTime};

use wasmtime::component::{Access, Accessor, HasSelf};

use super::Services;
use super::bindings::cofferdam::host::time::{Host, HostWithStore};

impl Host for Services {}

impl<T: Send + 'static> HostWithStore<T> for HasSelf<Services> {
    async fn now(_: Access<'_, T, Self>) -> wasmtime::Result<u64> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(accessor: &Accessor<T, Self>, milliseconds: u64) -> wasmtime::Result<()> {
        let cancel = accessor.with(|mut a| a.get().context().cancel.clone());
        let _ = cancel.run_until_cancelled(tokio::time::sleep(Duration::from_millis(milliseconds))).await;
        Ok(())
    }
}
