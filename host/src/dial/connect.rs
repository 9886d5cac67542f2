//! Opens the socket: resolves the name, tries each address, and turns on keepalives.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::gathered::Gathered;
use super::stream::Plain;
use super::{Address, Stream, Target};
use crate::error::{Error, Result};

/// Long statements leave a connection silent for hours; firewalls forget such connections, and a server that lost its
/// power never says so.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// Connects to `target` in the clear; see [`super::start_tls`] for what comes next.
///
/// # Errors
/// `unreachable`, always retryable: the name doesn't resolve, nobody listens at any of its addresses, or
/// `connect_timeout` is over.
pub async fn connect(target: &Target) -> Result<Stream> {
    let deadline = Instant::now() + target.connect_timeout;
    let connected = match &target.address {
        Address::Tcp { host, port } => tcp(host, *port, target.address.is_local(), deadline).await,
        Address::Unix { path } => unix(path, deadline).await,
    };
    connected.map(Stream::Plain).map_err(|cause| unreachable(&target.address, target.connect_timeout, cause))
}

/// The name is resolved once: what was looked at is what is dialled, whatever it resolves to a moment later.
async fn tcp(host: &str, port: u16, local: bool, deadline: Instant) -> io::Result<Plain> {
    let addresses = fitting(local, timeout_at(deadline, lookup_host((host, port))).await??)?;
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        // An address that swallows packets must not use up the time of those after it.
        let now = Instant::now();
        let share = now + deadline.saturating_duration_since(now) / left.max(1);
        left = left.saturating_sub(1);
        match timeout_at(share, TcpStream::connect(address)).await.map_err(io::Error::from).and_then(|r| r) {
            Ok(stream) => return prepare(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The addresses that may be dialled. "localhost" is trusted as this machine for its name, without TLS and with secrets in
/// the clear; so where the name was made to lead elsewhere, it leads nowhere.
fn fitting(local: bool, resolved: impl Iterator<Item = SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    let (fitting, other): (Vec<_>, Vec<_>) =
        resolved.partition(|address| !local || address.ip().to_canonical().is_loopback());
    match other.first() {
        Some(other) if fitting.is_empty() => Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("the name stands for this machine and resolves to {}, which is another", other.ip()),
        )),
        _ => Ok(fitting),
    }
}

fn prepare(stream: TcpStream) -> io::Result<Plain> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(Plain::Tcp(Gathered::new(stream)))
}

async fn unix(path: &Path, deadline: Instant) -> io::Result<Plain> {
    Ok(Plain::Unix(timeout_at(deadline, UnixStream::connect(path)).await??))
}

fn unreachable(address: &Address, limit: Duration, cause: io::Error) -> Error {
    let hint = match (cause.kind(), address) {
        (io::ErrorKind::TimedOut, _) => {
            format!("nothing answered within {} s: check the address, the route and firewalls", limit.as_secs())
        }
        (io::ErrorKind::ConnectionRefused, _) => "check that the server runs and listens on this address".into(),
        (io::ErrorKind::PermissionDenied, Address::Unix { .. }) => "this user may not use the socket".into(),
        (_, Address::Unix { .. }) => "check that the server runs and has its socket in this folder".into(),
        (_, Address::Tcp { host, .. }) => {
            format!("check that \"{host}\" is spelled right and resolves on this machine")
        }
    };
    Error::unreachable(format!("can't connect to {address}")).with_cause(cause).with_hint(hint).retryable(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_closed_port_is_named_with_its_cause_and_a_hint() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let target = Target::new(Address::Tcp { host: "127.0.0.1".into(), port });
        let error = connect(&target).await.unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), ("unreachable", true));
        assert!(error.message().contains(&format!("127.0.0.1:{port}")), "{error}");
        assert!(error.causes().join(" ").contains("refused"), "{error:?}");
        assert!(error.hint().unwrap().contains("listens"));
    }

    #[test]
    fn a_name_of_this_machine_that_resolves_elsewhere_is_not_dialled() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let (here, there) = (addresses(&["[::1]:1", "127.0.0.1:1"]), addresses(&["192.0.2.1:1", "[2001:db8::1]:1"]));
        let refused = fitting(true, there.clone().into_iter()).unwrap_err();
        assert!(refused.to_string().contains("192.0.2.1, which is another"), "{refused}");
        assert_eq!(fitting(true, there.iter().chain(&here).copied()).unwrap(), here);
        // Any other name may lead anywhere: it is trusted as far as TLS proves who answers.
        assert_eq!(fitting(false, there.clone().into_iter()).unwrap(), there);
    }

    #[tokio::test]
    async fn an_open_port_gets_keepalives() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target::new(Address::Tcp { host: "localhost".into(), port });
        let Stream::Plain(Plain::Tcp(stream)) = connect(&target).await.unwrap() else { panic!("not TCP") };
        let socket = SockRef::from(stream.told().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_IDLE);
    }

    #[tokio::test]
    async fn a_missing_unix_socket_is_named() {
        let target = Target::new(Address::Unix { path: "/nonexistent/.s.PGSQL.5432".into() });
        let error = connect(&target).await.unwrap_err();
        assert!(error.message().contains("/nonexistent/.s.PGSQL.5432"), "{error}");
    }
}
