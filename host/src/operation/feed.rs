//! A unit's stream on its way through the host: measured, told of, and handed on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::{self, WeakSender};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Operation;
use super::event::{Event, Sink};
use super::measure::{Framing, Measure, Measured};
use crate::error::{Error, Result};
use crate::plugin::{Reading, Unit};
use crate::repository::Boundaries;
use crate::services::stream::ByteStream;

/// Tells how far a unit is, a few times a second.
#[derive(Clone)]
pub(super) struct Progress {
    sink: Arc<dyn Sink>,
    unit: String,
    told: Instant,
}

const TELL: Duration = Duration::from_millis(250);
/// How long the stream of a unit may be held after the plugin has answered.
const LETTING_GO: Duration = Duration::from_secs(5);

impl Progress {
    /// Tells that a unit begins.
    pub(super) fn begin(sink: &Arc<dyn Sink>, unit: &Unit) -> Self {
        sink.event(Event::UnitStarted { unit: unit.name.clone(), estimated_bytes: unit.estimated_bytes });
        Self { sink: Arc::clone(sink), unit: unit.name.clone(), told: Instant::now() }
    }

    pub(super) fn at(&mut self, bytes: u64) {
        if self.told.elapsed() >= TELL {
            self.told = Instant::now();
            self.sink.event(Event::UnitProgress { unit: self.unit.clone(), bytes });
        }
    }

    /// Tells that it is where it belongs.
    pub(super) fn done(self, measured: &Measured) {
        self.sink.event(Event::UnitDone { unit: self.unit, bytes: measured.bytes, rows: measured.rows });
    }
}

/// Where the pieces of a unit go.
pub(super) trait Pieces: Send + 'static {
    /// Takes a piece, as soon as there is room for it. A chunk may end behind so many of its bytes as `ends` says.
    fn take(&mut self, piece: Bytes, ends: &[usize]) -> impl Future<Output = Result<()>> + Send;

    /// What chooses where a chunk may end, if they are cut into chunks.
    fn boundaries(&self) -> Option<Boundaries> {
        None
    }
}

/// Reads a unit to its end and gives every piece to `pieces`, which comes back with how that went. It is whole only if the
/// plugin says so and its count is the one that the host saw.
///
/// It is a task of its own, which the operation waits for at its end: what waits for many units mustn't be woken for each of
/// their pieces. Dropping it ends the task.
///
/// # Errors
/// The outer one is a fault of ours, and `pieces` is lost with it.
pub(super) async fn drain<P: Pieces>(
    operation: &Operation,
    unit: &Unit,
    reading: Reading,
    progress: &Progress,
    mut pieces: P,
) -> Result<(P, Result<Drained>)> {
    let (framing, progress) = (unit.framing.clone(), progress.clone());
    let task = operation.context.running.spawn(async move {
        let drained = drain_here(&framing, reading, progress, &mut pieces).await;
        (pieces, drained)
    });
    let ended = |e| Error::internal(format!("the task that reads unit {} ended early", unit.name)).with_cause(e);
    AbortOnDropHandle::new(task).await.map_err(ended)
}

async fn drain_here(
    framing: &str,
    mut reading: Reading,
    mut progress: Progress,
    pieces: &mut impl Pieces,
) -> Result<Drained> {
    let mut measure = Measure::new(Framing::parse(framing)?).choosing(pieces.boundaries());
    while let Some(piece) = reading.data.next().await {
        measure.update(&piece)?;
        progress.at(measure.bytes());
        pieces.take(piece, measure.ends()).await?;
    }
    let plugin = reading.plugin().to_owned();
    let summary = reading.summary().await?;
    let measured = measure.finish().map_err(|e| e.while_doing(format!("read by the plugin {plugin}")))?;
    agree(&measured, summary.rows, &format!("the plugin {plugin} says that the server sent"))?;
    Ok(Drained { measured, claimed: summary.rows, notes: summary.notes })
}

/// A unit that was read to its end.
pub(super) struct Drained {
    pub(super) measured: Measured,
    pub(super) claimed: Option<u64>,
    pub(super) notes: Vec<crate::plugin::Note>,
}

/// Holds a claimed count of rows against the one that was seen.
pub(super) fn agree(measured: &Measured, claimed: Option<u64>, who: &str) -> Result<()> {
    match (measured.rows, claimed) {
        (Some(seen), Some(claimed)) if seen != claimed => {
            Err(Error::corrupt(format!("{who} {claimed} rows, and {seen} were seen")))
        }
        (Some(seen), None) => Err(Error::corrupt(format!("{who} an unknown number of rows, and {seen} were seen"))),
        _ => Ok(()),
    }
}

/// A unit's stream on its way into a plugin, which may count it only once `complete` said that it is whole.
pub(super) struct Feed {
    pub(super) data: ByteStream,
    pub(super) complete: oneshot::Receiver<Result<()>>,
    pub(super) taken: Taken,
}

/// What became of a feed.
pub(super) struct Taken {
    went_in: oneshot::Receiver<Measured>,
    was_read: oneshot::Receiver<()>,
    /// The pieces, where they are read to their end though nobody takes them.
    read_on: Option<WeakSender<Bytes>>,
}

/// The other end of a [`Feed`].
pub(super) struct Feeding {
    pieces: mpsc::Sender<Bytes>,
    /// Whether the stream is read to its end, to know what is missing, though nobody takes it any more.
    reads_on: bool,
    complete: oneshot::Sender<Result<()>>,
    measured: oneshot::Sender<Measured>,
}

impl Feed {
    pub(super) fn new() -> (Feeding, Self) {
        Self::reading_on(false)
    }

    /// A feed that, if told, reads on to the stream's end where the plugin lets go of it before.
    pub(super) fn reading_on(reads_on: bool) -> (Feeding, Self) {
        let (pieces, mut data) = ByteStream::channel();
        let (complete, completed) = oneshot::channel();
        let (measured, went_in) = oneshot::channel();
        let was_read = data.read_to_its_end();
        let read_on = reads_on.then(|| pieces.downgrade());
        let feeding = Feeding { pieces, reads_on, complete, measured };
        (feeding, Self { data, complete: completed, taken: Taken { went_in, was_read, read_on } })
    }
}

impl Taken {
    /// What the target took, once it says that it is done.
    ///
    /// # Errors
    /// If it hasn't seen the stream's end: a small stream fits between us and a plugin that never reads it.
    fn whole(mut self, plugin: &str) -> Result<Measured> {
        match (self.went_in.try_recv(), self.was_read.try_recv()) {
            (Ok(measured), Ok(())) => Ok(measured),
            _ => Err(unread(plugin)),
        }
    }

    /// What came of a stream that the target refused.
    fn refused(mut self, plugin: &str) -> Result<Measured> {
        self.went_in.try_recv().map_err(|_| unread(plugin))
    }

    /// Whether the plugin was told that it has all of the stream.
    fn was_whole(&mut self) -> bool {
        self.went_in.try_recv().is_ok()
    }
}

/// Feeds a stream to a plugin and waits for what it does with it. Gives the plugin's answer and what went in.
///
/// # Errors
/// The one that was the cause of the other, or that of a plugin that answers and hasn't read its stream, or that counts one
/// which broke off.
pub(super) async fn through<T>(
    feeding: impl Future<Output = Result<()>>,
    writing: impl Future<Output = Result<T>>,
    taken: Taken,
    plugin: &str,
) -> Result<(T, Measured)> {
    through_or_refused(feeding, writing, taken, plugin, |_| false).await
}

/// Like [`through`], but a plugin may answer that the target refused what is in the stream, and then it needn't have read
/// that. What came is measured all the same, so that what is missing is known.
///
/// # Errors
/// As [`through`]; the stream's own, if the plugin says that it was refused.
pub(super) async fn through_or_refused<T>(
    feeding: impl Future<Output = Result<()>>,
    writing: impl Future<Output = Result<T>>,
    mut taken: Taken,
    plugin: &str,
    is_refused: impl Fn(&T) -> bool,
) -> Result<(T, Measured)> {
    let (answered, failed) = (CancellationToken::new(), CancellationToken::new());
    let pieces = taken.read_on.take();
    let writing = async {
        let written = writing.await;
        // Whoever tries again reads it again.
        written.as_ref().err().into_iter().for_each(|_| failed.cancel());
        answered.cancel();
        written
    };
    let held = async {
        answered.cancelled().await;
        sleep(LETTING_GO).await;
        let is_let_go = |pieces: WeakSender<Bytes>| pieces.upgrade().is_none_or(|pieces| pieces.is_closed());
        if pieces.clone().is_some_and(is_let_go) {
            std::future::pending::<()>().await;
        }
    };
    let feeding = async {
        tokio::select! {
            biased;
            fed = feeding => fed,
            () = failed.cancelled(), if pieces.is_some() => Err(Error::cancelled("it is read again")),
            // A plugin that answers, and neither reads its stream nor lets go of it, mustn't hold us up.
            () = held => Err(Error::cancelled("nobody reads it")),
        }
    };
    let (fed, written) = tokio::join!(feeding, writing);
    let answer = match (fed, written) {
        (Ok(()), Ok(answer)) => answer,
        (Err(error), Ok(_)) if error.is_cancelled() => return Err(unread(plugin)),
        (Err(error), Ok(answer)) if is_refused(&answer) => return Err(error),
        (Err(error), Ok(_)) if taken.was_whole() => return Err(error),
        (Err(error), Ok(_)) => return Err(believed(plugin, &error)),
        // The source's failure is the cause of the writer's, unless the writer had stopped taking.
        (Err(error), Err(_)) if !error.is_cancelled() => return Err(error),
        (_, Err(error)) => return Err(error),
    };
    let measured = if is_refused(&answer) { taken.refused(plugin)? } else { taken.whole(plugin)? };
    Ok((answer, measured))
}

/// Says that a plugin claims to have written what it hasn't read.
fn unread(plugin: &str) -> Error {
    Error::plugin(format!("the plugin {plugin} says that it wrote the unit, and hasn't read it to its end"))
        .with_hint("this is a fault of the plugin; tell its author, with the message")
}

/// Says that a plugin claims to have written what never came. Never tried again: it may have marked the part as the whole.
fn believed(plugin: &str, error: &Error) -> Error {
    Error::plugin(format!("the plugin {plugin} says that it wrote the unit, though its stream broke off"))
        .with_cause(error.to_string())
        .with_hint("this is a fault of the plugin; tell its author, with the message")
}

impl Pieces for Feeding {
    async fn take(&mut self, piece: Bytes, _: &[usize]) -> Result<()> {
        self.hand_on(piece).await
    }
}

impl Feeding {
    /// Hands a piece on, as soon as there is room for it.
    ///
    /// # Errors
    /// "cancelled" if nobody takes it any more, unless the stream is to be read on.
    pub(super) async fn hand_on(&self, piece: Bytes) -> Result<()> {
        match self.pieces.send(piece).await {
            Err(_) if !self.reads_on => Err(Error::cancelled("the target doesn't take any more of it")),
            _ => Ok(()),
        }
    }

    /// Ends the stream and says whether it is whole. Whoever isn't there any more needn't know.
    pub(super) fn end(self, result: Result<Measured>) {
        drop(self.pieces);
        let result = result.map(|measured| drop(self.measured.send(measured)));
        let _ = self.complete.send(result);
    }
}
