//! The task that owns a connection.
//!
//! It ends when the server ends the session, when it is closed, when the operation is cancelled, and when the last
//! handle goes. Whoever still waits gets an error that says why; a statement that still runs is cancelled on the
//! server; and the socket stays open until the server has closed its side, so that a session that ended here has
//! ended there too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::cancel::CancelKey;
use super::ending::Ending;
use super::reader::Reader;
use super::writer::Writer;

/// How long the server gets to read our farewell and to close its side.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long the server's last words may take to arrive after writing to it has failed.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a session's task works with.
pub(super) struct Session<S> {
    pub(super) stream: S,
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    /// None where the server gave no key.
    pub(super) cancel_key: Option<CancelKey>,
    /// Shown in errors.
    pub(super) server: String,
    pub(super) ending: watch::Sender<Option<Ending>>,
    /// The operation is cancelled.
    pub(super) cancelled: CancellationToken,
    /// The last handle is gone.
    pub(super) abandoned: CancellationToken,
}

impl<S: AsyncRead + AsyncWrite + Send> Session<S> {
    /// Works until the session has ended on both sides.
    pub(super) async fn run(self) {
        let Self { stream, mut reader, mut writer, cancel_key, server, ending, cancelled, abandoned } = self;
        let unanswered = AtomicUsize::new(0);
        let (mut source, mut sink) = split(stream);
        let why = tokio::select! {
            biased;
            () = cancelled.cancelled() => Ending::Cancelled,
            () = abandoned.cancelled() => Ending::Closed,
            why = serve(&mut reader, &mut writer, &mut source, &mut sink, &unanswered, &server) => why,
        };
        let stopped_by_us = matches!(why, Ending::Cancelled | Ending::Closed);
        ending.send_replace(Some(why));
        // Dropping these wakes everyone who waits.
        drop((reader, writer));

        let idle = unanswered.load(Ordering::Relaxed) == 0;
        if let (true, false, Some(key)) = (stopped_by_us, idle, cancel_key) {
            key.cancel().await;
        }
        // In the middle of a request, Terminate could be taken for a part of it; the socket's end can't.
        hang_up(&mut source, &mut sink, idle).await;
    }
}

/// Writes requests and reads answers until the session ends.
async fn serve<S: AsyncRead + AsyncWrite>(
    reader: &mut Reader,
    writer: &mut Writer,
    source: &mut ReadHalf<S>,
    sink: &mut WriteHalf<S>,
    unanswered: &AtomicUsize,
    server: &str,
) -> Ending {
    let reading = reader.run(source, unanswered);
    tokio::pin!(reading);
    let written = tokio::select! {
        biased;
        why = &mut reading => return why,
        written = writer.run(sink, unanswered) => written,
    };
    match written {
        // The server answers what was asked before, then closes its side.
        Ok(()) => match reading.await {
            Ending::Lost { .. } if unanswered.load(Ordering::Relaxed) == 0 => Ending::Closed,
            why => why,
        },
        // The server's own reason, if it gave one, is better than a broken pipe.
        Err(cause) => timeout(LAST_WORDS, reading)
            .await
            .unwrap_or_else(|_| Ending::lost(server, "a request was written to it", Some(&cause))),
    }
}

/// Ends our side and waits for the end of the server's.
async fn hang_up<S: AsyncRead + AsyncWrite>(source: &mut ReadHalf<S>, sink: &mut WriteHalf<S>, politely: bool) {
    let farewell = async {
        if politely {
            let mut out = BytesMut::new();
            frontend::terminate(&mut out);
            sink.write_all(&out).await?;
        }
        sink.shutdown().await?;
        let mut rest = BytesMut::new();
        while source.read_buf(&mut rest).await? > 0 {
            rest.clear();
        }
        std::io::Result::Ok(())
    };
    // A connection that can't even be closed is as good as closed.
    let _ = timeout(FAREWELL, farewell).await;
}
