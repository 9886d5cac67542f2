//! A connection that a plugin speaks its own protocol on, within what the operator demands.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::dial::{self, Address, Stream, Target, TlsMode};
use crate::error::{Error, Result};
use crate::secrets::Secret;
use crate::services::Endpoint;
use crate::services::stream::ByteStream;

/// The most that one read gives.
const MOST_READ: u32 = 1 << 20;
/// The most that one write takes.
const MOST_WRITTEN: usize = 16 << 20;
/// What may be written in the clear where TLS is required: a protocol's way to ask for it is shorter.
const BEFORE_TLS: usize = 256;
/// Answers to challenges on one connection: one, and what a server may ask after changing the method.
const MOST_ANSWERS: usize = 3;

/// A connection and what may still be done on it.
pub struct Connection {
    target: Target,
    endpoint: Endpoint,
    cancel: CancellationToken,
    reading: Mutex<Option<ReadHalf<Stream>>>,
    writing: Mutex<Writing>,
    answers: AtomicUsize,
    _slot: OwnedSemaphorePermit,
}

struct Writing {
    half: Option<WriteHalf<Stream>>,
    encrypted: bool,
    written: usize,
    secret_written: bool,
}

impl Connection {
    /// Connects, in the clear.
    pub(super) async fn open(
        target: Target,
        endpoint: Endpoint,
        cancel: CancellationToken,
        slot: OwnedSemaphorePermit,
    ) -> Result<Arc<Self>> {
        let stream = until(&cancel, dial::connect(&target)).await?;
        let (reading, writing) = split(stream);
        Ok(Arc::new(Self {
            target,
            endpoint,
            cancel,
            reading: Mutex::new(Some(reading)),
            writing: Mutex::new(Writing { half: Some(writing), encrypted: false, written: 0, secret_written: false }),
            answers: AtomicUsize::new(0),
            _slot: slot,
        }))
    }

    /// What the operator wants of TLS. A Unix socket needs none.
    pub(super) fn tls(&self) -> &'static str {
        match (&self.target.address, self.target.tls.mode) {
            (Address::Unix { .. }, _) | (_, TlsMode::Disable) => "disable",
            (_, TlsMode::Prefer) => "prefer",
            _ => "require",
        }
    }

    pub(super) async fn start_tls(&self) -> Result<()> {
        let Address::Tcp { host, .. } = &self.target.address else {
            return Err(Error::unsupported("a Unix socket has no TLS"));
        };
        let (Ok(mut reading), Ok(mut writing)) = (self.reading.try_lock(), self.writing.try_lock()) else {
            return Err(Error::conflict("TLS can't start while the connection is read or written"));
        };
        let (Some(read), Some(write)) = (reading.take(), writing.half.take()) else { return Err(self.lost()) };
        let stream = read.unsplit(write);
        let starting = timeout(self.target.connect_timeout, dial::start_tls(stream, &self.target.tls, host));
        let stream = until(&self.cancel, async {
            starting.await.map_err(|_| {
                Error::unreachable(format!("TLS with {} took too long", self.target.address)).retryable(true)
            })?
        });
        let (read, write) = split(stream.await?);
        (*reading, writing.half, writing.encrypted) = (Some(read), Some(write), true);
        Ok(())
    }

    pub(super) async fn read(&self, limit: u32) -> Result<Vec<u8>> {
        if limit == 0 || limit > MOST_READ {
            return Err(Error::invalid_options(format!("a read takes a limit from 1 to {MOST_READ}, not {limit}")));
        }
        let mut reading = self.reading.lock().await;
        let half = reading.as_mut().ok_or_else(|| self.lost())?;
        let mut data = Vec::new();
        let limit = usize::try_from(limit).unwrap_or_default();
        // Grows with what arrives: a plugin that asks for the most on a silent connection holds nothing.
        data.reserve(limit.min(64 << 10));
        let read = async { half.take(limit as u64).read_buf(&mut data).await.map_err(|e| self.broken(e)) };
        until(&self.cancel, read).await?;
        Ok(data)
    }

    pub(super) async fn write(&self, data: &[u8]) -> Result<()> {
        if data.len() > MOST_WRITTEN {
            return Err(Error::invalid_options(format!("a write takes at most {MOST_WRITTEN} bytes")));
        }
        self.put(&mut *self.writing.lock().await, data).await
    }

    /// Writes a stream to its end; says how many bytes that were.
    pub(super) async fn write_stream(&self, mut data: ByteStream) -> Result<u64> {
        let mut writing = self.writing.lock().await;
        let mut written = 0;
        let writes = async {
            while let Some(piece) = until(&self.cancel, async { Ok(data.next().await) }).await? {
                self.put(&mut writing, &piece).await?;
                written += piece.len() as u64;
            }
            Ok(written)
        };
        let result = writes.await;
        if result.is_err() {
            // Half a message may have gone out, as in `send`.
            writing.half = None;
        }
        result
    }

    /// Writes what may be written as things are.
    async fn put(&self, writing: &mut Writing, data: &[u8]) -> Result<()> {
        let required = self.tls() == "require" && !writing.encrypted;
        if required && writing.written.saturating_add(data.len()) > BEFORE_TLS {
            return Err(Error::permission_denied(format!(
                "the connection to {} must go over to TLS before anything is said on it",
                self.target.address
            ))
            .with_hint("the operator's sslmode requires TLS; the plugin has to start it"));
        }
        writing.written = writing.written.saturating_add(data.len());
        self.send(writing, data).await
    }

    /// Answers a challenge with the endpoint's secret.
    pub(super) fn respond(&self, secret: &str, method: &str, challenge: &[u8]) -> Result<Vec<u8>> {
        let value = self.secret(secret)?;
        if self.answers.fetch_add(1, Ordering::Relaxed) >= MOST_ANSWERS {
            return Err(Error::permission_denied(format!(
                "the plugin asked for more than {MOST_ANSWERS} answers to challenges on one connection"
            )));
        }
        super::secret::respond(value.expose(), method, challenge)
    }

    /// Writes the endpoint's secret, where nobody can listen in.
    pub(super) async fn write_secret(&self, before: &[u8], secret: &str, framing: &str, after: &[u8]) -> Result<()> {
        let value = self.secret(secret)?;
        let message = super::secret::message(before, value.expose(), framing, after)?;
        let mut writing = self.writing.lock().await;
        if !nobody_listens(&self.target, writing.encrypted) {
            return Err(Error::permission_denied(format!(
                "the secret isn't sent to {}: somebody could listen in, or answer in its place",
                self.target.address
            ))
            .with_hint("set sslmode=verify-full (and sslrootcert=FILE for an authority of your own) in the URL"));
        }
        if writing.secret_written {
            return Err(Error::permission_denied("the secret was written on this connection already"));
        }
        writing.secret_written = true;
        self.send(&mut writing, &message).await
    }

    async fn send(&self, writing: &mut Writing, data: &[u8]) -> Result<()> {
        let half = writing.half.as_mut().ok_or_else(|| self.lost())?;
        let sent = async {
            half.write_all(data).await.map_err(|e| self.broken(e))?;
            half.flush().await.map_err(|e| self.broken(e))
        };
        let result = until(&self.cancel, sent).await;
        if result.is_err() {
            // Half a message may have gone out: whatever came after it would be read as the rest of it.
            writing.half = None;
        }
        result
    }

    fn secret(&self, name: &str) -> Result<&Secret> {
        self.endpoint.password().filter(|_| name == "password").ok_or_else(|| {
            Error::not_found("the instance has no secret of that name")
                .with_hint("a `password` can be configured for it")
        })
    }

    fn lost(&self) -> Error {
        Error::unreachable(format!("the connection to {} is lost", self.target.address)).retryable(true)
    }

    fn broken(&self, cause: std::io::Error) -> Error {
        self.lost().with_cause(cause)
    }
}

/// Does `work` unless the operation is cancelled before.
async fn until<T>(cancel: &CancellationToken, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::cancelled("the operation was cancelled")),
        done = work => done,
    }
}

/// Whether a secret may be sent: under TLS that checks who answers, or where the bytes stay on this machine.
fn nobody_listens(target: &Target, encrypted: bool) -> bool {
    let checked = match target.tls.mode {
        TlsMode::VerifyCa | TlsMode::VerifyFull => true,
        // With a certificate to trust it checks, as in libpq.
        TlsMode::Require => target.tls.root_cert.is_some(),
        TlsMode::Prefer | TlsMode::Disable => false,
    };
    target.address.is_local() || encrypted && checked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::connection_url::ConnectionUrl;

    /// A connection to a listener, and the listener's side of it.
    async fn connected(parameters: &str) -> (Arc<Connection>, TcpStream, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("x://u@127.0.0.1:{}/d?{parameters}", listener.local_addr().unwrap().port());
        let url = ConnectionUrl::parse(&url).unwrap();
        let target = super::super::target::target(&url, None).unwrap();
        let endpoint = Endpoint::new(url, Some(Secret::new("hunter2".to_owned())), None);
        let slot = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let cancel = CancellationToken::new();
        let (opened, accepted) =
            tokio::join!(Connection::open(target, endpoint, cancel.clone(), slot), listener.accept());
        (opened.unwrap(), accepted.unwrap().0, cancel)
    }

    #[tokio::test]
    async fn what_is_written_arrives_and_what_arrives_is_read() {
        let (connection, mut server, _) = connected("").await;
        connection.write(b"ping").await.unwrap();
        let mut got = [0; 4];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"ping");
        server.write_all(b"pong!").await.unwrap();
        assert_eq!(connection.read(3).await.unwrap(), b"pon");
        assert_eq!(connection.read(1 << 20).await.unwrap(), b"g!");
        drop(server);
        assert!(connection.read(1).await.unwrap().is_empty());
        assert_eq!(connection.read(0).await.unwrap_err().code(), "invalid-options");
    }

    #[tokio::test]
    async fn where_tls_is_required_nothing_is_said_in_the_clear() {
        let (connection, _server, _) = connected("sslmode=require").await;
        assert_eq!(connection.tls(), "require");
        connection.write(&[0; BEFORE_TLS]).await.unwrap();
        assert_eq!(connection.write(b"x").await.unwrap_err().code(), "permission-denied");
    }

    #[tokio::test]
    async fn a_secret_is_written_once_and_answers_are_counted() {
        let (connection, mut server, _) = connected("").await;
        connection.write_secret(b"<", "password", "none", b">").await.unwrap();
        let mut got = [0; 9];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"<hunter2>");
        let again = connection.write_secret(b"", "password", "none", b"").await.unwrap_err();
        assert_eq!(again.code(), "permission-denied");
        for _ in 0..MOST_ANSWERS {
            connection.respond("password", "mysql-native-password", &[7; 20]).unwrap();
        }
        let error = connection.respond("password", "mysql-native-password", &[7; 20]).unwrap_err();
        assert_eq!(error.code(), "permission-denied");
    }

    #[tokio::test]
    async fn a_secret_of_another_name_is_not_found() {
        let (connection, _server, _) = connected("").await;
        for name in ["", "Password", "password ", "root", "../password"] {
            assert_eq!(connection.respond(name, "mysql-native-password", &[7; 20]).unwrap_err().code(), "not-found");
            assert_eq!(connection.write_secret(b"", name, "none", b"").await.unwrap_err().code(), "not-found");
        }
    }

    #[tokio::test]
    async fn a_stream_is_written_whole_and_counted_and_other_writes_wait_for_it() {
        let (connection, mut server, _) = connected("").await;
        let (pieces, stream) = ByteStream::channel();
        let streaming = tokio::spawn({
            let connection = Arc::clone(&connection);
            async move { connection.write_stream(stream).await }
        });
        let mut got = [0; 3];
        pieces.send("one".into()).await.unwrap();
        server.read_exact(&mut got).await.unwrap();
        let mut after = Box::pin(connection.write(b"end"));
        assert!(futures::poll!(&mut after).is_pending());
        pieces.send("two".into()).await.unwrap();
        drop(pieces);
        assert_eq!(streaming.await.unwrap().unwrap(), 6);
        after.await.unwrap();
        let mut got = [0; 6];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"twoend");
    }

    #[tokio::test]
    async fn a_stream_has_the_limits_of_other_writes_and_nothing_is_said_after_an_error_in_one() {
        let (connection, mut server, _) = connected("sslmode=require").await;
        let (pieces, stream) = ByteStream::channel();
        pieces.send(vec![1; BEFORE_TLS].into()).await.unwrap();
        pieces.send("x".into()).await.unwrap();
        drop(pieces);
        assert_eq!(connection.write_stream(stream).await.unwrap_err().code(), "permission-denied");
        assert_eq!(connection.start_tls().await.unwrap_err().code(), "unreachable");
        assert_eq!(connection.write(b"").await.unwrap_err().code(), "unreachable");
        drop(connection);
        let mut got = Vec::new();
        server.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, [1; BEFORE_TLS]);

        let (connection, _server, cancel) = connected("").await;
        let (_pieces, stream) = ByteStream::channel();
        let waiting =
            tokio::spawn(async move { (connection.write_stream(stream).await, connection.write(b"x").await) });
        cancel.cancel();
        let (streamed, written) = waiting.await.unwrap();
        assert_eq!(streamed.unwrap_err().code(), "cancelled");
        assert_eq!(written.unwrap_err().code(), "unreachable");
    }

    #[tokio::test]
    async fn cancelling_ends_a_read_that_waits() {
        let (connection, _server, cancel) = connected("").await;
        let waiting = tokio::spawn(async move { connection.read(1).await });
        cancel.cancel();
        assert_eq!(waiting.await.unwrap().unwrap_err().code(), "cancelled");
    }

    #[test]
    fn a_secret_goes_to_other_machines_only_under_tls_that_checks_them() {
        let target = |host: &str, mode| {
            let mut target = Target::new(Address::Tcp { host: host.to_owned(), port: 1 });
            target.tls.mode = mode;
            target
        };
        assert!(nobody_listens(&target("127.0.0.1", TlsMode::Disable), false));
        assert!(nobody_listens(&target("db", TlsMode::VerifyFull), true));
        assert!(!nobody_listens(&target("db", TlsMode::VerifyFull), false));
        for mode in [TlsMode::Disable, TlsMode::Prefer, TlsMode::Require] {
            assert!(!nobody_listens(&target("db", mode), true), "{mode:?}");
        }
    }
}
