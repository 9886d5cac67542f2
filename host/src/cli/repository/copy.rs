//! `repository copy`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::open::{Purpose, Which};
use crate::cli::selector::{self, Selector};
use crate::cli::session::Session;
use crate::cli::several::Several;
use crate::error::{Error, Result};
use crate::operation::copy;

/// Copy backups to another repository
///
/// Every unit is read again on the way and held against what was seen when the backup was made, and is sealed to the other
/// repository's key. A copy bears its backup's name; what the other repository has already is left as it is there, so the
/// command can be repeated. One that fails doesn't stop the others. Needs the recovery key or a passphrase of this
/// repository, and any key of the other one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backups; all of them if none is named
    #[arg(value_name = "BACKUP", help = selector::HELP)]
    backups: Vec<Selector>,

    /// The other repository: its name in the configuration, or a URL or path
    #[arg(long, value_name = "NAME|URL")]
    to: String,

    /// Open the other repository with the key in this file
    #[arg(long, value_name = "FILE")]
    to_key_file: Option<PathBuf>,

    /// Streams that are copied side by side
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = crate::cli::jobs())]
    jobs: usize,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let source = session.repository(&config, Purpose::Everything).await?;
    let other = Which { repository: Some(&args.to), key_file: args.to_key_file.as_deref() };
    let target = session.open(&config, other, Purpose::Bookkeeping).await?;
    let mut several = Several::default();
    let mut manifests = Vec::new();
    if args.backups.is_empty() {
        let listing = session.or_cancelled(source.list()).await?;
        manifests = listing.manifests;
        for unreadable in listing.unreadable {
            several.add(&session.ui, &unreadable.backup, Err(unreadable.error));
        }
    } else {
        for selector in &args.backups {
            manifests.push(session.or_cancelled(selector.find(&source)).await?);
        }
    }
    // The oldest first, so that a copy that was stopped goes on where it was.
    manifests.sort_by(|a, b| a.id.cmp(&b.id));
    manifests.dedup_by(|a, b| a.id == b.id);
    if source.pin() == target.pin() {
        return Err(Error::invalid_options("--to names the repository that the backups are in"));
    }
    let there = session.or_cancelled(target.list()).await?;
    let sound: BTreeSet<_> = there.manifests.into_iter().map(|manifest| manifest.id).collect();
    for manifest in manifests {
        if sound.contains(&manifest.id) {
            session.ui.say(&format!("{} is there already", manifest.id));
            continue;
        }
        if session.cancel.is_cancelled() {
            return Err(Error::cancelled("stopped; what was copied before is whole"));
        }
        let copied = copy::run(&source, &manifest, &target, args.jobs, session.environment(&config)).await;
        several.add(&session.ui, manifest.id.as_str(), copied.map(|outcome| outcome.backup));
    }
    session.ui.result(&several)?;
    several.verdict("copies")
}
