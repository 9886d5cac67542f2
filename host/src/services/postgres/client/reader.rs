//! The reading side of a session: hands the server's messages to the request that they answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::answer::{Answer, Verb};
use super::ending::Ending;
use super::frames::{Frames, PIECE, Step};
use super::server_error::ServerError;

/// Reads a session's answers.
pub(super) struct Reader {
    frames: Frames,
    /// Where COPY's data gathers.
    piece: BytesMut,
    /// Requests that were written, in order.
    written: mpsc::UnboundedReceiver<Answer>,
    current: Option<Answer>,
    /// What the server said before it ends the session.
    last_words: Option<ServerError>,
    server: String,
}

impl Reader {
    pub(super) fn new(frames: Frames, written: mpsc::UnboundedReceiver<Answer>, server: String) -> Self {
        Self { frames, piece: BytesMut::new(), written, current: None, last_words: None, server }
    }

    /// Reads until the session ends. `unanswered` counts down with each request that is answered.
    pub(super) async fn run(&mut self, source: &mut (impl AsyncRead + Unpin), unanswered: &AtomicUsize) -> Ending {
        loop {
            if self.piece.capacity() == 0 {
                self.piece.reserve(PIECE);
            }
            let taken = match self.frames.step(&mut self.piece) {
                Ok(Step::More) => match source.read_buf(self.frames.space()).await {
                    Ok(0) => Err(self.closed(None)),
                    Ok(_) => Ok(()),
                    Err(cause) => Err(self.closed(Some(&cause))),
                },
                Ok(Step::Full) => {
                    self.deliver().await;
                    Ok(())
                }
                Ok(Step::Skipped) => self.answer().map(Answer::skip_row),
                Ok(Step::Message(message)) => self.message(message, unanswered).await,
                Err(ending) => Err(ending),
            };
            if let Err(ending) = taken {
                return ending;
            }
        }
    }

    async fn message(&mut self, mut message: BytesMut, unanswered: &AtomicUsize) -> Result<(), Ending> {
        let parsed = Message::parse(&mut message)
            .map_err(|cause| Ending::Broken(cause.to_string()))?
            .ok_or_else(|| Ending::Broken("a message is shorter than it says".into()))?;
        let broken = |cause: std::io::Error| Ending::Broken(format!("an error can't be read: {cause}"));
        match parsed {
            // These may come at any time (PostgreSQL docs 55.2.7).
            Message::ParameterStatus(_) | Message::NotificationResponse(_) => {}
            Message::NoticeResponse(notice) => {
                let notice = ServerError::read(notice.fields()).map_err(broken)?;
                if let Ok(answer) = self.answer() {
                    answer.take_notice(notice);
                }
            }
            Message::ErrorResponse(error) => {
                let error = ServerError::read(error.fields()).map_err(broken)?;
                if error.is_fatal() {
                    self.last_words = Some(error.clone());
                }
                if let Ok(answer) = self.answer() {
                    answer.take_error(error);
                }
            }
            Message::ReadyForQuery(_) => {
                // What a failed COPY has left must not get into the next one's data.
                self.piece.clear();
                self.answer()?;
                if let Some(answer) = self.current.take() {
                    unanswered.fetch_sub(1, Ordering::Relaxed);
                    answer.finish();
                }
            }
            Message::CopyDone => {
                self.deliver().await;
                self.answer()?.take(Message::CopyDone)?;
            }
            other => self.answer()?.take(other)?,
        }
        Ok(())
    }

    /// The answer that is being given: to the oldest request that has none yet.
    fn answer(&mut self) -> Result<&mut Answer, Ending> {
        if self.current.is_none() {
            self.current = self.written.try_recv().ok();
        }
        self.current.as_mut().ok_or_else(|| Ending::Broken("a message came though nothing was asked".into()))
    }

    /// Passes gathered data on, or throws it away if nobody wants it.
    async fn deliver(&mut self) {
        match &mut self.current {
            Some(Answer { verb: Verb::CopyOut(download), .. }) => download.deliver(&mut self.piece).await,
            _ => self.piece.clear(),
        }
    }

    fn closed(&mut self, cause: Option<&std::io::Error>) -> Ending {
        if let Some(error) = self.last_words.take() {
            return Ending::Server(error);
        }
        let doing = self.answer().map_or("nothing was asked of it", |answer| answer.doing());
        Ending::lost(&self.server, doing, cause)
    }
}
