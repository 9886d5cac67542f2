//! Sessions with a server that follows a script.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use super::frames::Frames;
use super::reader::Reader;
use super::session::Session;
use super::writer::Writer;
use super::{Client, Parameters};
use crate::dial::{Address, Target, TlsMode};
use crate::error::Result;

const READY: &[u8] = b"Z\0\0\0\x05I";
const COPY_OUT: &[u8] = b"H\0\0\0\x07\0\0\0";
const COPY_IN: &[u8] = b"G\0\0\0\x07\0\0\0";
const COPY_DONE: &[u8] = b"c\0\0\0\x04";
const COPIED_ONE: &[u8] = b"C\0\0\0\x0bCOPY 1\0";
const ROW: &[u8] = b"d\0\0\0\x06x\n";
const DIVISION_BY_ZERO: &[u8] = b"E\0\0\0\x17VERROR\0C22012\0Mno\0\0";
const SHUTDOWN: &[u8] = b"E\0\0\0\x18VFATAL\0C57P01\0Mbye\0\0";

/// A session that is logged in, and the server's end of its connection, through which `width` bytes fit at once.
fn session(width: usize) -> (Client, DuplexStream) {
    let (stream, server) = duplex(width);
    let (requests, request_receiver) = mpsc::channel(8);
    let (written, written_receiver) = mpsc::unbounded_channel();
    let (ending, ending_receiver) = watch::channel(None);
    let abandoned = CancellationToken::new();
    let mut frames = Frames::new();
    frames.trust();
    let session = Session {
        stream,
        reader: Reader::new(frames, written_receiver, "db:5432".into()),
        writer: Writer::new(request_receiver, written),
        cancel_key: None,
        server: "db:5432".into(),
        ending,
        cancelled: CancellationToken::new(),
        abandoned: abandoned.clone(),
    };
    tokio::spawn(session.run());
    (Client::new(requests, ending_receiver, abandoned.drop_guard()), server)
}

/// Reads one message of the client's and returns its type.
async fn asked(server: &mut DuplexStream) -> u8 {
    let tag = server.read_u8().await.unwrap();
    let mut body = vec![0; usize::try_from(server.read_u32().await.unwrap()).unwrap() - 4];
    server.read_exact(&mut body).await.unwrap();
    tag
}

/// Answers each request with the next of `answers`, then closes the connection.
fn play(mut server: DuplexStream, answers: Vec<Vec<u8>>) {
    tokio::spawn(async move {
        for answer in answers {
            asked(&mut server).await;
            server.write_all(&answer).await.unwrap();
        }
    });
}

async fn copy(client: &Client) -> (Vec<u8>, Result<u64>) {
    let mut copy = client.copy_out("COPY t TO STDOUT".into()).await.unwrap();
    let mut data = Vec::new();
    while let Some(piece) = copy.data.recv().await {
        data.extend_from_slice(&piece);
    }
    (data, copy.done.await)
}

#[tokio::test]
async fn a_copy_is_whole_however_narrow_the_connection_is() {
    for width in 1..=40 {
        let (client, server) = session(width);
        let answer = [COPY_OUT, ROW, ROW, COPY_DONE, COPIED_ONE, READY].concat();
        play(server, vec![answer]);
        let (data, rows) = copy(&client).await;
        assert_eq!((data.as_slice(), rows.unwrap()), (&b"x\nx\n"[..], 1), "{width}");
    }
}

#[tokio::test]
async fn an_error_behind_the_last_byte_is_seen() {
    let (client, server) = session(1000);
    play(server, vec![[COPY_OUT, ROW, COPY_DONE, DIVISION_BY_ZERO, READY].concat()]);
    let (data, rows) = copy(&client).await;
    assert_eq!((data.as_slice(), rows.unwrap_err().engine_code()), (&b"x\n"[..], Some("22012")));
}

#[tokio::test]
async fn a_copy_without_its_completion_is_not_done() {
    let (client, server) = session(1000);
    play(server, vec![[COPY_OUT, ROW, COPY_DONE].concat()]);
    let (_, rows) = copy(&client).await;
    let error = rows.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("unreachable", true));
    assert!(error.message().contains("closed the connection while it sent the data of a COPY"), "{error}");
}

#[tokio::test]
async fn what_a_failed_copy_left_is_not_in_the_next_one() {
    let (client, server) = session(1000);
    let failed = [COPY_OUT, ROW, DIVISION_BY_ZERO, READY].concat();
    play(server, vec![failed, [COPY_OUT, COPY_DONE, COPIED_ONE, READY].concat()]);
    assert!(copy(&client).await.1.is_err());
    assert!(copy(&client).await.0.is_empty());
}

#[tokio::test]
async fn a_shutdown_is_told_as_the_server_told_it() {
    let (client, server) = session(1000);
    play(server, vec![SHUTDOWN.to_vec()]);
    for _ in 0..2 {
        let error = client.execute("SELECT 1".into()).await.unwrap_err();
        assert_eq!((error.code(), error.engine_code()), ("unreachable", Some("57P01")));
    }
    client.closed().await;
}

#[tokio::test]
async fn a_server_that_breaks_the_protocol_is_left() {
    for nonsense in [&b"?\0\0\0\x04"[..], b"HTTP/1.1 400", b"D\0\0\0\x06\0\x01", b"R\0\0\0\x08\0\0\0\0", READY] {
        let (client, server) = session(1000);
        play(server, vec![[nonsense, READY].concat(), vec![]]);
        let first = client.query("SELECT 1".into()).await;
        let second = client.query("SELECT 1".into()).await;
        let error = first.and(second).unwrap_err();
        assert_eq!(error.code(), "corrupt", "{nonsense:?} {error}");
    }
}

#[tokio::test]
async fn requests_behind_a_copy_in_are_held_back_until_it_is_finished() {
    let (client, mut server) = session(1000);
    let script = tokio::spawn(async move {
        assert_eq!(asked(&mut server).await, b'Q');
        server.write_all(COPY_IN).await.unwrap();
        let mut tags = Vec::new();
        while tags.last() != Some(&b'c') {
            tags.push(asked(&mut server).await);
        }
        assert_eq!(tags, b"ddc");
        server.write_all(&[COPIED_ONE, READY].concat()).await.unwrap();
        assert_eq!(asked(&mut server).await, b'Q');
        server.write_all(READY).await.unwrap();
        assert_eq!(asked(&mut server).await, b'X');
    });
    let mut copy = client.copy_in("COPY t FROM STDIN".into()).await.unwrap();
    let behind = tokio::spawn({
        let client = client.clone();
        async move { client.execute("SELECT 1".into()).await }
    });
    for _ in 0..2 {
        copy.send(Bytes::from_static(b"x\n")).await.unwrap();
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(copy.finish().await.unwrap(), 1);
    behind.await.unwrap().unwrap();
    client.close().await;
    script.await.unwrap();
}

#[tokio::test]
async fn a_copy_in_that_is_dropped_fails_on_the_server() {
    let (client, mut server) = session(1000);
    let script = tokio::spawn(async move {
        asked(&mut server).await;
        server.write_all(COPY_IN).await.unwrap();
        let tag = asked(&mut server).await;
        server.write_all(&[DIVISION_BY_ZERO, READY].concat()).await.unwrap();
        tag
    });
    drop(client.copy_in("COPY t FROM STDIN".into()).await.unwrap());
    assert_eq!(script.await.unwrap(), b'f');
}

/// What logging in to a server comes to that says `greeting` to the startup message.
async fn log_in(greeting: &[u8]) -> Result<Client> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut target = Target::new(Address::Tcp { host: "127.0.0.1".into(), port });
    target.tls.mode = TlsMode::Disable;
    let greeting = greeting.to_vec();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut startup = [0; 1000];
        assert!(stream.read(&mut startup).await.unwrap() > 8);
        stream.write_all(&greeting).await.unwrap();
        // Whatever the client still says: a login that goes on would wait here until the test runs out of time.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let password = Some(Zeroizing::new("hunter2".to_owned()));
    let parameters = Parameters { user: "joe".into(), password, ..Parameters::default() };
    Client::connect(&target, &parameters, &CancellationToken::new(), &TaskTracker::new()).await
}

const TRUST: &[u8] = b"R\0\0\0\x08\0\0\0\0";
const WANTS_CLEARTEXT: &[u8] = b"R\0\0\0\x08\0\0\0\x03";
const WANTS_SCRAM: &[u8] = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0";

#[tokio::test]
async fn a_server_that_asks_nothing_lets_us_in() {
    log_in(&[TRUST, READY].concat()).await.unwrap();
}

#[tokio::test]
async fn a_password_isnt_sent_in_the_clear() {
    assert_eq!(log_in(WANTS_CLEARTEXT).await.unwrap_err().code(), "authentication-failed");
}

#[tokio::test]
async fn a_server_that_leaves_out_its_own_proof_is_refused() {
    assert_eq!(log_in(&[WANTS_SCRAM, TRUST, READY].concat()).await.unwrap_err().code(), "corrupt");
}

#[tokio::test]
async fn a_server_that_sends_too_much_before_login_is_refused() {
    assert_eq!(log_in(b"E\x00\x02\0\0").await.unwrap_err().code(), "corrupt");
}

#[tokio::test]
async fn a_server_that_isnt_postgresql_is_refused() {
    assert_eq!(log_in(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap_err().code(), "corrupt");
}

/// The library's bound, which we rely on.
#[test]
fn a_scram_challenge_with_endless_iterations_is_refused() {
    use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
    let mut scram = ScramSha256::new(b"x", ChannelBinding::unsupported());
    let nonce = String::from_utf8(scram.message().to_vec()).unwrap().split_once("r=").unwrap().1.to_owned();
    let error = scram.update(format!("r={nonce}1,s=c2FsdA==,i=2000000000").as_bytes()).unwrap_err();
    assert!(error.to_string().contains("iteration"), "{error}");
}
