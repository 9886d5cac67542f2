//! `backups forget`.

use std::fmt;

use serde::Serialize;

use crate::cli::open::Purpose;
use crate::cli::selector::{self, Selector};
use crate::cli::session::Session;
use crate::error::Result;

/// Forget backups
///
/// They can't be restored any more. Their space comes back with `repository prune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backups
    #[arg(value_name = "BACKUP", help = selector::HELP, required = true)]
    backups: Vec<Selector>,

    /// Say what would be forgotten, and forget nothing
    #[arg(long)]
    dry_run: bool,
}

/// The backups that are gone.
#[derive(Serialize)]
struct Gone {
    dry_run: bool,
    backups: Vec<String>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let mut ids = Vec::new();
    for selector in &args.backups {
        let id = match selector.whole_id() {
            // Also one that can't be read any more.
            Some(id) => id,
            None => session.or_cancelled(selector.find(&repository)).await?.id,
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let forgotten = repository.forget(&ids, args.dry_run).await?;
    let backups = forgotten.backups.iter().map(ToString::to_string).collect();
    session.ui.result(&Gone { dry_run: forgotten.dry_run, backups })
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.dry_run { "would forget" } else { "forgot" };
        self.backups.iter().try_for_each(|backup| writeln!(f, "{verb} {backup}"))
    }
}
