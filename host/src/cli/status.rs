//! `status`.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::age::age;
use super::human;
use super::open::Purpose;
use super::session::Session;
use super::table::Table;
use crate::error::{Error, Result};
use crate::repository::{CheckOptions, Freshness, Kind, Standing, standings};

/// Say whether each instance has a whole backup that is new enough
///
/// One line for each database that backups name. Ends with exit code 6 if a backup is missing or too old, so that a
/// monitor needs nothing else. A backup counts if all that it needs is there; its data isn't read. Backups of chosen
/// objects and imported ones don't count. Of a database that isn't backed up any more, forget the backups.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instances; all that are configured if none is named
    #[arg(value_name = "INSTANCE")]
    instances: Vec<String>,

    /// How old the newest backup may be, counted from its beginning: 26h, 8d; any age if it isn't given
    #[arg(long, value_name = "PERIOD", value_parser = age)]
    max_age: Option<Duration>,
}

/// How they stand.
#[derive(Serialize)]
struct Status {
    fresh: bool,
    instances: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    instance: String,
    database: Option<String>,
    backup: Option<String>,
    started: Option<Timestamp>,
    age_seconds: Option<i64>,
    state: Freshness,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let instances: Vec<String> = if args.instances.is_empty() {
        config.instances.keys().map(ToString::to_string).collect()
    } else {
        let known = args.instances.iter().map(|name| config.instance(name).map(|(name, _)| name.to_string()));
        known.collect::<Result<_>>()?
    };
    if instances.is_empty() {
        return Err(Error::invalid_options("no instance is configured, so there is nothing to tell")
            .with_hint("add one as [instances.NAME]"));
    }
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let listing = session.or_cancelled(repository.list()).await?;
    let report = session.or_cancelled(repository.check(CheckOptions::default(), |_| {})).await?;
    let broken: BTreeSet<&str> = report.problems.iter().map(|problem| problem.backup.as_str()).collect();
    for backup in &broken {
        session.ui.warn(&format!("backup {backup} isn't whole and doesn't count; `backups verify {backup}` tells why"));
    }
    let whole: Vec<_> = listing
        .manifests
        .iter()
        .filter(|manifest| !broken.contains(manifest.id.as_str()))
        .map(|manifest| (Kind::of(manifest), manifest.id.clone(), manifest.started))
        .collect();
    let now = Timestamp::now();
    let standings = standings(&instances, &whole, now, args.max_age);
    let bad: Vec<String> = standings.iter().filter(|s| s.freshness != Freshness::Fresh).map(named).collect();
    let all = standings.len();
    let lines = standings.into_iter().map(|standing| Line::new(standing, now)).collect();
    session.ui.result(&Status { fresh: bad.is_empty(), instances: lines })?;
    if bad.is_empty() {
        return Ok(());
    }
    Err(Error::stale(format!("{} of {all} have no fresh backup: {}", bad.len(), bad.join(", "))))
}

fn named(standing: &Standing) -> String {
    let database = standing.database.as_ref().map(|database| format!("/{database}")).unwrap_or_default();
    format!("{}{database}", standing.instance)
}

impl Line {
    fn new(standing: Standing, now: Timestamp) -> Self {
        let (backup, started) = standing.newest.unzip();
        Self {
            instance: standing.instance,
            database: standing.database,
            backup: backup.map(|id| id.to_string()),
            started,
            age_seconds: started.map(|at| now.duration_since(at).as_secs()),
            state: standing.freshness,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["INSTANCE", "DATABASE", "STATE", ">AGE", "BACKUP"]);
        for line in &self.instances {
            let state = match line.state {
                Freshness::Fresh => "fresh",
                Freshness::TooOld => "too old",
                Freshness::InTheFuture => "in the future",
                Freshness::Missing => "missing",
            };
            let age = line.age_seconds.and_then(|s| u64::try_from(s).ok()).map(Duration::from_secs);
            table.row([
                line.instance.clone(),
                line.database.clone().unwrap_or_default(),
                state.to_owned(),
                age.map(human::period).unwrap_or_default(),
                line.backup.clone().unwrap_or_default(),
            ]);
        }
        table.fmt(f)
    }
}
