//! Attacks by servers that send us elsewhere: nobody is connected to but who was named by the operator.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bson::{doc, serialize_to_vec};
use cofferdam::connection_url::ConnectionUrl;
use cofferdam::services::Endpoint;

use crate::component::of;
use crate::host::inspected;

/// The opcode of everything but a driver's first question (MongoDB manual, "Wire Protocol").
const OP_MSG: i32 = 2013;

/// Answers every question as a secondary of a set whose primary, and every other host, is at `elsewhere`.
fn answer(mut connection: TcpStream, here: &str, elsewhere: &str, asked: &AtomicUsize) -> std::io::Result<()> {
    loop {
        let mut header = [0; 16];
        connection.read_exact(&mut header)?;
        let number = |at: usize| i32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; usize::try_from(number(0)).unwrap() - 16];
        connection.read_exact(&mut body)?;
        asked.fetch_add(1, Ordering::SeqCst);
        let hello = serialize_to_vec(&doc! {
            "ok": 1.0, "ismaster": false, "isWritablePrimary": false, "secondary": true, "setName": "rs", "setVersion": 1,
            "me": here, "primary": elsewhere, "hosts": [here, elsewhere], "passives": [elsewhere],
            "maxBsonObjectSize": 16 << 20, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
            "minWireVersion": 0, "maxWireVersion": 21,
        })
        .unwrap();
        let (opcode, before) = if number(12) == OP_MSG {
            (OP_MSG, vec![0; 5])
        } else {
            // OP_REPLY: flags, cursor, position, and one document.
            (1, [&[0; 16][..], &[1, 0, 0, 0]].concat())
        };
        let length = i32::try_from(16 + before.len() + hello.len()).unwrap();
        for part in [length, 1, number(4), opcode] {
            connection.write_all(&part.to_le_bytes())?;
        }
        connection.write_all(&before)?;
        connection.write_all(&hello)?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_names_others_sends_us_nowhere() {
    let (server, other) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
    let (here, elsewhere) = (address(&server), address(&other));
    let url = format!("mongodb://{here}/shop?replicaSet=rs&connectTimeoutMS=3000");
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for connection in server.incoming() {
            let (here, elsewhere, asked) = (here.clone(), elsewhere.clone(), Arc::clone(&counted));
            // It ends when the other side closes.
            thread::spawn(move || answer(connection.unwrap(), &here, &elsewhere, &asked));
        }
    });
    let endpoint = Endpoint::new(ConnectionUrl::parse(&url).unwrap(), None, None);
    let refused = inspected(of("connect_mongodb"), &endpoint).await.unwrap_err();
    assert!(asked.load(Ordering::SeqCst) > 0, "the server wasn't asked: {refused:?}");
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "the other one was connected to");
}
