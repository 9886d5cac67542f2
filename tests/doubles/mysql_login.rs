//! A server that logs in by caching_sha2_password, and does nothing else: what MySQL 8 does and MariaDB 10.11 doesn't.
//! Written from "MySQL Internals: Client/Server Protocol", "Caching SHA-2 pluggable authentication". Who was let in is
//! told so by an error to the first statement.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::error::Result;

/// What it says to the first statement of somebody who was let in.
pub const LET_IN: &str = "you are in";

const CHALLENGE: &[u8; 20] = b"abcdefghij0123456789";
/// `CLIENT_SSL`.
const TLS: u32 = 1 << 11;

/// A running double; its thread goes with the process.
#[derive(Debug)]
pub struct MysqlLogin {
    port: u16,
    folder: TempDir,
}

impl MysqlLogin {
    /// Starts one that has a certificate for 127.0.0.1. With `cached` it knows the password's hash already, and needs no
    /// more than the answer to its challenge; without it asks for the password itself, in the clear or under TLS.
    ///
    /// # Errors
    /// If there is no port or no certificate.
    pub fn start(password: &str, cached: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.self_signed(&key)?;
        std::fs::write(folder.path().join("ca.crt"), certificate.pem())?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let login = Login { password: password.to_owned(), cached, tls: Arc::new(config) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up is its own affair.
                let _ = login.serve(stream);
            }
        });
        Ok(Self { port, folder })
    }

    /// A URL for it, with `sslmode`.
    #[must_use]
    pub fn url(&self, sslmode: &str) -> String {
        format!(
            "mysql://backup@127.0.0.1:{}/shop?sslmode={sslmode}&sslrootcert={}",
            self.port,
            self.authority().display()
        )
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }
}

struct Login {
    password: String,
    cached: bool,
    tls: Arc<ServerConfig>,
}

impl Login {
    fn serve(&self, mut stream: TcpStream) -> Result<()> {
        send(&mut stream, 0, &greeting())?;
        let (sequence, response) = receive(&mut stream)?;
        if capabilities(&response).is_none_or(|flags| flags & TLS == 0) {
            return self.login(&mut stream, sequence, &response, false);
        }
        let connection = ServerConnection::new(Arc::clone(&self.tls))?;
        let mut stream = StreamOwned::new(connection, stream);
        let (sequence, response) = receive(&mut stream)?;
        self.login(&mut stream, sequence, &response, true)
    }

    fn login(&self, stream: &mut (impl Read + Write), sequence: u8, response: &[u8], encrypted: bool) -> Result<()> {
        let answer = answer(response).ok_or("the response can't be read")?;
        let mut sequence = sequence.wrapping_add(1);
        let known = if self.cached {
            let right = answer == scramble(&self.password);
            if right {
                // `fast_auth_success`.
                send(stream, sequence, &[1, 3])?;
                sequence = sequence.wrapping_add(1);
            }
            right
        } else {
            // `perform_full_authentication`.
            send(stream, sequence, &[1, 4])?;
            let (said, password) = receive(stream)?;
            sequence = said.wrapping_add(1);
            encrypted && password == [self.password.as_bytes(), b"\0"].concat()
        };
        if !known {
            return send(stream, sequence, &error(1045, "28000", "Access denied for user 'backup'"));
        }
        send(stream, sequence, &[0, 0, 0, 2, 0, 0, 0])?;
        receive(stream)?;
        send(stream, 1, &error(3024, "HY000", LET_IN))
    }
}

/// `HandshakeV10` of a server that prefers caching_sha2_password and offers TLS.
fn greeting() -> Vec<u8> {
    let mut payload = b"\x0a8.4.0\0\x01\0\0\0".to_vec();
    let (front, rest) = CHALLENGE.split_at(8);
    payload.extend_from_slice(front);
    payload.extend_from_slice(b"\0\xff\xff\xff\x02\0\xff\xdf\x15");
    payload.extend_from_slice(&[0; 10]);
    payload.extend_from_slice(rest);
    payload.extend_from_slice(b"\0caching_sha2_password\0");
    payload
}

/// XOR(SHA256(password), SHA256(SHA256(SHA256(password)), challenge)).
fn scramble(password: &str) -> Vec<u8> {
    let once = Sha256::digest(password);
    let key = Sha256::new().chain_update(Sha256::digest(Sha256::digest(once))).chain_update(CHALLENGE).finalize();
    once.iter().zip(key).map(|(a, b)| a ^ b).collect()
}

fn error(number: u16, state: &str, message: &str) -> Vec<u8> {
    let mut payload = vec![0xff];
    payload.extend_from_slice(&number.to_le_bytes());
    payload.extend_from_slice(format!("#{state}{message}").as_bytes());
    payload
}

fn capabilities(response: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(response.get(..4)?.try_into().ok()?))
}

/// Of `HandshakeResponse41`: behind 32 bytes and the user's name comes the answer with its length.
fn answer(response: &[u8]) -> Option<Vec<u8>> {
    let rest = response.get(32..)?;
    let (_, rest) = rest.split_at(rest.iter().position(|byte| *byte == 0)? + 1);
    let (length, rest) = rest.split_first()?;
    rest.get(..usize::from(*length)).map(<[u8]>::to_vec)
}

fn send(stream: &mut impl Write, sequence: u8, payload: &[u8]) -> Result<()> {
    let length = u32::try_from(payload.len())?.to_le_bytes();
    let mut packet = length.get(..3).unwrap_or_default().to_vec();
    packet.push(sequence);
    packet.extend_from_slice(payload);
    stream.write_all(&packet)?;
    Ok(stream.flush()?)
}

fn receive(stream: &mut impl Read) -> Result<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let [a, b, c, sequence] = header;
    let mut payload = vec![0; usize::try_from(u32::from_le_bytes([a, b, c, 0]))?];
    stream.read_exact(&mut payload)?;
    Ok((sequence, payload))
}
