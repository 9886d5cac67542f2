//! `backups forget`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::value_parser;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::age::age;
use crate::cli::open::Purpose;
use crate::cli::selector::{self, Selector};
use crate::cli::session::Session;
use crate::error::Result;
use crate::repository::{BackupId, CheckOptions, Kind, Repository, Retention, Verdict};

/// Forget backups
///
/// Those that are named, or all that no --keep rule keeps. Rules hold for each database of each instance by itself, and
/// for backups of the same chosen objects by themselves; the newest of each is always kept. A backup that isn't whole
/// neither counts nor is forgotten, unless it is named. Hours, days and so on are those of UTC. What is forgotten can't be
/// restored any more; its space comes back with `repository prune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backups
    #[arg(value_name = "BACKUP", help = selector::HELP, required_unless_present = "rules")]
    backups: Vec<Selector>,

    #[command(flatten)]
    rules: Rules,

    /// Say what would be forgotten, and forget nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "rules", multiple = true, conflicts_with = "backups")]
struct Rules {
    /// Keep the newest N
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    keep_last: Option<usize>,

    /// Keep the last of each of the newest N hours that have one
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    keep_hourly: Option<usize>,

    /// Of N days
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    keep_daily: Option<usize>,

    /// Of N weeks
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    keep_weekly: Option<usize>,

    /// Of N months
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    keep_monthly: Option<usize>,

    /// Of N years
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    keep_yearly: Option<usize>,

    /// Keep what is at most so much older than the newest: 36h, 30d, 8w
    #[arg(long, value_name = "PERIOD", value_parser = age)]
    keep_within: Option<Duration>,
}

fn at_least_one() -> impl TypedValueParser<Value = usize> {
    value_parser!(u32).range(1..).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

impl Rules {
    fn retention(&self) -> Retention {
        let number = |rule: Option<usize>| rule.unwrap_or(0);
        Retention {
            last: number(self.keep_last),
            hourly: number(self.keep_hourly),
            daily: number(self.keep_daily),
            weekly: number(self.keep_weekly),
            monthly: number(self.keep_monthly),
            yearly: number(self.keep_yearly),
            within: self.keep_within,
        }
    }
}

/// The backups that are gone, and those that rules kept.
#[derive(Serialize)]
struct Gone {
    dry_run: bool,
    backups: Vec<String>,
    kept: Vec<Kept>,
}

#[derive(Serialize)]
struct Kept {
    backup: String,
    rules: Vec<&'static str>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let retention = args.rules.retention();
    let (ids, kept) = if retention.is_set() {
        judged(&retention, &repository, session).await?
    } else {
        (named(&args.backups, &repository, session).await?, Vec::new())
    };
    let forgotten = repository.forget(&ids, args.dry_run).await?;
    let backups = forgotten.backups.iter().map(ToString::to_string).collect();
    session.ui.result(&Gone { dry_run: forgotten.dry_run, backups, kept })
}

async fn named(selectors: &[Selector], repository: &Repository, session: &Session) -> Result<Vec<BackupId>> {
    let mut ids = Vec::new();
    for selector in selectors {
        let id = match selector.whole_id() {
            // Also one that can't be read any more.
            Some(id) => id,
            None => session.or_cancelled(selector.find(repository)).await?.id,
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What no rule keeps, and what the rules keep.
async fn judged(
    retention: &Retention,
    repository: &Repository,
    session: &Session,
) -> Result<(Vec<BackupId>, Vec<Kept>)> {
    let listing = session.or_cancelled(repository.list()).await?;
    let report = session.or_cancelled(repository.check(CheckOptions::default(), |_| {})).await?;
    let mut broken: BTreeSet<String> = report.problems.into_iter().map(|problem| problem.backup).collect();
    broken.extend(listing.unreadable.into_iter().map(|unreadable| unreadable.backup));
    for backup in &broken {
        session.ui.warn(&format!("backup {backup} isn't whole: it doesn't count, and isn't forgotten"));
    }
    let mut kinds: BTreeMap<Kind, Vec<(BackupId, Timestamp)>> = BTreeMap::new();
    for manifest in listing.manifests.iter().filter(|manifest| !broken.contains(manifest.id.as_str())) {
        kinds.entry(Kind::of(manifest)).or_default().push((manifest.id.clone(), manifest.started));
    }
    let verdicts = kinds.values().flat_map(|backups| retention.judge(backups));
    let (kept, forgotten): (Vec<Verdict>, Vec<Verdict>) = verdicts.partition(|verdict| !verdict.kept_by.is_empty());
    let kept = kept.into_iter().map(|verdict| Kept { backup: verdict.id.to_string(), rules: verdict.kept_by });
    Ok((forgotten.into_iter().map(|verdict| verdict.id).collect(), kept.collect()))
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (forgot, kept) = if self.dry_run { ("would forget", "would keep") } else { ("forgot", "kept") };
        self.backups.iter().try_for_each(|backup| writeln!(f, "{forgot} {backup}"))?;
        self.kept.iter().try_for_each(|of| writeln!(f, "{kept} {} ({})", of.backup, of.rules.join(", ")))
    }
}
