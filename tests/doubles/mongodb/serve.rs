//! The wire (MongoDB manual, "MongoDB Wire Protocol"): frames in, commands to the store, frames out. The framing is
//! `mongowire`'s; the loop isn't, since faults need a hand on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use mongowire::compression::CompressorId;
use mongowire::framing::{encode_message, parse_message};
use mongowire::messages::{Header, MessageBody, MsgFlags, OpCompressed, OpMsg, OpReply, ReplyFlags};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wirebson::RawDocument;

use super::MESSAGE_BYTES;
use super::bson::{Writer, get};
use super::commands::{self, Connection};
use super::failure::Failure;
use super::fault::{Action, Fault, Faults};
use super::request::Request;
use super::store::Store;

/// How long a tailable cursor waits for more, if the client doesn't say (the server's `awaitDataTimeout`).
const AWAIT: Duration = Duration::from_secs(1);

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// The data.
    pub store: Mutex<Store>,
    /// What is to go wrong.
    pub faults: Mutex<Faults>,
    /// Every command that came, in order: its name, its database, and the collection if it names one.
    pub log: Mutex<Vec<String>>,
    /// Whether clients have to log in.
    pub authentication: bool,
    /// Compressors that are offered.
    pub compressors: &'static [&'static str],
}

/// Locks, also after a thread died with the lock.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes connections until the task is dropped, and looks after TTL indexes.
pub async fn serve(listener: TcpListener, address: String, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    let mut number = 0;
    let mut swept = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                number += 1;
                let connection = Connection {
                    number,
                    address: address.clone(),
                    authentication: shared.authentication,
                    user: None,
                    conversation: None,
                    compressors: Vec::new(),
                    offers: shared.compressors,
                };
                connections.spawn(converse(stream, connection, Arc::clone(&shared)));
            }
            _ = tick.tick() => {
                let mut store = lock(&shared.store);
                store.sweep(&mut swept);
                store.write_noop();
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers one client until it goes, breaks the protocol, or a fault ends it.
async fn converse(mut stream: TcpStream, mut connection: Connection, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = BytesMut::with_capacity(64 << 10);
    loop {
        match parse_message(&mut buffer, MESSAGE_BYTES) {
            Ok(Some((header, body))) => {
                if answer(&mut stream, &mut connection, &shared, &header, body).await.is_none() {
                    return;
                }
            }
            Ok(None) => {
                if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            // The server closes, too: what follows can't be understood.
            Err(_) => return,
        }
    }
}

/// Answers one message; nothing if the connection ends with it.
async fn answer(
    stream: &mut TcpStream,
    connection: &mut Connection,
    shared: &Shared,
    header: &Header,
    body: MessageBody,
) -> Option<()> {
    let (compressor, body) = match body {
        MessageBody::Compressed(inner) => (Some(inner.compressor_id), inner.unwrap_body(MESSAGE_BYTES).ok()?),
        plain => (None, plain),
    };
    match body {
        MessageBody::Msg(message) => {
            let silent = message.flags.contains(MsgFlags::MORE_TO_COME);
            let sequences = message.sections.sequences;
            let sequences = sequences
                .into_iter()
                .map(|sequence| {
                    (sequence.identifier, sequence.documents.into_iter().map(RawDocument::into_bytes).collect())
                })
                .collect();
            let request = Request::new(&message.sections.body.into_bytes(), sequences);
            let (reply, cut) = match request {
                Ok(request) => carry_out(connection, shared, &request).await?,
                Err(failure) => (failed(&failure), None),
            };
            if silent {
                return Some(());
            }
            let reply = RawDocument::from_vec(reply).ok()?;
            let reply = MessageBody::Msg(OpMsg::new(MsgFlags::empty(), reply, Vec::new()).ok()?);
            send(stream, header, reply, compressor, cut).await
        }
        // Of the old messages only the handshake is left (MongoDB manual, "OP_QUERY").
        MessageBody::Query(query) => {
            let mut body = Writer::default();
            let bytes = query.query.into_bytes();
            for element in super::bson::fields(&bytes) {
                body.raw(element.tag, element.name, element.value);
            }
            body.value("$db", "admin");
            let request = Request::new(&Bytes::from(body.finish()), Vec::new()).ok()?;
            if !["hello", "isMaster", "ismaster"].contains(&request.name.as_str()) {
                return None;
            }
            let reply = commands::run(&mut lock(&shared.store), connection, &request);
            let documents = vec![RawDocument::from_vec(reply).ok()?];
            let reply = OpReply {
                response_flags: ReplyFlags::AWAIT_CAPABLE,
                cursor_id: 0,
                starting_from: 0,
                number_returned: 1,
                documents,
            };
            send(stream, header, MessageBody::Reply(reply), None, None).await
        }
        MessageBody::Reply(_) | MessageBody::Compressed(_) => None,
    }
}

/// Runs a command with the fault that waits for it. With the reply goes how much of it is sent; nothing if the connection
/// closes without one.
async fn carry_out(
    connection: &mut Connection,
    shared: &Shared,
    request: &Request,
) -> Option<(Vec<u8>, Option<usize>)> {
    let namespace =
        request.namespace().or_else(|_| more_namespace(request)).unwrap_or_else(|_| request.database.clone());
    lock(&shared.log).push(format!("{} {namespace}", request.name));
    if request.name == "configureFailPoint" {
        return Some((configure(shared, request), None));
    }
    let fault = lock(&shared.faults).strike(&request.name, &namespace);
    let Some(fault) = fault else { return Some((run(connection, shared, request).await, None)) };
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    match fault.action {
        Action::Nothing => Some((run(connection, shared, request).await, None)),
        Action::Close => None,
        Action::Fail(code, labels) => {
            let mut failure = Failure::new(code, "Failing command via 'failCommand' failpoint");
            failure.labels = labels;
            let mut reply = commands::fail(request, failure);
            commands::time(&lock(&shared.store), &mut reply);
            Some((reply.finish(), None))
        }
        Action::Cut(bytes) => Some((run(connection, shared, request).await, Some(bytes))),
        Action::Half(statements) => {
            if let Some(half) = request.half(statements) {
                commands::run(&mut lock(&shared.store), connection, &half);
            }
            None
        }
        Action::WriteConcern(error) => {
            let reply = run(connection, shared, request).await;
            let mut answer = Writer::default();
            for element in super::bson::fields(&reply) {
                answer.raw(element.tag, element.name, element.value);
            }
            answer.value("writeConcernError", error);
            Some((answer.finish(), None))
        }
    }
}

fn more_namespace(request: &Request) -> super::failure::Result<String> {
    Ok(format!("{}.{}", request.database, request.string("collection")?))
}

/// Runs a command. A `getMore` on a tailable cursor that finds nothing waits for more, a little while.
async fn run(connection: &mut Connection, shared: &Shared, request: &Request) -> Vec<u8> {
    let since = Instant::now();
    let wait = request.number("maxTimeMS").ok().flatten().map_or(AWAIT, Duration::from_millis);
    loop {
        let reply = commands::run(&mut lock(&shared.store), connection, request);
        let waits = request.name == "getMore" && since.elapsed() < wait && is_open_and_empty(&reply);
        if !waits {
            return reply;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn is_open_and_empty(reply: &[u8]) -> bool {
    let Some(cursor) = get(reply, "cursor") else { return false };
    let empty = get(cursor.value, "nextBatch").is_some_and(|batch| batch.value.len() == 5);
    empty && get(cursor.value, "id").is_some_and(|id| id.value != [0; 8])
}

fn configure(shared: &Shared, request: &Request) -> Vec<u8> {
    if request.body.get_str("configureFailPoint").ok() != Some("failCommand") {
        return failed(&Failure::not_modelled("other fail points than failCommand"));
    }
    match Fault::parse(&request.body) {
        Ok(fault) => {
            let mut faults = lock(&shared.faults);
            faults.clear();
            fault.into_iter().for_each(|fault| faults.add(fault));
            let mut reply = Writer::default();
            reply.value("ok", 1.0);
            reply.finish()
        }
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> Vec<u8> {
    let mut reply = Writer::default();
    reply.fields(&failure.reply());
    reply.finish()
}

/// Sends a reply, compressed as the request was; with `cut` only so many bytes of it, and then nothing more.
async fn send(
    stream: &mut TcpStream,
    request: &Header,
    body: MessageBody,
    compressor: Option<CompressorId>,
    cut: Option<usize>,
) -> Option<()> {
    let body = match compressor {
        None => body,
        Some(id) => {
            let opcode = body.opcode();
            let mut plain = BytesMut::with_capacity(body.body_len());
            body.encode_body(&mut plain);
            MessageBody::Compressed(OpCompressed::wrap(opcode, plain.freeze(), id).ok()?)
        }
    };
    let mut header = Header::new(request.request_id.wrapping_add(1), request.request_id, body.opcode());
    let mut out = BytesMut::with_capacity(body.body_len() + 16);
    encode_message(&mut header, &body, false, &mut out).ok()?;
    let all = out.len();
    out.truncate(cut.unwrap_or(all));
    stream.write_all(&out).await.ok()?;
    cut.is_none().then_some(())
}
