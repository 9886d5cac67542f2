//! Where the programs of each PostgreSQL major are: Debian's, or what `tests/setup/postgresql` installed.

use std::path::{Path, PathBuf};
use std::{env, fmt};

use crate::error::{Error, Result};

/// A major version of PostgreSQL that the tests have a server of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Major {
    /// 13, the oldest that is supported. Server only; TLS, ICU.
    V13,
    /// 15, Debian's. Everything that Debian builds in.
    V15,
    /// 17. Server and clients; TLS, zstd; no ICU.
    V17,
    /// 18, the newest. TLS, ICU; clients of another build.
    V18,
}

impl Major {
    /// All of them, the oldest first.
    pub const ALL: [Self; 4] = [Self::V13, Self::V15, Self::V17, Self::V18];

    /// The number, as in "15".
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::V13 => 13,
            Self::V15 => 15,
            Self::V17 => 17,
            Self::V18 => 18,
        }
    }

    /// Whether its server is installed here.
    #[must_use]
    pub fn is_installed(self) -> bool {
        self.server("postgres").is_ok()
    }

    /// A program of the server: `initdb`, `postgres`.
    ///
    /// # Errors
    /// If it isn't installed.
    pub fn server(self, program: &str) -> Result<PathBuf> {
        find(self.folders(), program).ok_or_else(|| self.missing(program))
    }

    /// A client program that serves this major: `psql`, `pg_dump`, `pg_restore`. Its own if there is one, else the
    /// nearest newer one; for psql, which doesn't mind, any.
    ///
    /// # Errors
    /// If there is none.
    pub fn client(self, program: &str) -> Result<PathBuf> {
        let newer = Self::ALL.into_iter().filter(|other| *other >= self);
        let older = Self::ALL.into_iter().rev().filter(|other| *other < self && program == "psql");
        newer.chain(older).find_map(|major| find(major.folders(), program)).ok_or_else(|| self.missing(program))
    }

    fn folders(self) -> Vec<PathBuf> {
        let number = self.number();
        let servers = target_folder().join("servers");
        vec![
            format!("/usr/lib/postgresql/{number}").into(),
            servers.join(format!("postgresql-{number}")),
            servers.join(format!("postgresql-{number}-clients")),
        ]
    }

    fn missing(self, program: &str) -> Error {
        format!("no {program} for PostgreSQL {self} is installed here; run `make setup` (tests/setup/postgresql)")
            .into()
    }
}

impl fmt::Display for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, else `target` of this workspace.
#[must_use]
pub fn target_folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = workspace.join(target);
    folder.canonicalize().unwrap_or(folder)
}

fn find(folders: Vec<PathBuf>, program: &str) -> Option<PathBuf> {
    folders.into_iter().map(|folder| folder.join("bin").join(program)).find(|path| path.is_file())
}
