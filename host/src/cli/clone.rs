//! `clone`.

use super::globals::GlobalsArgs;
use super::into::IntoArgs;
use super::outcome::Outcome;
use super::patience::Patience;
use super::session::Session;
use crate::error::Result;
use crate::operation::clone::{self, Request};

/// Copy a database from one instance to another, with nothing on disk between them
///
/// Reads a consistent state of the source while it is in use. Where both are one server that can copy a database by itself,
/// and nobody uses the source, the server does that. The copy gets its name last; what to do with an existing database that
/// has objects in it is for --if-exists to say.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance to read
    source: String,

    /// The instance to write
    target: String,

    /// The database to read, if not the one in the source's URL
    #[arg(long, value_name = "NAME")]
    database: Option<String>,

    /// The database to make, if it isn't to be called the same
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,

    /// Only objects that match, as in 'public.orders_*'; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// All but objects that match; may be repeated
    #[arg(long, value_name = "PATTERN")]
    except: Vec<String>,

    #[command(flatten)]
    into: IntoArgs,

    /// Sessions that work side by side on each server
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = super::jobs())]
    jobs: usize,

    /// Make a copy that acts on nothing outside of it, as for staging: subscriptions, user mappings, scheduled jobs and
    /// event triggers are switched off or left out
    #[arg(long)]
    neutral: bool,

    /// Pass over what the server refuses, and copy the rest
    ///
    /// For an emergency. What failed is told one by one, with the rows that are missing, and the exit code is 7. A lost
    /// connection, a full disk or damaged data end it all the same. Never with --if-exists replace or append.
    #[arg(long)]
    keep_going: bool,

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
    let source = session.party(&config, &args.source).await?;
    let target = session.party(&config, &args.target).await?;
    let (if_exists, settings) = args.into.settings(&target, args.settings)?;
    let settings = args.globals.settings(&source, settings)?;
    let request = Request {
        database: args.database,
        target: args.name,
        only: args.only,
        except: args.except,
        patience: args.patience.into(),
        if_exists,
        neutral: args.neutral,
        keep_going: args.keep_going,
        jobs: args.jobs,
        settings,
    };
    let outcome = clone::run(&source, &target, &request, session.environment(&config)).await?;
    Outcome::tell(outcome, &session.ui)
}
