//! The driver's own thread.
//!
//! The driver logs in by itself: a server can make it hash a password four billion times, in one go that nothing
//! interrupts, or panic. On a thread of its own it keeps nobody else waiting, and whoever waits for it has a time-out.

use std::net::SocketAddr;

use mongodb::options::{ClientOptions, ServerAddress};
use tokio::runtime::{Builder, EnterGuard, Runtime};

use super::url::Tls;
use crate::dial::Address;
use crate::error::{Error, Result};

/// A thread that a client opens its connections on.
pub(super) struct Thread(Option<Runtime>);

impl Thread {
    fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("mongodb").enable_all().build();
        let runtime = runtime
            .map_err(|cause| Error::internal("no thread can be started to talk to MongoDB").with_cause(cause))?;
        Ok(Self(Some(runtime)))
    }

    fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // It may be hashing; the end of the process is the end of that too.
            runtime.shutdown_background();
        }
    }
}

/// A client, and the thread that has to be kept for as long as it is used.
pub(super) fn client(options: ClientOptions) -> Result<(mongodb::error::Result<mongodb::Client>, Thread)> {
    let thread = Thread::start()?;
    let entered = thread.enter();
    let client = mongodb::Client::with_options(options);
    drop(entered);
    Ok((client, thread))
}

/// The host as the driver is told it. It resolves names by itself, and another answer than ours would lead it elsewhere.
/// So it gets the address that was dialled, but where TLS proves by the name who answers.
pub(super) fn server(host: &Address, dialled: Option<SocketAddr>, tls: &Tls) -> ServerAddress {
    let (host, port) = match host {
        Address::Unix { path } => return ServerAddress::Unix { path: path.clone() },
        Address::Tcp { host, port } => (host, *port),
    };
    let proven = matches!(tls, Tls::On { unchecked: false, .. });
    let host = match dialled {
        // An address with a scope (fe80::1%eth0) can't be said without it.
        Some(SocketAddr::V6(address)) if !proven && address.scope_id() == 0 => address.ip().to_string(),
        Some(SocketAddr::V4(address)) if !proven => address.ip().to_string(),
        _ => host.clone(),
    };
    ServerAddress::Tcp { host, port: Some(port) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn told(tls: &Tls, dialled: &str) -> String {
        let host = Address::Tcp { host: "db.internal".into(), port: 27017 };
        server(&host, Some(dialled.parse().unwrap()), tls).to_string()
    }

    #[test]
    fn the_driver_dials_the_address_that_was_dialled_before() {
        let checked = Tls::On { authorities: None, certificate: None, unchecked: false };
        let unchecked = Tls::On { authorities: None, certificate: None, unchecked: true };
        for tls in [&Tls::Off, &unchecked] {
            assert_eq!(told(tls, "192.0.2.7:27017"), "192.0.2.7:27017");
            assert!(told(tls, "[2001:db8::7]:27017").contains("2001:db8::7"));
        }
        assert_eq!(told(&checked, "192.0.2.7:27017"), "db.internal:27017");
    }
}
