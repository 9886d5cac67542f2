//! Attacks by servers that we log in to: one that has us hash for ever is left, and keeps nobody else waiting.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc};
use cofferdam::connection_url::ConnectionUrl;
use cofferdam::secrets::Secret;
use cofferdam::services::Endpoint;
use wit_component::StringEncoding;

use crate::component::{fixture, of, of_module};
use crate::host::{assert_unharmed, inspected};
use crate::mongodb::{hello, serve};

fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(ConnectionUrl::parse(url).unwrap(), Some(Secret::new("hunter2".to_owned())), None)
}

/// What a server answers that takes the login up (RFC 5802, 5.1): the nonce with its own behind it, salt and iterations.
fn challenge(first: &str, iterations: u64) -> String {
    let nonce = first.split(',').find_map(|part| part.strip_prefix("r=")).unwrap();
    format!("r={nonce}more,s=c2FsdHNhbHRzYWx0c2FsdA==,i={iterations}")
}

/// A MongoDB server that takes every login up with the challenge that `answer` makes of the first message. Gives its port.
pub fn mongodb(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    serve(listener, move |question| {
        let begun = |start: &Document| -> Document {
            let Some(Bson::Binary(first)) = start.get("payload") else { panic!("{start}") };
            let payload = answer(std::str::from_utf8(&first.bytes).unwrap()).into_bytes();
            let payload = Binary { subtype: BinarySubtype::Generic, bytes: payload };
            doc! { "conversationId": 1, "done": false, "payload": payload, "ok": 1.0 }
        };
        if question.contains_key("saslStart") {
            return begun(question);
        }
        let mut reply = hello();
        reply.extend(doc! { "ismaster": true, "isWritablePrimary": true, "saslSupportedMechs": ["SCRAM-SHA-256"] });
        if let Ok(start) = question.get_document("speculativeAuthenticate") {
            reply.insert("speculativeAuthenticate", begun(start));
        }
        reply
    })
}

/// As many hash as there are threads, and more. The number is one that ends after a while, since nothing interrupts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mongodb_server_that_asks_for_endless_iterations_keeps_nobody_else_waiting() {
    let port = mongodb(|first| challenge(first, 10_000_000));
    let ticking = tokio::spawn(async {
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        longest
    });
    let began = Instant::now();
    let logins: Vec<_> = (0..3)
        .map(|_| {
            let url = format!("mongodb://me@127.0.0.1:{port}/shop?connectTimeoutMS=1500");
            tokio::spawn(async move { inspected(of("connect_mongodb"), &endpoint(&url)).await.unwrap_err() })
        })
        .collect();
    for login in logins {
        let refused = login.await.unwrap();
        assert_eq!(refused.code(), "unreachable", "{refused:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_unharmed().await;
    let longest = ticking.await.unwrap();
    assert!(longest < Duration::from_secs(1), "nothing else went on for {longest:?}");
}

/// Reads a message of the startup, which has no type, or one that has.
fn message(connection: &mut TcpStream, kind: Option<u8>) -> Vec<u8> {
    let mut head = [0; 5];
    let head = if kind.is_some() { &mut head[..] } else { &mut head[..4] };
    connection.read_exact(head).unwrap();
    assert!(kind.is_none_or(|kind| kind == head[0]), "{head:?}");
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
    let mut body = vec![0; usize::try_from(length).unwrap() - 4];
    connection.read_exact(&mut body).unwrap();
    body
}

/// AuthenticationSASL and AuthenticationSASLContinue (PostgreSQL docs 55.7) are "R" with such a number.
fn authentication(connection: &mut TcpStream, number: u32, data: &[u8]) {
    let length = u32::try_from(8 + data.len()).unwrap();
    let sent = [&b"R"[..], &length.to_be_bytes(), &number.to_be_bytes(), data].concat();
    connection.write_all(&sent).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_server_that_asks_for_endless_iterations_is_refused() {
    for iterations in [1 << 31, u64::from(u32::MAX), 100_001] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            message(&mut connection, None);
            authentication(&mut connection, 10, b"SCRAM-SHA-256\0\0");
            let first = message(&mut connection, Some(b'p'));
            authentication(&mut connection, 11, challenge(&String::from_utf8_lossy(&first), iterations).as_bytes());
            // It has gone.
            connection.read(&mut [0]).unwrap()
        });
        let began = Instant::now();
        let text = fixture("name_database").replace("%database%", "shop").replace("%length%", "4");
        let url = format!("postgresql://me@127.0.0.1:{port}/shop?sslmode=disable");
        let refused = inspected(of_module(&text, StringEncoding::UTF8), &endpoint(&url)).await.unwrap_err();
        assert_eq!(refused.code(), "authentication-failed", "{refused:?}");
        assert!(refused.message().contains("a SCRAM challenge that can't be used"), "{refused}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        assert_eq!(server.join().unwrap(), 0);
    }
}
