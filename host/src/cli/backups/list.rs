//! `backups list`.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::human;
use crate::cli::open::Purpose;
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::{Error, Result};
use crate::repository::{Listing, Manifest};

/// List the backups, the newest first
///
/// A backup that can't be read is told, and makes the exit code that of its error.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those of this instance
    instance: Option<String>,

    /// Only those with this tag; repeated, with all of them
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

/// The backups.
#[derive(Serialize)]
struct Backups {
    backups: Vec<Backup>,
}

#[derive(Serialize)]
struct Backup {
    id: String,
    started: Timestamp,
    finished: Timestamp,
    instance: String,
    database: Option<String>,
    engine: String,
    units: usize,
    rows: u64,
    bytes: u64,
    tags: Vec<String>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let Listing { manifests, unreadable } = session.or_cancelled(repository.list()).await?;
    let backups = manifests.into_iter().filter(|m| args.wants(m)).map(Backup::from).collect();
    session.ui.result(&Backups { backups })?;
    let Some(last) = unreadable.len().checked_sub(1) else { return Ok(()) };
    for (n, unreadable) in unreadable.into_iter().enumerate() {
        let error = unreadable.error.while_doing(format!("backup {} can't be read", unreadable.backup));
        if n == last {
            return Err(error);
        }
        session.ui.warn(&told(&error));
    }
    Ok(())
}

fn told(error: &Error) -> String {
    let causes = error.causes();
    if causes.is_empty() { error.to_string() } else { format!("{error}: {}", causes.join(": ")) }
}

impl Args {
    fn wants(&self, manifest: &Manifest) -> bool {
        self.instance.as_ref().is_none_or(|i| *i == manifest.instance)
            && self.tags.iter().all(|tag| manifest.tags.contains(tag))
    }
}

impl From<Manifest> for Backup {
    fn from(manifest: Manifest) -> Self {
        Self {
            id: manifest.id.to_string(),
            started: manifest.started,
            finished: manifest.finished,
            units: manifest.units.len(),
            rows: manifest.units.iter().filter_map(|u| u.rows).sum(),
            bytes: manifest.units.iter().map(|u| u.bytes).sum(),
            instance: manifest.instance,
            database: manifest.database,
            engine: manifest.engine,
            tags: manifest.tags,
        }
    }
}

impl fmt::Display for Backups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["BACKUP", "STARTED", "INSTANCE", "DATABASE", ">UNITS", ">ROWS", ">SIZE", "TAGS"]);
        for backup in &self.backups {
            table.row([
                backup.id.clone(),
                human::time(backup.started),
                backup.instance.clone(),
                backup.database.clone().unwrap_or_default(),
                human::count(backup.units as u64),
                human::count(backup.rows),
                human::size(backup.bytes),
                backup.tags.join(", "),
            ]);
        }
        table.fmt(f)
    }
}
