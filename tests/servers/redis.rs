//! A Redis server of our own, which `tests/setup/redis` installed.

use std::net::TcpListener;
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
use crate::command::{run, succeed};
use crate::error::Result;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);
/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(120);

/// A running server; it's gone, with its data, when this is dropped or the process dies.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    password: String,
    _supervisor: Supervisor,
    // The last field: the folder goes after the server.
    _folder: TempDir,
}

impl Redis {
    /// Starts a server with 16 empty databases and a password.
    ///
    /// # Errors
    /// If it isn't installed, or doesn't start; then with its log.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with `settings` besides, as the program takes them: "--maxmemory", "64mb".
    ///
    /// # Errors
    /// If it isn't installed, or doesn't start; then with its log.
    pub fn start_with(settings: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cofferdam-redis-").tempdir()?;
        let password: String = rand::rng().sample_iter(Alphanumeric).take(20).map(char::from).collect();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // What a shell starts behind its back ignores SIGQUIT, unless it handles it; Redis doesn't.
        let mut server = Command::new("env");
        server.arg("--default-signal=QUIT").arg(program("redis-server")?);
        server.args(["--bind", "127.0.0.1", "--save", "", "--port"]).arg(port.to_string());
        server.arg("--requirepass").arg(&password).arg("--dir").arg(folder.path()).args(settings);
        // It doesn't mind who runs it.
        let supervisor = Supervisor::start(folder.path(), User::Myself, &server)?;
        let started = Self { port, password, _supervisor: supervisor, _folder: folder };
        let start = Instant::now();
        loop {
            match started.command(0, &["PING"]) {
                Ok(answer) if answer.trim() == "PONG" => return Ok(started),
                _ if start.elapsed() < START => sleep(Duration::from_millis(20)),
                answer => return Err(format!("Redis doesn't start: {answer:?}").into()),
            }
        }
    }

    /// The password of the default user.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// A URL without the password.
    #[must_use]
    pub fn url(&self, database: u16) -> String {
        format!("redis://127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a command and gives what redis-cli prints.
    ///
    /// # Errors
    /// If the server refuses it.
    pub fn command(&self, database: u16, words: &[&str]) -> Result<String> {
        let mut client = self.client(database)?;
        client.arg("-e").args(words);
        let output = run(&mut client, COMMAND)?;
        if output.status.success() { Ok(output.stdout) } else { Err((output.stdout + &output.stderr).into()) }
    }

    /// Runs a script of `tests/databases`, and gives the lines that it returns.
    ///
    /// # Errors
    /// If it fails.
    pub fn script(&self, database: u16, name: &str) -> Result<Vec<String>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("databases").join(name);
        let said = succeed(self.client(database)?.arg("-e").arg("--eval").arg(script), COMMAND)?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    fn client(&self, database: u16) -> Result<Command> {
        let mut client = Command::new(program("redis-cli")?);
        client.env("REDISCLI_AUTH", &self.password).args(["-h", "127.0.0.1", "-p"]).arg(self.port.to_string());
        client.arg("-n").arg(database.to_string());
        Ok(client)
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let path = target_folder().join("servers/redis/bin").join(name);
    let missing = || format!("no {name} is installed here; run `make setup` (tests/setup/redis)").into();
    if path.is_file() { Ok(path) } else { Err(missing()) }
}
