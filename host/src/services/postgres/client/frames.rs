//! Cuts the server's bytes into messages (PostgreSQL docs 55.7: a type byte, then a length that counts itself).
//!
//! CopyData isn't kept together: its content is moved on as it arrives, so that a value of any size passes through a
//! buffer of fixed size. The server begins a new CopyData for each row; here many of them are gathered in one piece.

use bytes::{Buf, BytesMut};

use super::ending::Ending;
use super::query::QUERY_LIMIT;

/// Size of the pieces that COPY's data is passed on in, in bytes.
pub(super) const PIECE: usize = 256 << 10;
/// What is asked of the socket at once, in bytes.
const READ: usize = 256 << 10;
/// Less room than this in the buffer isn't worth a read.
const SMALL_READ: usize = 64 << 10;
/// Largest message before the server has let us in, in bytes.
const STRANGER: usize = 64 << 10;
/// Largest message but rows and COPY's data, in bytes: errors, notices, descriptions.
const TRUSTED: usize = 16 << 20;

const COPY_DATA: u8 = b'd';
const DATA_ROW: u8 = b'D';

/// What the bytes so far amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// COPY's data has filled the piece, and there is more.
    Full,
    /// A whole message, with its header.
    Message(BytesMut),
    /// A row too large to be kept goes by.
    Skipped,
    /// The bytes so far are used up.
    More,
}

#[derive(Debug)]
enum Body {
    Whole,
    Copy(usize),
    Skip(usize),
}

/// Bytes of the server that wait to be cut.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: BytesMut,
    body: Body,
    limit: usize,
    /// Bytes that the message at the front of the buffer has, header included.
    wanted: usize,
}

impl Frames {
    /// For a server that hasn't let us in yet: it gets little memory.
    pub(super) fn new() -> Self {
        Self { buffer: BytesMut::new(), body: Body::Whole, limit: STRANGER, wanted: 0 }
    }

    /// Allows messages as large as an authenticated server may need.
    pub(super) fn trust(&mut self) {
        self.limit = TRUSTED;
    }

    /// Where to put what the server sends next; has room.
    pub(super) fn space(&mut self) -> &mut BytesMut {
        let missing = self.wanted.saturating_sub(self.buffer.len());
        let room = self.buffer.capacity() - self.buffer.len();
        if room < missing.max(SMALL_READ) {
            self.buffer.reserve(missing.max(READ));
        }
        &mut self.buffer
    }

    /// Moves COPY's data into `piece` until something else is to be done.
    pub(super) fn step(&mut self, piece: &mut BytesMut) -> Result<Step, Ending> {
        let mut input: &[u8] = &self.buffer;
        let step = loop {
            match &mut self.body {
                Body::Copy(0) | Body::Skip(0) => self.body = Body::Whole,
                Body::Copy(left) => {
                    let room = PIECE.saturating_sub(piece.len());
                    if room == 0 {
                        break Step::Full;
                    }
                    let (part, rest) = input.split_at((*left).min(room).min(input.len()));
                    if part.is_empty() {
                        break Step::More;
                    }
                    piece.extend_from_slice(part);
                    *left -= part.len();
                    input = rest;
                }
                Body::Skip(left) => {
                    let (part, rest) = input.split_at((*left).min(input.len()));
                    if part.is_empty() {
                        break Step::More;
                    }
                    *left -= part.len();
                    input = rest;
                }
                Body::Whole => {
                    let Some((&[tag, a, b, c, d], rest)) = input.split_first_chunk() else { break Step::More };
                    let length = body_length(u32::from_be_bytes([a, b, c, d]))?;
                    match tag {
                        COPY_DATA => (self.body, input) = (Body::Copy(length), rest),
                        DATA_ROW if length > QUERY_LIMIT => {
                            (self.body, input) = (Body::Skip(length), rest);
                            break Step::Skipped;
                        }
                        _ if length > self.limit && tag != DATA_ROW => return Err(too_large(tag, length)),
                        _ => {
                            let used = self.buffer.len() - input.len();
                            self.buffer.advance(used);
                            self.wanted = length + 5;
                            if self.buffer.len() < self.wanted {
                                return Ok(Step::More);
                            }
                            return Ok(Step::Message(self.buffer.split_to(self.wanted)));
                        }
                    }
                }
            }
        };
        let used = self.buffer.len() - input.len();
        self.buffer.advance(used);
        self.wanted = 0;
        Ok(step)
    }
}

fn body_length(length: u32) -> Result<usize, Ending> {
    i32::try_from(length)
        .ok()
        .and_then(|length| usize::try_from(length).ok()?.checked_sub(4))
        .ok_or_else(|| Ending::Broken(format!("a message claims to have {length} bytes")))
}

fn too_large(tag: u8, length: usize) -> Ending {
    Ending::Broken(format!("a message of type {:?} has {length} bytes", char::from(tag)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[tag], &length.to_be_bytes()[..], body].concat()
    }

    /// Messages, COPY's data from all pieces together, and the number of rows that were skipped.
    type Cut = (Vec<Vec<u8>>, Vec<u8>, usize);

    fn cut(parts: &[&[u8]]) -> Result<Cut, Ending> {
        let (mut frames, mut piece) = (Frames::new(), BytesMut::new());
        let (mut messages, mut data, mut skipped) = (Vec::new(), Vec::new(), 0);
        for part in parts {
            frames.space().extend_from_slice(part);
            loop {
                match frames.step(&mut piece)? {
                    Step::Full => data.extend(piece.split()),
                    Step::Message(message) => messages.push(message.to_vec()),
                    Step::Skipped => skipped += 1,
                    Step::More => break,
                }
            }
        }
        data.extend(piece);
        Ok((messages, data, skipped))
    }

    #[test]
    fn messages_are_whole_wherever_the_network_cuts_them() {
        let description = message(b'H', &[0, 0, 1, 0, 0]);
        let done = message(b'c', b"");
        let stream =
            [description.clone(), message(b'd', b"1\tone\n"), message(b'd', b""), message(b'd', b"2\n"), done.clone()]
                .concat();
        for at in 0..=stream.len() {
            let (messages, data, _) = cut(&[&stream[..at], &stream[at..]]).unwrap();
            assert_eq!(messages, [description.clone(), done.clone()], "cut at {at}");
            assert_eq!(data, b"1\tone\n2\n", "cut at {at}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(cut(&bytes).unwrap().1, b"1\tone\n2\n");
    }

    #[test]
    fn a_large_value_leaves_in_pieces_and_unchanged() {
        let value: Vec<u8> = (0..3 * PIECE + 17).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let stream = message(b'd', &value);
        let parts: Vec<&[u8]> = stream.chunks(1000).collect();
        let (messages, data, _) = cut(&parts).unwrap();
        assert!(messages.is_empty());
        assert!(data == value);
    }

    #[test]
    fn copy_data_isnt_gathered_in_the_buffer() {
        let (mut frames, mut piece) = (Frames::new(), BytesMut::new());
        frames.space().extend_from_slice(&[b'd', 0x7f, 0xff, 0xff, 0xff]);
        for _ in 0..1000 {
            frames.space().extend_from_slice(&[7; 10_000]);
            while frames.step(&mut piece).unwrap() == Step::Full {
                piece.clear();
            }
        }
        assert!(frames.buffer.capacity() <= 2 * READ, "{}", frames.buffer.capacity());
        assert!(piece.capacity() <= 2 * PIECE, "{}", piece.capacity());
    }

    #[test]
    fn a_row_over_the_limit_goes_by_and_what_follows_is_found() {
        let length = u32::try_from(QUERY_LIMIT + 5).unwrap();
        let head = [b"D", &length.to_be_bytes()[..]].concat();
        let block = vec![1; QUERY_LIMIT + 1];
        let ready = message(b'Z', b"I");
        let (messages, data, skipped) = cut(&[&head, &block, &ready]).unwrap();
        assert_eq!((messages, data.len(), skipped), (vec![ready], 0, 1));
    }

    #[test]
    fn a_length_that_cant_be_is_refused() {
        for length in [0_u32, 3, 0x8000_0000, u32::MAX] {
            for tag in [b'd', b'D', b'Z'] {
                let head = [&[tag], &length.to_be_bytes()[..]].concat();
                assert!(matches!(cut(&[&head]), Err(Ending::Broken(_))), "{length}");
            }
        }
    }

    #[test]
    fn a_message_over_the_limit_is_refused_before_it_is_read() {
        let head = [b'E', 0x00, 0x01, 0x00, 0x05];
        assert!(matches!(cut(&[&head]), Err(Ending::Broken(_))), "a stranger's");
        let mut frames = Frames::new();
        frames.trust();
        frames.space().extend_from_slice(&head);
        assert_eq!(frames.step(&mut BytesMut::new()).unwrap(), Step::More, "a trusted server's");
        let mut frames = Frames::new();
        frames.trust();
        frames.space().extend_from_slice(&[b'E', 0x01, 0x00, 0x00, 0x05]);
        assert!(frames.step(&mut BytesMut::new()).is_err());
    }
}
