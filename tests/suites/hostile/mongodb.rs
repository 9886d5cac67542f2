//! A server that speaks just enough of MongoDB's wire protocol to lie in it (MongoDB manual, "Wire Protocol").

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use bson::{Document, doc, serialize_to_vec};

/// The opcode of everything but a driver's first question.
const OP_MSG: i32 = 2013;

/// What every kind of server says of itself.
pub fn hello() -> Document {
    doc! {
        "ok": 1.0, "maxBsonObjectSize": 16 << 20, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
        "minWireVersion": 0, "maxWireVersion": 21,
    }
}

/// Answers every question of everybody with what `answer` makes of it, for as long as the process lives. Gives its port.
pub fn serve(listener: TcpListener, answer: impl Fn(&Document) -> Document + Send + Sync + 'static) -> u16 {
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let answer = Arc::clone(&answer);
            // It ends when the other side closes.
            thread::spawn(move || converse(connection.unwrap(), &*answer));
        }
    });
    port
}

fn converse(mut connection: TcpStream, answer: &dyn Fn(&Document) -> Document) -> io::Result<()> {
    loop {
        let mut header = [0; 16];
        connection.read_exact(&mut header)?;
        let number = |at: usize| i32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; usize::try_from(number(0)).unwrap() - 16];
        connection.read_exact(&mut body)?;
        // OP_MSG: flags, and a document behind its kind. OP_QUERY: flags, a name, and two numbers before it.
        // OP_REPLY, the answer to the latter: flags, cursor, position, and the number of documents.
        let (opcode, question, before) = if number(12) == OP_MSG {
            (OP_MSG, 5, vec![0; 5])
        } else {
            let name = body[4..].iter().position(|byte| *byte == 0).unwrap();
            (1, 4 + name + 1 + 8, [&[0; 16][..], &[1, 0, 0, 0]].concat())
        };
        let reply = serialize_to_vec(&answer(&Document::from_reader(&body[question..]).unwrap())).unwrap();
        let length = i32::try_from(16 + before.len() + reply.len()).unwrap();
        for part in [length, 1, number(4), opcode] {
            connection.write_all(&part.to_le_bytes())?;
        }
        connection.write_all(&before)?;
        connection.write_all(&reply)?;
    }
}
