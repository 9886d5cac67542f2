//! A PostgreSQL server of our own.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tempfile::TempDir;

use super::installation::Major;
use super::supervisor::Supervisor;
use super::tls;
use super::unprivileged::User;
use crate::command::{show, succeed};
use crate::error::Result;

/// The role that `initdb` makes.
pub const SUPERUSER: &str = "postgres";

/// How long a server may take to start, with initdb before it, and a statement to run.
const START: Duration = Duration::from_secs(60);
const STATEMENT: Duration = Duration::from_secs(600);

/// Another program can take the free port before the server does; then another one is tried.
const ATTEMPTS: u32 = 3;

/// How clients prove who they are; the names of `pg_hba.conf`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// SCRAM-SHA-256.
    #[default]
    Scram,
    /// MD5, with a password that is stored that way.
    Md5,
    /// The password itself.
    Password,
    /// Nothing is asked.
    Trust,
}

impl Authentication {
    fn name(self) -> &'static str {
        match self {
            Self::Scram => "scram-sha-256",
            Self::Md5 => "md5",
            Self::Password => "password",
            Self::Trust => "trust",
        }
    }
}

/// What a server is like. [`Postgresql::start`] takes the default of a major: SCRAM, no TLS, no fsync.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version.
    pub major: Major,
    /// How clients prove who they are.
    pub authentication: Authentication,
    /// Offers TLS with a certificate of an authority of its own, see [`Postgresql::authority`].
    pub tls: bool,
    /// Makes commits durable. Tests don't need that; what measures time does.
    pub fsync: bool,
    /// Lines for `postgresql.conf`: name and value, as PostgreSQL spells them.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// The defaults for `major`.
    #[must_use]
    pub fn new(major: Major) -> Self {
        Self { major, authentication: Authentication::default(), tls: false, fsync: false, settings: Vec::new() }
    }

    /// Adds a setting.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}

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

/// initdb, and the settings behind what it wrote.
fn init(options: &Options, user: User, folder: &Path, password: &str) -> Result<()> {
    let (data, secret) = (folder.join("data"), folder.join("password"));
    fs::write(&secret, password)?;
    user.own(&secret)?;
    let mut initdb = Command::new(options.major.server("initdb")?);
    initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--username", SUPERUSER]);
    initdb.arg("--auth").arg(options.authentication.name()).arg("--pwfile").arg(&secret).arg("-D").arg(&data);
    user.run(initdb.current_dir(folder));
    succeed(&mut initdb, START).map_err(|e| {
        format!(
            "{e}\nhint: where the tests run as root, the programs must be readable for the user nobody: {}",
            show(&initdb)
        )
    })?;
    fs::remove_file(secret)?;

    let mut lines = String::new();
    for (name, value) in &options.settings {
        writeln!(lines, "{name} = '{}'", value.replace('\'', "''"))?;
    }
    let file = data.join("postgresql.conf");
    let before = fs::read_to_string(&file)?;
    fs::write(file, before + &lines)?;
    Ok(())
}

/// Starts the server on a free port and waits until it takes connections.
fn launch(options: &Options, user: User, folder: &Path) -> Result<(Supervisor, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let log = folder.join("log");
    let _ = fs::remove_file(&log); // that of an attempt before
    let mut server = Command::new(options.major.server("postgres")?);
    server.arg("-D").arg(folder.join("data"));
    let mut set = |name: &str, value: &str| {
        server.arg("-c").arg(format!("{name}={value}"));
    };
    set("listen_addresses", "127.0.0.1");
    set("port", &port.to_string());
    set("unix_socket_directories", &folder.display().to_string());
    set("fsync", if options.fsync { "on" } else { "off" });
    if options.tls {
        set("ssl", "on");
        set("ssl_cert_file", &folder.join("server.crt").display().to_string());
        set("ssl_key_file", &folder.join("server.key").display().to_string());
    }
    let start = Instant::now();
    let supervisor = Supervisor::start(folder, user, &server)?;
    loop {
        let said = fs::read_to_string(&log).unwrap_or_default();
        if is_ready(folder) {
            return Ok((supervisor, port));
        }
        if said.contains("FATAL:") || said.contains("PANIC:") || start.elapsed() > START {
            return Err(format!("PostgreSQL {} doesn't start; {}\n{said}", options.major, show(&server)).into());
        }
        sleep(Duration::from_millis(20));
    }
}

/// The postmaster writes "ready" in the eighth line of its pid file (PostgreSQL's `utils/pidfile.h`).
fn is_ready(folder: &Path) -> bool {
    let pid_file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    pid_file.lines().nth(7).is_some_and(|status| status.trim() == "ready")
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
