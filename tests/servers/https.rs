//! A web server with a certificate that only a test trusts.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::error::Result;

/// What is written after the request was read: the answer's bytes, as they go over the line.
pub type Answer = Box<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// The server. Its threads end with the process.
#[derive(Debug)]
pub struct Https {
    port: u16,
    folder: TempDir,
}

impl Https {
    /// Starts one that answers each request by what `answer` makes of its path, and then ends the connection.
    ///
    /// # Errors
    /// If there is no port or no certificate.
    pub fn start(answer: Answer) -> Result<Self> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &authority)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("ca.crt"), authority.pem())?;

        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let (config, answer) = (Arc::new(config), Arc::new(answer));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, answer) = (Arc::clone(&config), Arc::clone(&answer));
                // Whoever doesn't like the certificate hangs up, which is no fault of the server's.
                thread::spawn(move || serve(stream, config, &answer).ok());
            }
        });
        Ok(Self { port, folder })
    }

    /// An address of it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// The file with the authority that signed its certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        Path::new(self.folder.path()).join("ca.crt")
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, answer: &Answer) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut stream = StreamOwned::new(ServerConnection::new(config)?, stream);
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        request.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split(' ').nth(1).unwrap_or_default();
    stream.write_all(&answer(path))?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}
