//! Byte streams between the host's services and a plugin.
//!
//! The host makes its streams of one type, [`ByteStream`]. When a plugin hands one on untouched, the host takes it
//! back by that type and the bytes never enter the sandbox. A stream that the plugin made itself is read from its
//! memory piece by piece. Whoever gets a [`ByteStream`] can't tell the difference and needn't.

use std::any::{Any, TypeId};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::PollSender;
use wasmtime::component::{
    Destination, FutureConsumer, FutureReader, Lift, Source, StreamConsumer, StreamProducer, StreamReader, StreamResult,
};
use wasmtime::{AsContextMut, StoreContextMut};

/// Pieces that may wait between two ends; with pieces of 64 KiB a stream holds at most 256 KiB.
pub const CAPACITY: usize = 4;

/// The largest piece that is read from a plugin's memory at once.
const PIECE: usize = 64 << 10;

/// Bytes of a plugin's stream that the host holds at most.
pub(super) const MOST_HELD: usize = (CAPACITY + 1) * PIECE;

/// A stream of bytes that the host holds one end of. Its end says nothing of success: a future beside it does.
pub struct ByteStream {
    pieces: mpsc::Receiver<Bytes>,
    rest: Bytes,
    read: Option<oneshot::Sender<()>>,
}

impl ByteStream {
    /// A stream over a channel of pieces.
    #[must_use]
    pub fn new(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, rest: Bytes::new(), read: None }
    }

    /// A stream and the end that fills it.
    #[must_use]
    pub fn channel() -> (mpsc::Sender<Bytes>, Self) {
        let (sender, pieces) = mpsc::channel(CAPACITY);
        (sender, Self::new(pieces))
    }

    /// Resolves well once whoever reads the stream has seen its end, and with an error if it is dropped before.
    pub fn read_to_its_end(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.read = Some(sender);
        receiver
    }

    /// The next piece, or none at the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(std::mem::take(&mut self.rest));
        }
        let piece = self.pieces.recv().await;
        if piece.is_none() {
            self.ended();
        }
        piece
    }

    fn ended(&mut self) {
        if let Some(read) = self.read.take() {
            // Nobody needs to listen.
            let _ = read.send(());
        }
    }

    /// Takes a stream over from a plugin: the host's own by its type, a plugin's by reading it.
    ///
    /// # Errors
    /// If the handle isn't a readable stream.
    pub fn take<S: AsContextMut>(reader: StreamReader<u8>, mut store: S) -> wasmtime::Result<Self> {
        match reader.try_into::<Self>(&mut store) {
            Ok(own) => Ok(own),
            Err(reader) => {
                let (sender, stream) = Self::channel();
                reader.pipe(&mut store, Reading(PollSender::new(sender)))?;
                Ok(stream)
            }
        }
    }
}

impl<D> StreamProducer<D> for ByteStream {
    type Item = u8;
    type Buffer = BytesMut;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, BytesMut>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        while self.rest.is_empty() {
            match self.pieces.poll_recv(cx) {
                Poll::Ready(Some(piece)) => self.rest = piece,
                Poll::Ready(None) => {
                    self.ended();
                    return Poll::Ready(Ok(StreamResult::Dropped));
                }
                Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
                Poll::Pending => return Poll::Pending,
            }
        }
        // A read of nothing asks whether there is something: there is.
        if destination.remaining(&mut store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let mut direct = destination.as_direct(store, PIECE);
        let room = direct.remaining();
        let count = room.len().min(self.rest.len());
        if let (Some(to), Some(from)) = (room.get_mut(..count), self.rest.get(..count)) {
            to.copy_from_slice(from);
        }
        direct.mark_written(count);
        self.rest.advance(count);
        Poll::Ready(Ok(StreamResult::Completed))
    }

    fn try_into(me: Pin<Box<Self>>, ty: TypeId) -> Result<Box<dyn Any>, Pin<Box<Self>>> {
        if ty == TypeId::of::<Self>() {
            let me: Box<Self> = Pin::into_inner(me);
            Ok(me)
        } else {
            Err(me)
        }
    }
}

/// Reads a plugin's stream from its memory.
struct Reading(PollSender<Bytes>);

impl<D> StreamConsumer<D> for Reading {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.0.poll_reserve(cx) {
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(Ok(())) => {}
        }
        let mut direct = source.as_direct(store);
        let there = direct.remaining();
        let piece = Bytes::copy_from_slice(there.get(..there.len().min(PIECE)).unwrap_or_default());
        direct.mark_read(piece.len());
        if piece.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.0.send_item(piece) {
            Ok(()) => Poll::Ready(Ok(StreamResult::Completed)),
            Err(_) => Poll::Ready(Ok(StreamResult::Dropped)),
        }
    }
}

/// Awaits a plugin's future. An error from the receiver says that it was dropped unwritten.
///
/// # Errors
/// If the handle isn't a readable future.
pub fn awaited<T, S>(future: FutureReader<T>, store: S) -> wasmtime::Result<oneshot::Receiver<T>>
where
    T: Lift + Send + 'static,
    S: AsContextMut,
{
    let (sender, receiver) = oneshot::channel();
    future.pipe(store, Awaiting(Some(sender)))?;
    Ok(receiver)
}

struct Awaiting<T>(Option<oneshot::Sender<T>>);

impl<D, T: Lift + Send + 'static> FutureConsumer<D> for Awaiting<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(sender), Some(value)) = (self.0.take(), value) {
            // Nobody waiting any more is no fault of the plugin's.
            let _ = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}
