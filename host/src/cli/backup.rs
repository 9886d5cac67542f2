//! `backup`.

use super::globals::GlobalsArgs;
use super::open::Purpose;
use super::outcome::Outcome;
use super::patience::Patience;
use super::session::Session;
use super::several::Several;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::operation::backup::{self, Request};
use crate::operation::{Party, check};
use crate::repository::Repository;

/// Back up a database
///
/// Prints the new backup's id, with --all-databases one a line with its database. Either everything is in the backup, or there is none: what can't be carried is told as a
/// note, and what fails fails the backup.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance, by its name in the configuration
    instance: String,

    /// The database, if not the one in the instance's URL
    #[arg(long, value_name = "NAME")]
    database: Option<String>,

    /// Every database of the instance but templates, each as a backup of its own; one that fails doesn't stop the others
    #[arg(long, conflicts_with = "database")]
    all_databases: bool,

    /// Only objects that match, as in 'public.orders_*'; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// All but objects that match; may be repeated
    #[arg(long, value_name = "PATTERN")]
    except: Vec<String>,

    /// Sessions that read side by side
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = super::jobs())]
    jobs: usize,

    /// A word to find the backup by; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    #[command(flatten)]
    globals: GlobalsArgs,

    #[command(flatten)]
    patience: Patience,

    /// A setting of the engine, as `plugin inspect` lists them; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::setting)]
    settings: Vec<(String, String)>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let party = session.party(&config, &args.instance).await?;
    let request = Request {
        database: args.database,
        only: args.only,
        except: args.except,
        patience: args.patience.into(),
        jobs: args.jobs,
        tags: args.tags,
        settings: args.globals.settings(&party, args.settings)?,
    };
    if args.all_databases {
        return each(&party, &repository, request, session, &config).await;
    }
    let outcome = backup::run(&party, &repository, &request, session.environment(&config)).await?;
    session.ui.result(&Outcome::from(outcome))
}

/// Every database for itself.
async fn each(
    party: &Party,
    repository: &Repository,
    request: Request,
    session: &Session,
    config: &Config,
) -> Result<()> {
    let databases = check::inspect(party, session.environment(config)).await?.databases;
    if databases.is_empty() {
        return Err(Error::not_found(format!("{} has no databases", party.name)));
    }
    let mut several = Several::default();
    for database in databases {
        if session.cancel.is_cancelled() {
            return Err(Error::cancelled("stopped; the backups that were told before are whole"));
        }
        let request = Request { database: Some(database.name.clone()), ..request.clone() };
        let made = backup::run(party, repository, &request, session.environment(config)).await;
        several.add(&session.ui, &database.name, made.map(|outcome| outcome.backup));
    }
    session.ui.result(&several)?;
    several.verdict("databases")
}
