//! `repository check`.

use std::fmt;

use serde::Serialize;

use crate::cli::human;
use crate::cli::open::Purpose;
use crate::cli::problems::Problems;
use crate::cli::session::Session;
use crate::error::Result;
use crate::repository::CheckOptions;

/// Check that everything is there that backups need
///
/// Says for each problem which backup, unit and object it is about, and ends with exit code 5 if there is one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Read, decrypt and hash every chunk, too; needs the recovery key or a passphrase
    #[arg(long)]
    read_data: bool,

    /// Put damaged chunks aside, so that no later backup leans on them
    #[arg(long)]
    quarantine: bool,
}

/// What was looked at.
#[derive(Serialize)]
struct Checked {
    backups: u64,
    chunks: u64,
    stored_bytes: u64,
    read_data: bool,
    quarantined: Vec<String>,
    #[serde(flatten)]
    problems: Problems,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let purpose = if args.read_data { Purpose::Everything } else { Purpose::Bookkeeping };
    let repository = session.repository(&config, purpose).await?;
    let options = CheckOptions { read_data: args.read_data, quarantine: args.quarantine };
    let mut tenths = 0;
    let ui = &session.ui;
    let report = session
        .or_cancelled(repository.check(options, move |progress| {
            let now = progress.chunks * 10 / progress.total.max(1);
            if now > tenths {
                tenths = now;
                ui.say(&format!("{} %, {} read", now * 10, human::size(progress.bytes)));
            }
        }))
        .await?;
    let checked = Checked {
        backups: report.backups,
        chunks: report.chunks,
        stored_bytes: report.bytes,
        read_data: args.read_data,
        quarantined: report.quarantined,
        problems: Problems::new(report.problems),
    };
    session.ui.result(&checked)?;
    checked.problems.verdict("the repository")
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.read_data { "all data was read" } else { "the data itself wasn't read" };
        write!(f, "{}", self.problems)?;
        if !self.quarantined.is_empty() {
            writeln!(f, "put aside: {}", human::several(self.quarantined.len() as u64, "damaged chunk"))?;
        }
        write!(
            f,
            "{}, {}, {} stored; {how}",
            human::several(self.backups, "backup"),
            human::several(self.chunks, "chunk"),
            human::size(self.stored_bytes)
        )
    }
}
