//! Collects the messages that answer one request, until the server is ready for the next.

use postgres_protocol::message::backend::Message;
use tokio::sync::oneshot;

use super::copy_in::Expected;
use super::copy_out::Download;
use super::ending::Ending;
use super::execute::Outcome;
use super::query::{Row, Rows};
use super::server_error::ServerError;
use crate::error::{Error, Result};

/// Most notices that are kept of one request.
const MOST_NOTICES: usize = 1000;

/// What was asked, and where the answer goes.
#[derive(Debug)]
pub(super) enum Verb {
    Execute(oneshot::Sender<Result<Outcome>>),
    Query(oneshot::Sender<Result<Vec<Row>>>, Rows),
    CopyOut(Download),
    CopyIn(Expected),
}

/// What the server has answered so far.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) verb: Verb,
    /// The first error; later ones follow from it.
    error: Option<Error>,
    outcome: Outcome,
}

impl Answer {
    pub(super) fn new(verb: Verb) -> Self {
        Self { verb, error: None, outcome: Outcome::default() }
    }

    /// What is being done, to be read after "while".
    pub(super) fn doing(&self) -> &'static str {
        match self.verb {
            Verb::Execute(_) => "it ran a statement",
            Verb::Query(..) => "it ran a query",
            Verb::CopyOut(_) => "it sent the data of a COPY",
            Verb::CopyIn(_) => "it took in the data of a COPY",
        }
    }

    /// Takes a message in; the copied data itself comes another way.
    ///
    /// # Errors
    /// Why the session can't go on.
    pub(super) fn take(&mut self, message: Message) -> Result<(), Ending> {
        match (message, &mut self.verb) {
            (Message::RowDescription(_), Verb::Query(_, rows)) => *rows = Rows::default(),
            (Message::DataRow(row), Verb::Query(_, rows)) => rows.add(&row)?,
            (Message::CommandComplete(body), verb) => {
                let tag = body.tag().map_err(|_| Ending::Broken("a command tag isn't text".into()))?;
                self.outcome.affected = affected(tag);
                match verb {
                    Verb::CopyOut(download) => download.complete(self.outcome.affected),
                    Verb::CopyIn(expected) => expected.complete(self.outcome.affected),
                    Verb::Execute(_) | Verb::Query(..) => {}
                }
            }
            (Message::CopyOutResponse(_), Verb::CopyOut(download)) => download.begin(),
            (Message::CopyOutResponse(_), _) => {
                self.fail(
                    Error::invalid_options("COPY TO STDOUT was run by a call that takes no data")
                        .with_hint("use copy-out"),
                );
            }
            (Message::CopyInResponse(_), Verb::CopyIn(expected)) => expected.begin(),
            (Message::CopyInResponse(_), _) => return Err(Ending::UnexpectedCopyIn),
            (Message::RowDescription(_) | Message::DataRow(_) | Message::CopyDone | Message::EmptyQueryResponse, _) => {
            }
            _ => return Err(Ending::Broken("a message came that answers nothing that was asked".into())),
        }
        Ok(())
    }

    /// Notes an error of the server's.
    pub(super) fn take_error(&mut self, error: ServerError) {
        self.fail(error.into());
        if let Verb::CopyIn(expected) = &mut self.verb {
            expected.fail();
        }
    }

    /// Notes a notice of the server's.
    pub(super) fn take_notice(&mut self, notice: ServerError) {
        if self.outcome.messages.len() < MOST_NOTICES {
            self.outcome.messages.push(notice.into_message());
        }
    }

    /// Notes that a row was too large to be kept.
    pub(super) fn skip_row(&mut self) {
        if let Verb::Query(_, rows) = &mut self.verb {
            rows.overflow();
        }
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// The server is ready for the next request: whoever waits for this answer gets it, unless they are gone.
    pub(super) fn finish(self) {
        let failed = self.error.map_or(Ok(()), Err);
        match self.verb {
            Verb::Execute(sender) => _ = sender.send(failed.map(|()| self.outcome)),
            Verb::Query(sender, rows) => _ = sender.send(failed.and_then(|()| rows.finish())),
            Verb::CopyOut(download) => download.finish(failed.err()),
            Verb::CopyIn(expected) => expected.finish(failed.err()),
        }
    }
}

/// The number that a command tag ends with, as in "COPY 5" or "INSERT 0 5"; most have none.
fn affected(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_tags_last_number_counts() {
        assert_eq!(affected("COPY 12345678901"), 12_345_678_901);
        assert_eq!(affected("INSERT 0 5"), 5);
        assert_eq!(affected("CREATE TABLE"), 0);
        assert_eq!(affected(""), 0);
    }
}
