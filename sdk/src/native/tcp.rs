//! The fakes of `cofferdam:tcp`, with the rules that the host has for them.

use std::cell::Cell;

use super::instance::{Endpoint, Instance, Open};
use super::pipe::{Peer, Pipe};
use super::run::spawn_local;
use super::stream::{StreamReader, StreamResult};
use crate::lock::Mutex;
use crate::{Error, Result};

/// What may be said before TLS where it is required, in bytes.
const BEFORE_TLS: usize = 256;
/// The most that one read may ask for, and one write may hold, in bytes.
const MOST_READ: u32 = 1 << 20;
const MOST_WRITTEN: usize = 16 << 20;
/// What is taken of a stream at once, in bytes.
const PIECE: usize = 64 << 10;
/// Answers to challenges on one connection.
const MOST_ANSWERS: u8 = 3;

/// The fake of `cofferdam:tcp/tcp.connection`.
pub struct Connection {
    pipe: Pipe,
    instance: Instance,
    /// Held by whoever writes: writes take turns.
    writing: Mutex<Writing>,
    answers: Cell<u8>,
    secret_written: Cell<bool>,
    _open: Open,
}

#[derive(Default)]
struct Writing {
    in_the_clear: usize,
    /// Whether a stream ended in an error: half a message may have gone out.
    lost: bool,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// "unreachable" if the instance has no server.
    pub async fn connect(to: &Endpoint) -> Result<Self> {
        let instance = to.0.clone();
        let Some(handler) = &instance.handler else {
            return Err(Error::unreachable("the test's instance has no server: give it one with `Instance::tcp`"));
        };
        let pipe = Pipe::default();
        spawn_local(handler(Peer(pipe.clone())));
        let _open = instance.opened();
        let (writing, answers, secret_written) = Default::default();
        Ok(Self { pipe, instance, writing, answers, secret_written, _open })
    }

    /// What the operator wants of TLS.
    #[must_use]
    pub fn tls(&self) -> String {
        self.instance.tls.clone()
    }

    /// Goes over to TLS; the bytes stay as they are.
    ///
    /// # Errors
    /// None in a test.
    pub async fn start_tls(&self) -> Result<()> {
        self.pipe.encrypted.set(true);
        Ok(())
    }

    /// The next bytes; empty at the end.
    ///
    /// # Errors
    /// "invalid-options" for a limit that the host doesn't take.
    pub async fn read(&self, limit: u32) -> Result<Vec<u8>> {
        if limit == 0 || limit > MOST_READ {
            return Err(Error::invalid_options(format!("a read takes a limit from 1 to {MOST_READ}, not {limit}")));
        }
        Ok(self.pipe.to_engine.take(limit as usize).await)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// "unreachable" if the server has hung up, "permission-denied" for what must not be said without TLS.
    pub async fn write(&self, data: Vec<u8>) -> Result<()> {
        if data.len() > MOST_WRITTEN {
            return Err(Error::invalid_options(format!("a write takes at most {MOST_WRITTEN} bytes")));
        }
        self.put(&mut *self.writing.lock().await, &data)
    }

    /// Writes a stream to its end; says how many bytes that were.
    ///
    /// # Errors
    /// As [`Self::write`]; nothing can be written after one.
    pub async fn write_stream(&self, mut data: StreamReader<u8>) -> Result<u64> {
        let mut writing = self.writing.lock().await;
        let mut written = 0;
        loop {
            let (result, piece) = data.read(Vec::with_capacity(PIECE)).await;
            if result == StreamResult::Dropped {
                return Ok(written);
            }
            let put = self.put(&mut writing, &piece);
            writing.lost |= put.is_err();
            put?;
            written += piece.len() as u64;
        }
    }

    /// Writes what may be written as things are.
    fn put(&self, writing: &mut Writing, data: &[u8]) -> Result<()> {
        if !self.pipe.encrypted.get() {
            writing.in_the_clear += data.len();
            if self.instance.tls == "require" && writing.in_the_clear > BEFORE_TLS {
                return Err(Error::permission_denied("the connection must go over to TLS before anything is said"));
            }
        }
        self.send(writing, data)
    }

    fn send(&self, writing: &Writing, data: &[u8]) -> Result<()> {
        if !writing.lost && self.pipe.to_server.push(data) {
            return Ok(());
        }
        Err(Error::unreachable("the server closed the connection").retryable())
    }

    fn secret(&self, name: &str) -> Result<&str> {
        let password = self.instance.password.as_deref().filter(|_| name == "password");
        password.ok_or_else(|| Error::not_found("the instance has no secret of that name"))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pipe.close();
    }
}

/// The answer of a fake host to a challenge: method, secret and challenge end to end, with colons between them. A fake
/// server checks it by making the same.
#[must_use]
pub fn answer(method: &str, secret: &str, challenge: &[u8]) -> Vec<u8> {
    [format!("{method}:{secret}:").as_bytes(), challenge].concat()
}

/// The fake of `cofferdam:tcp/secrets.respond`; see [`answer`].
///
/// # Errors
/// As the host's.
pub async fn respond(on: &Connection, secret: String, method: String, challenge: Vec<u8>) -> Result<Vec<u8>> {
    let value = on.secret(&secret)?;
    if on.answers.replace(on.answers.get().saturating_add(1)) >= MOST_ANSWERS {
        return Err(Error::permission_denied("more answers to challenges than one connection has"));
    }
    if !["mysql-native-password", "caching-sha2-password"].contains(&method.as_str()) {
        return Err(Error::unsupported("the host knows no such method to answer a challenge"));
    }
    if challenge.len() != 20 {
        return Err(Error::invalid_options("the method takes challenges of 20 bytes"));
    }
    Ok(answer(&method, value, &challenge))
}

/// The fake of `cofferdam:tcp/secret-write.write-secret`.
///
/// # Errors
/// As the host's.
pub async fn write_secret(
    on: &Connection,
    before: Vec<u8>,
    secret: String,
    framing: String,
    after: Vec<u8>,
) -> Result<()> {
    let value = on.secret(&secret)?.as_bytes();
    let length = value.len();
    let message = match framing.as_str() {
        "none" => [&before, value, &after].concat(),
        "resp-bulk" => [&before, format!("${length}\r\n").as_bytes(), value, b"\r\n", &after].concat(),
        "mysql-packet" => {
            let length = (length + after.len()).to_le_bytes();
            [length.get(..3).unwrap_or_default(), &before, value, &after].concat()
        }
        _ => return Err(Error::unsupported("the host knows no such framing of a secret")),
    };
    let writing = on.writing.lock().await;
    if on.instance.overheard {
        return Err(Error::permission_denied("the secret isn't sent where somebody could listen in"));
    }
    if on.secret_written.replace(true) {
        return Err(Error::permission_denied("the secret was written on this connection already"));
    }
    on.send(&writing, &message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::native::run::run;
    use crate::native::stream::stream;

    fn streamed(data: Vec<u8>) -> StreamReader<u8> {
        let (mut writer, reader) = stream();
        spawn_local(async move {
            writer.write_all(data).await;
        });
        reader
    }

    fn echo() -> Instance {
        Instance::new().password("hunter2").tcp(|peer| async move {
            loop {
                let said = peer.read(100).await;
                if said.is_empty() {
                    return;
                }
                peer.write(&said);
            }
        })
    }

    #[test]
    fn where_tls_is_required_nothing_is_said_in_the_clear() {
        run(async {
            let connection = Connection::connect(&echo().tls("require").endpoint()).await.unwrap();
            connection.write(vec![0; BEFORE_TLS]).await.unwrap();
            assert_eq!(connection.write(vec![0]).await.unwrap_err().code, "permission-denied");
            connection.start_tls().await.unwrap();
            connection.write(vec![0]).await.unwrap();
        });
    }

    #[test]
    fn a_stream_is_written_whole_under_the_rules_of_every_write() {
        run(async {
            let connection = Connection::connect(&echo().tls("require").endpoint()).await.unwrap();
            connection.start_tls().await.unwrap();
            assert_eq!(connection.write_stream(streamed(vec![7; 100_000])).await.unwrap(), 100_000);
            connection.write(vec![8]).await.unwrap();
            let mut said = Vec::new();
            while said.len() < 100_001 {
                said.extend(connection.read(MOST_READ).await.unwrap());
            }
            assert!(said.iter().take(100_000).all(|byte| *byte == 7) && said.last() == Some(&8));

            let connection = Connection::connect(&echo().tls("require").endpoint()).await.unwrap();
            let refused = connection.write_stream(streamed(vec![7; BEFORE_TLS + 1])).await.unwrap_err();
            assert_eq!(refused.code, "permission-denied");
            connection.start_tls().await.unwrap();
            assert_eq!(connection.write(vec![0]).await.unwrap_err().code, "unreachable");
        });
    }

    #[test]
    fn a_secret_is_written_once_and_only_where_nobody_listens() {
        run(async {
            let write = async |instance: Instance| {
                let connection = Connection::connect(&instance.endpoint()).await.unwrap();
                let write = async || {
                    write_secret(&connection, b"<".to_vec(), "password".into(), "none".into(), b">".to_vec()).await
                };
                let first = write().await;
                (first.is_ok(), write().await.is_ok())
            };
            assert_eq!(write(echo()).await, (true, false));
            assert_eq!(write(echo().overheard()).await, (false, false));
        });
    }

    #[test]
    fn answers_are_counted_and_connections_too() {
        run(async {
            let instance = echo();
            let connection = Connection::connect(&instance.endpoint()).await.unwrap();
            assert_eq!(instance.connections(), 1);
            let ask = async |secret: &str| {
                respond(&connection, secret.into(), "mysql-native-password".into(), vec![7; 20]).await
            };
            assert_eq!(ask("root").await.unwrap_err().code, "not-found");
            for _ in 0..MOST_ANSWERS {
                assert_eq!(ask("password").await.unwrap(), answer("mysql-native-password", "hunter2", &[7; 20]));
            }
            assert_eq!(ask("password").await.unwrap_err().code, "permission-denied");
            drop(connection);
            assert_eq!(instance.connections(), 0);
        });
    }

    #[test]
    fn a_server_that_hangs_up_is_the_end_of_reads_and_writes() {
        run(async {
            let instance = Instance::new().tcp(|peer| async move { peer.write(b"bye") });
            let connection = Connection::connect(&instance.endpoint()).await.unwrap();
            assert_eq!(connection.read(100).await.unwrap(), b"bye");
            assert!(connection.read(100).await.unwrap().is_empty());
            assert!(connection.write(vec![1]).await.unwrap_err().retryable);
        });
    }
}
