//! The writing side of a session: requests as they come, and the data of COPY FROM STDIN.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{BufMut, Bytes, BytesMut};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::answer::Answer;
use super::copy_in::{Piece, Signal, Upload};
use super::request::Request;

/// Bytes that gather before they are written; a CopyData has no more than this.
const CHUNK: usize = 128 << 10;

/// Writes a session's requests.
pub(super) struct Writer {
    requests: mpsc::Receiver<Request>,
    /// Tells the reading side what it will read answers to.
    written: mpsc::UnboundedSender<Answer>,
    out: BytesMut,
}

impl Writer {
    pub(super) fn new(requests: mpsc::Receiver<Request>, written: mpsc::UnboundedSender<Answer>) -> Self {
        Self { requests, written, out: BytesMut::new() }
    }

    /// Writes until the session is to be closed. `unanswered` counts up with each request.
    pub(super) async fn run(
        &mut self,
        sink: &mut (impl AsyncWrite + Unpin),
        unanswered: &AtomicUsize,
    ) -> io::Result<()> {
        while let Some(Request::Run { sql, answer, upload }) = self.requests.recv().await {
            unanswered.fetch_add(1, Ordering::Relaxed);
            // It can't be closed: the reading side lives as long as this one.
            let _ = self.written.send(answer);
            query(&sql, &mut self.out)?;
            self.flush(sink).await?;
            if let Some(upload) = upload {
                self.upload(sink, upload).await?;
            }
        }
        frontend::terminate(&mut self.out);
        self.flush(sink).await
    }

    /// Writes the data of a COPY FROM STDIN. Returns when the server is ready for the next request: until then it would
    /// take anything else for data.
    async fn upload(&mut self, sink: &mut (impl AsyncWrite + Unpin), upload: Upload) -> io::Result<()> {
        let Upload { mut data, mut signals } = upload;
        if signals.recv().await == Some(Signal::Open) {
            self.pieces(sink, &mut data, &mut signals).await?;
        }
        // Whoever still sends learns that nobody takes it, and asks for the result.
        drop(data);
        while let Some(signal) = signals.recv().await {
            if signal == Signal::Open {
                frontend::copy_fail("only one COPY may be in the text", &mut self.out)?;
                self.flush(sink).await?;
            }
        }
        Ok(())
    }

    async fn pieces(
        &mut self,
        sink: &mut (impl AsyncWrite + Unpin),
        data: &mut mpsc::Receiver<Piece>,
        signals: &mut mpsc::UnboundedReceiver<Signal>,
    ) -> io::Result<()> {
        loop {
            if data.is_empty() {
                self.flush(sink).await?;
            }
            let piece = tokio::select! {
                biased;
                _ = signals.recv() => return Ok(()),
                piece = data.recv() => piece,
            };
            match piece {
                Some(Piece::Data(bytes)) => self.data(sink, bytes).await?,
                Some(Piece::Finish) => {
                    frontend::copy_done(&mut self.out);
                    return self.flush(sink).await;
                }
                Some(Piece::Abort(reason)) => return self.fail(sink, &reason).await,
                None => return self.fail(sink, "the data ended without being complete").await,
            }
        }
    }

    async fn data(&mut self, sink: &mut (impl AsyncWrite + Unpin), mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(CHUNK));
            self.out.put_u8(b'd');
            self.out.put_i32(length(part.len())?);
            self.out.extend_from_slice(&part);
            if self.out.len() >= CHUNK {
                self.flush(sink).await?;
            }
        }
        Ok(())
    }

    async fn fail(&mut self, sink: &mut (impl AsyncWrite + Unpin), reason: &str) -> io::Result<()> {
        frontend::copy_fail(reason, &mut self.out)?;
        self.flush(sink).await
    }

    async fn flush(&mut self, sink: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        sink.write_all(&self.out).await?;
        self.out.clear();
        sink.flush().await
    }
}

/// Query (PostgreSQL docs 55.7). The library's function takes UTF-8 only.
fn query(sql: &[u8], out: &mut BytesMut) -> io::Result<()> {
    out.put_u8(b'Q');
    out.put_i32(length(sql.len() + 1)?);
    out.extend_from_slice(sql);
    out.put_u8(0);
    Ok(())
}

/// The length field of a message with a body of `body` bytes: it counts itself.
fn length(body: usize) -> io::Result<i32> {
    i32::try_from(body + 4).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a message is larger than 2 GiB"))
}
