//! mongoeco: a server that speaks MongoDB's protocol and that others wrote, so that it disagrees where we assume. Its
//! memory engine; slow, for hundreds of documents and not for thousands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tempfile::TempDir;

use super::supervisor::Supervisor;
use super::target_folder;
use super::unprivileged::User;
use crate::error::Result;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// The user that it has.
const USER: &str = "backup";

/// What every client has to say: its SCRAM-SHA-1, which clients try first, isn't MongoDB's (it hashes no user name into
/// the password).
const LOGIN: &str = "authSource=admin&authMechanism=SCRAM-SHA-256";

/// The Python that mongoeco and pymongo are installed for.
///
/// # Errors
/// If it isn't installed.
pub fn python() -> Result<PathBuf> {
    let python = target_folder().join("servers/mongoeco/bin/python");
    let missing = || "mongoeco and pymongo aren't installed here; run `make setup` (tests/setup/mongodb)".into();
    if python.is_file() { Ok(python) } else { Err(missing()) }
}

/// A running server; it's gone, with its data, when this is dropped or the process dies.
#[derive(Debug)]
pub struct Mongoeco {
    port: u16,
    password: String,
    _supervisor: Supervisor,
    // The last field: the folder goes after the server.
    _folder: TempDir,
}

impl Mongoeco {
    /// Starts a server with one user.
    ///
    /// # Errors
    /// If it isn't installed, or doesn't start; then with its log.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cofferdam-mongoeco-").tempdir()?;
        let password: String = rand::rng().sample_iter(Alphanumeric).take(20).map(char::from).collect();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/serve_mongoeco.py");
        let mut server = Command::new(python()?);
        server.arg(script).args([USER, &password]);
        // It doesn't mind who runs it, and the Python may be one that only we can read.
        let supervisor = Supervisor::start(folder.path(), User::Myself, &server)?;
        let start = Instant::now();
        loop {
            let said = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            if let Some(port) = said.lines().find_map(|line| line.strip_prefix("listening on ")) {
                return Ok(Self { port: port.parse()?, password, _supervisor: supervisor, _folder: folder });
            }
            if said.contains("Traceback") || start.elapsed() > START {
                return Err(format!("mongoeco doesn't start:\n{said}").into());
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// A URL without a password, as Cofferdam's configuration takes it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("mongodb://{USER}@127.0.0.1:{}/{database}?{LOGIN}", self.port)
    }

    /// A URL with the password, as other clients take it.
    #[must_use]
    pub fn full_url(&self) -> String {
        format!("mongodb://{USER}:{}@127.0.0.1:{}/?{LOGIN}", self.password, self.port)
    }

    /// The password of its user.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}
