//! A PostgreSQL server of our own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tempfile::TempDir;

use super::launch::{configure, init, launch};
use super::supervisor::Supervisor;
use super::unprivileged::User;
use super::{Major, Options, tls};
use crate::command::succeed;
use crate::error::Result;

/// The role that `initdb` makes.
pub const SUPERUSER: &str = "postgres";

/// How long a script may run.
const STATEMENT: Duration = Duration::from_secs(600);

/// Another program can take the free port before the server does; then another one is tried.
const ATTEMPTS: u32 = 3;

/// A running server; it's gone, with its data, when this is dropped or the process dies.
#[derive(Debug)]
pub struct Postgresql {
    major: Major,
    port: u16,
    password: String,
    authority: Option<PathBuf>,
    _supervisor: Supervisor,
    // The last field: the folder goes after the server.
    folder: TempDir,
}

impl Postgresql {
    /// Starts a server with the default [`Options`].
    ///
    /// # Errors
    /// If this major isn't installed, or doesn't start; then with its log.
    pub fn start(major: Major) -> Result<Self> {
        Self::start_with(&Options::new(major))
    }

    /// Starts a server with a cluster of its own: UTF-8, locale C, superuser [`SUPERUSER`].
    ///
    /// # Errors
    /// If this major isn't installed, or doesn't start; then with its log.
    pub fn start_with(options: &Options) -> Result<Self> {
        let user = User::choose()?;
        let folder = tempfile::Builder::new().prefix("cofferdam-postgresql-").tempdir()?;
        user.own(folder.path())?;
        let password: String = rand::rng().sample_iter(Alphanumeric).take(20).map(char::from).collect();
        init(options, user, folder.path(), &password)?;
        Self::launch(options, user, folder, password)
    }

    /// Starts a standby of this server, which plays back what happens here. Of `options` only the settings count.
    ///
    /// # Errors
    /// If the server can't be copied, or the copy doesn't start; then with its log.
    pub fn start_standby(&self, options: &Options) -> Result<Self> {
        let user = User::choose()?;
        let folder = tempfile::Builder::new().prefix("cofferdam-postgresql-").tempdir()?;
        user.own(folder.path())?;
        let mut copy = self.client("pg_basebackup", "postgres")?;
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-D"]).arg(folder.path().join("data"));
        user.run(copy.current_dir(folder.path()));
        succeed(&mut copy, STATEMENT)?;
        configure(options, folder.path())?;
        Self::launch(&Options { major: self.major, ..options.clone() }, user, folder, self.password.clone())
    }

    fn launch(options: &Options, user: User, folder: TempDir, password: String) -> Result<Self> {
        let authority = options.tls.then(|| tls::issue(folder.path(), user)).transpose()?;
        let mut attempt = 1;
        let (supervisor, port) = loop {
            match launch(options, user, folder.path()) {
                Err(error) if attempt < ATTEMPTS && error.to_string().contains("could not bind") => attempt += 1,
                done => break done?,
            }
        };
        Ok(Self { major: options.major, port, password, authority, _supervisor: supervisor, folder })
    }

    /// The version.
    #[must_use]
    pub fn major(&self) -> Major {
        self.major
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of [`SUPERUSER`].
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The certificate authority to trust, as a PEM file; only with [`Options::tls`].
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// The folder with the Unix socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// A URL without a password, as Cofferdam's configuration takes it.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{}@127.0.0.1:{}/{}", percent(user), self.port, percent(database))
    }

    /// The server's log so far.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("log"))?)
    }

    /// Stops the server as a power failure does: nothing is said to its clients, nothing is written down.
    ///
    /// # Errors
    /// If it isn't running.
    pub fn crash(&self) -> Result<()> {
        // PostgreSQL docs 19.5: SIGQUIT is the immediate shutdown.
        succeed(Command::new("kill").args(["-QUIT", &self.process()?.to_string()]), STATEMENT).map(drop)
    }

    /// The process that starts all others of the server.
    ///
    /// # Errors
    /// If it isn't running.
    pub fn process(&self) -> Result<u32> {
        let pid_file = fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        Ok(pid_file.lines().next().unwrap_or_default().parse()?)
    }

    /// A client program that connects to `database` of this server as [`SUPERUSER`] if nothing else is said.
    ///
    /// # Errors
    /// If there is no such program for this major.
    pub fn client(&self, program: &str, database: &str) -> Result<Command> {
        let mut command = Command::new(self.major.client(program)?);
        self.connect(&mut command, database);
        Ok(command)
    }

    /// Gives `command` the environment with which libpq connects to `database` as [`SUPERUSER`].
    pub fn connect(&self, command: &mut Command, database: &str) {
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", SUPERUSER)
            .env("PGPASSWORD", &self.password)
            .env("PGDATABASE", database)
            .env("PGCLIENTENCODING", "UTF8");
    }

    /// Runs SQL with psql as [`SUPERUSER`] and gives what it prints: unaligned rows without a header.
    ///
    /// # Errors
    /// If a statement fails; the ones before it stay done, as with psql.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let script = tempfile::Builder::new().suffix(".sql").tempfile()?;
        fs::write(script.path(), sql)?;
        self.run(database, script.path(), &[])
    }

    /// Runs a file of SQL with psql as [`SUPERUSER`], with psql variables.
    ///
    /// # Errors
    /// Like [`Postgresql::sql`].
    pub fn run(&self, database: &str, file: &Path, variables: &[(&str, &str)]) -> Result<String> {
        let mut psql = self.client("psql", database)?;
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        for (name, value) in variables {
            psql.arg("-v").arg(format!("{name}={value}"));
        }
        succeed(psql.arg("-f").arg(file), STATEMENT)
    }

    /// Makes an empty database.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn create_database(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("CREATE DATABASE \"{}\" TEMPLATE template0", name.replace('"', "\"\"")))?;
        Ok(())
    }
}

/// Percent-encodes whatever isn't unreserved in a URL (RFC 3986, 2.3).
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut done, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            done.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(done, "%{byte:02X}");
        }
        done
    })
}
