//! Opens a session.

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::auth::authenticate;
use super::cancel::CancelKey;
use super::ending::cancelled;
use super::frames::Frames;
use super::reader::Reader;
use super::session::Session;
use super::writer::Writer;
use super::{Client, Parameters};
use crate::dial::{self, Address, Stream, Target};
use crate::error::{Error, Result};

/// Requests that may wait for the session's task.
const WAITING_REQUESTS: usize = 64;

impl Client {
    /// Connects, negotiates TLS and authenticates (trust, password, MD5 and SCRAM-SHA-256 with channel binding where it
    /// can be had). When `cancel` is cancelled, every call returns `cancelled`, a running statement is cancelled on the
    /// server, and the session is closed. The session is a task of `sessions` until its socket is closed, so that the
    /// owner can wait for all of them; each ends within seconds, once it was cancelled or its last handle is gone.
    ///
    /// # Errors
    /// `unreachable`, `authentication-failed`, `not-found` for a database that isn't there, `conflict` if the server
    /// has no connection left, `invalid-options` for TLS files that can't be used, `cancelled`.
    pub async fn connect(
        target: &Target,
        parameters: &Parameters,
        cancel: &CancellationToken,
        sessions: &TaskTracker,
    ) -> Result<Self> {
        let opening = open(target, parameters);
        let opened = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(cancelled()),
            opened = opening => opened?,
        };
        let (requests, request_receiver) = mpsc::channel(WAITING_REQUESTS);
        let (written, written_receiver) = mpsc::unbounded_channel();
        let (ending, ending_receiver) = watch::channel(None);
        let abandoned = CancellationToken::new();
        let server = target.address.to_string();
        let session = Session {
            stream: opened.stream,
            reader: Reader::new(opened.frames, written_receiver, server.clone()),
            writer: Writer::new(request_receiver, written),
            cancel_key: opened.cancel_key,
            server,
            ending,
            cancelled: cancel.clone(),
            abandoned: abandoned.clone(),
        };
        sessions.spawn(session.run());
        Ok(Self::new(requests, ending_receiver, abandoned.drop_guard()))
    }
}

struct Opened {
    stream: Stream,
    /// May hold messages that came with the last one.
    frames: Frames,
    cancel_key: Option<CancelKey>,
}

async fn open(target: &Target, parameters: &Parameters) -> Result<Opened> {
    let stream = dial::connect(target).await?;
    match timeout(target.connect_timeout, greet(stream, target, parameters)).await {
        Ok(opened) => opened,
        Err(_) => Err(Error::unreachable(format!(
            "{} took the connection but didn't let us in within {} s",
            target.address,
            target.connect_timeout.as_secs()
        ))
        .with_hint("check that it is a PostgreSQL server and not overloaded, or raise connect_timeout")
        .retryable(true)),
    }
}

async fn greet(mut stream: Stream, target: &Target, parameters: &Parameters) -> Result<Opened> {
    // As in libpq, TLS is for TCP only.
    if let (true, Address::Tcp { host, .. }) = (target.tls.mode != dial::TlsMode::Disable, &target.address) {
        stream = negotiate_tls(stream, target, Some(host)).await?;
    }
    let mut frames = Frames::new();
    let key = authenticate(&mut stream, &mut frames, target, parameters).await?;
    frames.trust();
    let cancel_key = key.map(|(process, secret)| CancelKey::new(process, secret, target, &stream));
    Ok(Opened { stream, frames, cancel_key })
}

/// Asks for TLS (PostgreSQL docs 55.2.10) and starts it. `host` is the name that the certificate must have.
pub(super) async fn negotiate_tls(mut stream: Stream, target: &Target, host: Option<&str>) -> Result<Stream> {
    let server = &target.address;
    let mode = target.tls.mode;
    let Some(host) = host else { return Ok(stream) };
    let mut out = BytesMut::new();
    frontend::ssl_request(&mut out);
    let answer = async {
        stream.write_all(&out).await?;
        // One byte and no more: what follows it must come through TLS, or somebody has slipped it in.
        stream.read_u8().await
    };
    match answer.await {
        Ok(b'S') => dial::start_tls(stream, &target.tls, host).await,
        Ok(b'N') if !mode.is_demanded() => Ok(stream),
        Ok(b'N') => Err(Error::unreachable(format!("{server} offers no TLS, and sslmode={} wants it", mode.as_str()))
            .with_hint(
                "turn on ssl on the server; or, on a network where nobody can listen in, set sslmode=disable \
                 (verify-full is the default for other machines)",
            )),
        Ok(_) => Err(Error::unreachable(format!("{server} doesn't answer like a PostgreSQL server"))
            .with_hint("check the host and the port")),
        Err(cause) => Err(Error::unreachable(format!("{server} closed the connection when asked for TLS"))
            .with_cause(cause)
            .retryable(true)),
    }
}
