//! `repository prune`.

use std::fmt;

use serde::Serialize;

use crate::cli::human;
use crate::cli::open::Purpose;
use crate::cli::session::Session;
use crate::error::Result;
use crate::repository::PruneOptions;

/// Delete what no backup needs any more
///
/// It may run beside backups. What it finds to be unneeded is only noted; a later prune deletes it, once every operation
/// that was under way has ended and an hour has passed. So run it daily.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,

    /// Go on if the repository holds data and not one backup, which looks like a listing that failed
    #[arg(long)]
    without_backups: bool,
}

/// What was deleted.
#[derive(Serialize)]
struct Tidied {
    dry_run: bool,
    deleted_chunks: u64,
    deleted_bytes: u64,
    waiting_chunks: u64,
    waiting_bytes: u64,
    waiting_for: Vec<String>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let options =
        PruneOptions { dry_run: args.dry_run, without_backups: args.without_backups, ..PruneOptions::default() };
    let pruned = session.or_cancelled(repository.prune(&options)).await?;
    session.ui.result(&Tidied {
        dry_run: pruned.dry_run,
        deleted_chunks: pruned.deleted,
        deleted_bytes: pruned.deleted_bytes,
        waiting_chunks: pruned.waiting,
        waiting_bytes: pruned.waiting_bytes,
        waiting_for: pruned.waiting_for,
    })
}

impl fmt::Display for Tidied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.dry_run { "would delete" } else { "deleted" };
        write!(f, "{verb} {}, {}", human::several(self.deleted_chunks, "chunk"), human::size(self.deleted_bytes))?;
        if self.waiting_chunks > 0 {
            write!(
                f,
                "\nnot needed, and to go with a later prune: {}, {}",
                human::several(self.waiting_chunks, "chunk"),
                human::size(self.waiting_bytes)
            )?;
        }
        if !self.waiting_for.is_empty() {
            write!(f, "\nwaiting for the end of: {}", self.waiting_for.join(", "))?;
        }
        Ok(())
    }
}
