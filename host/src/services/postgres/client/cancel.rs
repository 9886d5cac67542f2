//! Asks the server to cancel what a session runs, over a connection of its own (PostgreSQL docs 55.2.8).

use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connect::negotiate_tls;
use crate::dial::{self, Address, Target};
use crate::error::Result;

/// How long the request may take; it is a courtesy, and whoever asked for it wants to leave.
const LIMIT: Duration = Duration::from_secs(5);

/// What the server gave us to cancel a session's statements with.
#[derive(Clone, Debug)]
pub(super) struct CancelKey {
    pub(super) process: i32,
    pub(super) secret: i32,
    /// The address that answered: a name may stand for several servers, and only one of them has the session.
    pub(super) target: Target,
    /// The name in the server's certificate.
    pub(super) host: Option<String>,
    pub(super) encrypted: bool,
}

impl CancelKey {
    pub(super) fn new(process: i32, secret: i32, target: &Target, stream: &dial::Stream) -> Self {
        let mut target = target.clone();
        let mut host = None;
        if let (Address::Tcp { host: name, port }, Some(peer)) = (&target.address, stream.peer()) {
            host = Some(name.clone());
            target.address = Address::Tcp { host: peer.ip().to_string(), port: *port };
        }
        Self { process, secret, target, host, encrypted: stream.is_encrypted() }
    }

    /// Returns when the server has taken note, or after a few seconds. Whether there was anything to cancel, or whether
    /// it could be reached, makes no difference to a session that is being closed.
    pub(super) async fn cancel(&self) {
        let _ = timeout(LIMIT, self.send()).await;
    }

    async fn send(&self) -> Result<()> {
        let mut stream = dial::connect(&self.target).await?;
        if self.encrypted {
            stream = negotiate_tls(stream, &self.target, self.host.as_deref()).await?;
        }
        let mut out = BytesMut::new();
        frontend::cancel_request(self.process, self.secret, &mut out);
        // The server closes the connection once it has signalled the session.
        if stream.write_all(&out).await.is_ok() && stream.flush().await.is_ok() {
            let _ = stream.read_u8().await;
        }
        Ok(())
    }
}
