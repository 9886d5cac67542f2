//! `backup`.

use super::open::Purpose;
use super::outcome::Outcome;
use super::session::Session;
use crate::error::Result;
use crate::operation::backup::{self, Request};

/// Back up a database
///
/// Prints the new backup's id. Either everything is in the backup, or there is none: what can't be carried is told as a
/// note, and what fails fails the backup.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance, by its name in the configuration
    instance: String,

    /// The database, if not the one in the instance's URL
    #[arg(long, value_name = "NAME")]
    database: Option<String>,

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
        jobs: args.jobs,
        tags: args.tags,
        settings: args.settings,
    };
    let outcome = backup::run(&party, &repository, &request, session.environment(&config)).await?;
    session.ui.result(&Outcome::from(outcome))
}
