//! `backups verify`.

use std::fmt;

use serde::Serialize;

use crate::cli::open::Purpose;
use crate::cli::outcome::Outcome;
use crate::cli::problems::Problems;
use crate::cli::selector::{self, Selector};
use crate::cli::session::Session;
use crate::error::Result;
use crate::operation::verify;
use crate::repository::CheckOptions;

/// Verify that a backup is whole
///
/// Without more, that everything is there that it needs. With --read-data every unit is read again and its bytes and
/// rows are held against what was seen when the backup was made. With --restore it is restored into a scratch database of
/// that instance, all of which is read, held against the same, and dropped: what comes out at the other end is what was
/// backed up. Ends with exit code 5 if something is wrong.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    #[arg(value_name = "BACKUP", help = selector::HELP)]
    backup: Selector,

    /// Read all data; needs the recovery key or a passphrase
    #[arg(long)]
    read_data: bool,

    /// Restore into a scratch database of this instance; needs the recovery key or a passphrase
    #[arg(long, value_name = "INSTANCE", conflicts_with = "read_data")]
    restore: Option<String>,

    /// Units that are read or written side by side
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = crate::cli::jobs())]
    jobs: usize,
}

/// That everything is there.
#[derive(Serialize)]
struct Verified {
    backup: String,
    #[serde(flatten)]
    problems: Problems,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let purpose = if args.read_data || args.restore.is_some() { Purpose::Everything } else { Purpose::Bookkeeping };
    let repository = session.repository(&config, purpose).await?;
    let manifest = session.or_cancelled(args.backup.find(&repository)).await?;
    if let Some(instance) = &args.restore {
        let party = session.party(&config, instance).await?;
        let environment = session.environment(&config);
        let comparison = verify::by_restoring(&party, &repository, &manifest, args.jobs, environment).await?;
        session.ui.result(&comparison)?;
        return comparison.restored();
    }
    if args.read_data {
        let outcome = verify::run(&repository, &manifest, args.jobs, session.environment(&config)).await?;
        return session.ui.result(&Outcome::from(outcome));
    }
    let report = session.or_cancelled(repository.check(CheckOptions::default(), |_| {})).await?;
    let backup = manifest.id.to_string();
    let problems = report.problems.into_iter().filter(|p| p.backup == backup).collect();
    let verified = Verified { backup, problems: Problems::new(problems) };
    session.ui.result(&verified)?;
    verified.problems.verdict(&format!("backup {}", verified.backup))
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.problems, self.backup)
    }
}
