//! A pooler in front of a PostgreSQL server: PgBouncer, which `tests/setup/pgbouncer` installed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::postgresql::SUPERUSER;
use super::supervisor::Supervisor;
use super::unprivileged::User;
use super::{Postgresql, target_folder};
use crate::error::Result;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// A running pooler; it's gone when this is dropped or the process dies.
#[derive(Debug)]
pub struct Pgbouncer {
    port: u16,
    _supervisor: Supervisor,
    // The last field: the folder goes after the pooler.
    _folder: TempDir,
}

impl Pgbouncer {
    /// Starts one that lends sessions of `server` in `mode`: "session", "transaction" or "statement". [`SUPERUSER`] logs in
    /// as at the server.
    ///
    /// # Errors
    /// If it isn't installed, or doesn't start; then with its log.
    pub fn start(server: &Postgresql, mode: &str) -> Result<Self> {
        let program = target_folder().join("servers/pgbouncer");
        if !program.is_dir() {
            return Err("PgBouncer isn't installed here; run `make setup` (tests/setup/pgbouncer)".into());
        }
        let user = User::choose()?;
        let folder = tempfile::Builder::new().prefix("cofferdam-pgbouncer-").tempdir()?;
        user.own(folder.path())?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let write = |name: &str, text: String| -> Result<()> {
            fs::write(folder.path().join(name), text)?;
            user.own(&folder.path().join(name))
        };
        write("users", format!("\"{SUPERUSER}\" \"{}\"\n", server.password()))?;
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = {mode}\n",
            server.port(),
            folder.path().join("users").display()
        );
        write("settings", settings)?;
        // What a shell starts behind its back ignores SIGQUIT, unless it handles it; PgBouncer 1.18 doesn't.
        let mut pooler = Command::new("env");
        pooler.arg("--default-signal=QUIT").arg(format!("LD_LIBRARY_PATH={}", program.join("lib").display()));
        pooler.arg(program.join("bin/pgbouncer")).arg(folder.path().join("settings"));
        let supervisor = Supervisor::start(folder.path(), user, &pooler)?;
        let start = Instant::now();
        while !is_up(folder.path()) {
            if start.elapsed() > START {
                return Err(fs::read_to_string(folder.path().join("log")).unwrap_or_default().into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(Self { port, _supervisor: supervisor, _folder: folder })
    }

    /// A URL without a password, as Cofferdam's configuration takes it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://{SUPERUSER}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

fn is_up(folder: &Path) -> bool {
    fs::read_to_string(folder.join("log")).is_ok_and(|log| log.contains("process up"))
}
