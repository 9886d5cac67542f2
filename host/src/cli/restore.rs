//! `restore`.

use super::findings::Findings;
use super::into::{self, IntoArgs};
use super::open::Purpose;
use super::outcome::Outcome;
use super::selector::{self, Selector};
use super::session::Session;
use crate::error::Result;
use crate::operation::restore::{self, Request};

/// Restore a backup into an instance
///
/// The database is built beside whatever is there and gets its name last, so that nothing half-done is seen under it. An
/// empty database of that name is filled in place instead; what to do with one that has anything in it is for --if-exists
/// to say. Needs the recovery key or a passphrase.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    #[arg(value_name = "BACKUP", help = selector::HELP)]
    backup: Selector,

    /// The instance to restore into
    #[arg(long, value_name = "INSTANCE")]
    to: String,

    /// The database to make, if not the one that was backed up
    #[arg(long, value_name = "NAME")]
    database: Option<String>,

    /// Only objects that match, as in 'public.orders_*', with what they need; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// All but objects that match; may be repeated
    #[arg(long, value_name = "PATTERN")]
    except: Vec<String>,

    #[command(flatten)]
    into: IntoArgs,

    /// Also make the roles that the backup holds and the server doesn't have; those that are there stay as they are
    #[arg(long)]
    globals: bool,

    /// Sessions that write side by side
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = super::jobs())]
    jobs: usize,

    /// Say what would happen and what would stop it, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Restore so that it acts on nothing outside of it, as for staging: subscriptions, user mappings, scheduled jobs and
    /// event triggers are switched off or left out
    #[arg(long)]
    neutral: bool,

    /// Pass over what the server refuses, and restore the rest
    ///
    /// For an emergency. What failed is told one by one, with the rows that are missing, and the exit code is 7. A lost
    /// connection, a full disk or damaged data end it all the same. Never with --if-exists replace or append.
    #[arg(long)]
    keep_going: bool,

    /// A setting of the engine, as `plugin inspect` lists them; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::setting)]
    settings: Vec<(String, String)>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Everything).await?;
    let manifest = session.or_cancelled(args.backup.find(&repository)).await?;
    let party = session.party(&config, &args.to).await?;
    let (if_exists, mut settings) = args.into.settings(&party, args.settings)?;
    let globals: Vec<(String, String)> =
        args.globals.then(|| ("globals".to_owned(), "on".to_owned())).into_iter().collect();
    into::known(&party, &globals)?;
    settings.extend(globals);
    let request = Request {
        database: args.database,
        only: args.only,
        except: args.except,
        if_exists,
        jobs: args.jobs,
        neutral: args.neutral,
        keep_going: args.keep_going,
        settings,
    };
    let environment = session.environment(&config);
    if args.dry_run {
        let findings = Findings::new(restore::dry_run(&party, &manifest, &request, environment).await?);
        session.ui.result(&findings)?;
        return findings.verdict(&format!("backup {} can't be restored to {}", manifest.id, party.name));
    }
    let outcome = restore::run(&party, &repository, &manifest, &request, environment).await?;
    Outcome::tell(outcome, &session.ui)
}
