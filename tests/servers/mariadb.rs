//! A MariaDB server of our own. Debian's, whichever version that is.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tempfile::TempDir;

use super::supervisor::Supervisor;
use super::tls;
use super::unprivileged::User;
use crate::command::{show, succeed};
use crate::error::Result;

/// How long making the system tables may take, and a server to start.
const START: Duration = Duration::from_secs(90);
/// How long a script may run.
const STATEMENT: Duration = Duration::from_secs(600);
/// The user that may do everything, with a password, by mysql_native_password.
const ADMINISTRATOR: &str = "backup";

/// A running server; it's gone, with its data, when this is dropped or the process dies.
#[derive(Debug)]
pub struct Mariadb {
    port: u16,
    password: String,
    authority: Option<PathBuf>,
    _supervisor: Supervisor,
    // The last field: the folder goes after the server.
    folder: TempDir,
}

impl Mariadb {
    /// Starts a server without TLS.
    ///
    /// # Errors
    /// If it isn't installed, or doesn't start; then with its log.
    pub fn start() -> Result<Self> {
        Self::start_with(false, &[])
    }

    /// Starts a server with system tables of its own, and `settings` as mariadbd takes them ("max_connections=5"). With
    /// `tls` it has a certificate of an authority of its own, see [`Self::authority`].
    ///
    /// # Errors
    /// If it isn't installed, or doesn't start; then with its log.
    pub fn start_with(tls: bool, settings: &[&str]) -> Result<Self> {
        let user = User::choose()?;
        let folder = tempfile::Builder::new().prefix("cofferdam-mariadb-").tempdir()?;
        user.own(folder.path())?;
        let mut install = Command::new(program("mariadb-install-db")?);
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg("--skip-name-resolve").arg(format!("--datadir={}", folder.path().join("data").display()));
        // A small log is made sooner. Temporary tables of servers that start at once may bear the same names.
        install.arg("--innodb-log-file-size=8M").arg(format!("--tmpdir={}", folder.path().display()));
        user.run(install.current_dir(folder.path()));
        succeed(&mut install, START)?;
        let authority = tls.then(|| tls::issue(folder.path(), user)).transpose()?;
        let (supervisor, port) = launch(folder.path(), user, tls, settings)?;
        let password: String = rand::rng().sample_iter(Alphanumeric).take(20).map(char::from).collect();
        let server = Self { port, password, authority, _supervisor: supervisor, folder };
        server.sql(
            "mysql",
            &format!(
                "CREATE USER {ADMINISTRATOR}@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{}'); \
             GRANT ALL ON *.* TO {ADMINISTRATOR}@'%' WITH GRANT OPTION",
                server.password
            ),
        )?;
        Ok(server)
    }

    /// The password of the user that may do everything.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The certificate authority to trust, as a PEM file; only with TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// A URL of the user that may do everything, without its password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_of(ADMINISTRATOR, database)
    }

    /// A URL of another user.
    #[must_use]
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("mysql://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// The server's process.
    ///
    /// # Errors
    /// If it isn't running.
    pub fn process(&self) -> Result<u32> {
        Ok(fs::read_to_string(self.folder.path().join("pid"))?.trim().parse()?)
    }

    /// A client program that connects as root.
    ///
    /// # Errors
    /// If it isn't installed.
    pub fn client(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(program(name)?);
        command.args(["--no-defaults", "--user=root", "--default-character-set=utf8mb4"]);
        command.arg(format!("--socket={}", self.folder.path().join("socket").display()));
        Ok(command)
    }

    /// Runs SQL as root and gives what it prints: a line for each row, with tabs between the values.
    ///
    /// # Errors
    /// If a statement fails; the ones before it stay done.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let script = tempfile::Builder::new().suffix(".sql").tempfile()?;
        fs::write(script.path(), sql)?;
        self.run(database, script.path())
    }

    /// Runs a file of SQL as root.
    ///
    /// # Errors
    /// Like [`Self::sql`].
    pub fn run(&self, database: &str, file: &Path) -> Result<String> {
        let mut client = self.client("mariadb")?;
        client.args(["--batch", "--skip-column-names", "--max-allowed-packet=1G"]);
        let source = format!("source {}", file.display());
        succeed(client.arg("--execute").arg(source).arg(database), STATEMENT)
    }

    /// What mariadb-dump says of a database, with a line for each row and without the database's own name: rows in an
    /// order of their own, and history too.
    ///
    /// # Errors
    /// If it fails.
    pub fn dump(&self, database: &str) -> Result<Vec<String>> {
        let mut dump = self.client("mariadb-dump")?;
        dump.args(["--routines", "--events", "--triggers", "--hex-blob", "--dump-history", "--skip-extended-insert"]);
        dump.args(["--skip-dump-date", "--skip-comments", "--complete-insert", "--max-allowed-packet=1G", "--tz-utc"]);
        let said = succeed(dump.arg(database), STATEMENT)?.replace(&format!("`{database}`."), "");
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        // Rows stand together, a table's behind its definition.
        for rows in lines.chunk_by_mut(|a, b| a.starts_with("INSERT ") && b.starts_with("INSERT ")) {
            rows.sort_unstable();
        }
        Ok(lines)
    }

    /// Makes an empty database.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn create_database(&self, name: &str) -> Result<()> {
        self.sql("mysql", &format!("CREATE DATABASE `{name}`")).map(drop)
    }
}

/// Debian keeps the server where not everybody looks.
fn program(name: &str) -> Result<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.push("/usr/sbin".into());
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| format!("no {name} is installed here; run `make setup` (tests/setup/mariadb)").into())
}

fn launch(folder: &Path, user: User, tls: bool, settings: &[&str]) -> Result<(Supervisor, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut server = Command::new(program("mariadbd")?);
    let mut set = |name: &str, value: &str| {
        server.arg(format!("--{name}={value}"));
    };
    let inside = |name: &str| folder.join(name).display().to_string();
    server_defaults(&mut set);
    set("datadir", &inside("data"));
    set("tmpdir", &folder.display().to_string());
    set("port", &port.to_string());
    set("socket", &inside("socket"));
    set("pid-file", &inside("pid"));
    if tls {
        set("ssl-ca", &inside("ca.crt"));
        set("ssl-cert", &inside("server.crt"));
        set("ssl-key", &inside("server.key"));
    }
    for setting in settings {
        server.arg(format!("--{setting}"));
    }
    let start = Instant::now();
    let supervisor = Supervisor::start(folder, user, &server)?;
    loop {
        let said = fs::read_to_string(folder.join("log")).unwrap_or_default();
        if said.contains("ready for connections") {
            return Ok((supervisor, port));
        }
        if said.contains("[ERROR]") || start.elapsed() > START {
            return Err(format!("MariaDB doesn't start; {}\n{said}", show(&server)).into());
        }
        sleep(Duration::from_millis(20));
    }
}

/// Small, and nothing that makes commits durable: the data goes anyway.
fn server_defaults(set: &mut impl FnMut(&str, &str)) {
    // The first argument, as mariadbd demands.
    for (name, value) in [
        ("defaults-file", "/dev/null"),
        ("bind-address", "127.0.0.1"),
        ("skip-name-resolve", "ON"),
        ("innodb-flush-log-at-trx-commit", "0"),
        ("innodb-flush-method", "nosync"),
        ("innodb-buffer-pool-size", "128M"),
        ("innodb-fast-shutdown", "2"),
        ("max-allowed-packet", "128M"),
    ] {
        set(name, value);
    }
}
