//! From an empty folder to a PostgreSQL server that takes connections.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Options;
use super::postgresql::SUPERUSER;
use super::supervisor::Supervisor;
use super::unprivileged::User;
use crate::command::{show, succeed};
use crate::error::Result;

/// How long initdb may take, and a server to start.
const START: Duration = Duration::from_secs(60);

/// initdb, and the settings behind what it wrote.
pub(super) fn init(options: &Options, user: User, folder: &Path, password: &str) -> Result<()> {
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
    configure(options, folder)
}

/// Writes the settings behind those that are there.
pub(super) fn configure(options: &Options, folder: &Path) -> Result<()> {
    let mut lines = String::new();
    for (name, value) in &options.settings {
        writeln!(lines, "{name} = '{}'", value.replace('\'', "''"))?;
    }
    let file = folder.join("data/postgresql.conf");
    let before = fs::read_to_string(&file)?;
    fs::write(file, before + &lines)?;
    Ok(())
}

/// Starts the server on a free port and waits until it takes connections.
pub(super) fn launch(options: &Options, user: User, folder: &Path) -> Result<(Supervisor, u16)> {
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
