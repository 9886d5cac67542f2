//! A unit's stream on its way through the host: measured, told of, and handed on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::event::{Event, Sink};
use super::measure::{Framing, Measure, Measured};
use crate::error::{Error, Result};
use crate::plugin::{Reading, Unit};
use crate::services::stream::ByteStream;

/// Tells how far a unit is, a few times a second.
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

/// Reads a unit to its end and gives every piece to `sink`. It is whole only if the plugin says so and its count is
/// the one that the host saw.
pub(super) async fn drain(
    unit: &Unit,
    mut reading: Reading,
    progress: &mut Progress,
    mut sink: impl AsyncFnMut(Bytes) -> Result<()>,
) -> Result<Drained> {
    let mut measure = Measure::new(Framing::parse(&unit.framing)?);
    while let Some(piece) = reading.data.next().await {
        measure.update(&piece)?;
        progress.at(measure.bytes());
        sink(piece).await?;
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
}

/// The other end of a [`Feed`].
pub(super) struct Feeding {
    pub(super) pieces: mpsc::Sender<Bytes>,
    complete: oneshot::Sender<Result<()>>,
    measured: oneshot::Sender<Measured>,
}

impl Feed {
    pub(super) fn new() -> (Feeding, Self) {
        let (pieces, mut data) = ByteStream::channel();
        let (complete, completed) = oneshot::channel();
        let (measured, went_in) = oneshot::channel();
        let was_read = data.read_to_its_end();
        (Feeding { pieces, complete, measured }, Self { data, complete: completed, taken: Taken { went_in, was_read } })
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
    mut taken: Taken,
    plugin: &str,
) -> Result<(T, Measured)> {
    let answered = CancellationToken::new();
    let writing = async {
        let written = writing.await;
        answered.cancel();
        written
    };
    let feeding = async {
        tokio::select! {
            fed = feeding => fed,
            // A plugin that answers, and neither reads its stream nor lets go of it, mustn't hold us up.
            () = async { answered.cancelled().await; sleep(LETTING_GO).await } => Err(Error::cancelled("nobody reads it")),
        }
    };
    let (fed, written) = tokio::join!(feeding, writing);
    let answer = match (fed, written) {
        (Ok(()), Ok(answer)) => answer,
        (Err(error), Ok(_)) if error.is_cancelled() => return Err(unread(plugin)),
        (Err(error), Ok(_)) if taken.was_whole() => return Err(error),
        (Err(error), Ok(_)) => return Err(believed(plugin, &error)),
        // The source's failure is the cause of the writer's, unless the writer had stopped taking.
        (Err(error), Err(_)) if !error.is_cancelled() => return Err(error),
        (_, Err(error)) => return Err(error),
    };
    Ok((answer, taken.whole(plugin)?))
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

impl Feeding {
    /// Ends the stream and says whether it is whole. Whoever isn't there any more needn't know.
    pub(super) fn end(self, result: Result<Measured>) {
        drop(self.pieces);
        let result = result.map(|measured| drop(self.measured.send(measured)));
        let _ = self.complete.send(result);
    }
}

/// Says that nobody takes the pieces any more: the writer failed, and says why itself.
pub(super) fn refused<T>(_: mpsc::error::SendError<T>) -> Error {
    Error::cancelled("the target doesn't take any more of it")
}
