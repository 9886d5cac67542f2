//! The toy server that `cofferdam plugin new` writes with an engine.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::supervisor::Supervisor;
use super::unprivileged::User;
use crate::error::Result;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// A running toy; it's gone when this is dropped or the process dies.
#[derive(Debug)]
pub struct Toy {
    port: u16,
    _supervisor: Supervisor,
}

impl Toy {
    /// The password of its users.
    pub const PASSWORD: &str = "a toy's password";

    /// Starts `program` with nothing in it.
    ///
    /// # Errors
    /// If it doesn't start; then with its log.
    pub fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cofferdam-toy-").tempdir()?;
        let mut server = Command::new("env");
        server.arg("--default-signal=QUIT").arg(format!("TOY_PASSWORD={}", Self::PASSWORD)).arg(program);
        let supervisor = Supervisor::start(folder.path(), User::Myself, server.args(["serve", "0"]))?;
        // The supervisor takes the folder away, whatever becomes of us.
        let log = folder.keep().join("log");
        let start = Instant::now();
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let port = said.split_once("listening on 127.0.0.1:").and_then(|(_, rest)| rest.split_once('\n'));
            match port.map(|(port, _)| port.parse()) {
                Some(port) => return Ok(Self { port: port?, _supervisor: supervisor }),
                None if start.elapsed() < START => sleep(Duration::from_millis(10)),
                None => return Err(format!("{} doesn't start: {said}", program.display()).into()),
            }
        }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}
