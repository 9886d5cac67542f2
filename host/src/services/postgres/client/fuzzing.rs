//! What fuzz targets reach of the client: a server's bytes, up to the answers that are made of them.

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use tokio::sync::oneshot;

use super::answer::{Answer, Verb};
use super::frames::{Frames, PIECE, Step};
use super::query::Rows;
use super::server_error::ServerError;
use crate::error::Error;

/// Takes in what a server sends, in pieces, as the answer to a statement and to a query.
///
/// # Panics
/// If more is held than the protocol's limits allow.
pub fn receive<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let (mut frames, mut piece) = (Frames::new(), BytesMut::new());
    let (execute, _) = oneshot::channel();
    let (query, _) = oneshot::channel();
    let mut answers = [Answer::new(Verb::Execute(execute)), Answer::new(Verb::Query(query, Rows::default()))];
    for sent in pieces {
        frames.space().extend_from_slice(sent);
        loop {
            match frames.step(&mut piece) {
                Ok(Step::More) => break,
                Ok(Step::Full) => piece.clear(),
                Ok(Step::Skipped) => answers.iter_mut().for_each(Answer::skip_row),
                Ok(Step::Message(message)) if answers.iter_mut().all(|answer| take(answer, message.clone())) => {}
                Ok(Step::Message(_)) | Err(_) => return,
            }
            assert!(piece.len() <= PIECE);
        }
    }
    answers.into_iter().for_each(Answer::finish);
}

/// As the reader does; says whether the session goes on.
fn take(answer: &mut Answer, mut message: BytesMut) -> bool {
    match Message::parse(&mut message) {
        Ok(Some(Message::NoticeResponse(notice))) => {
            ServerError::read(notice.fields()).map(|notice| answer.take_notice(notice)).is_ok()
        }
        Ok(Some(Message::ErrorResponse(error))) => ServerError::read(error.fields())
            .map(|error| {
                let _ = Error::from(error.clone());
                answer.take_error(error);
            })
            .is_ok(),
        Ok(Some(message)) => answer.take(message).is_ok(),
        Ok(None) | Err(_) => false,
    }
}
