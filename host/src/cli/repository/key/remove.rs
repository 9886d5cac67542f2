//! `repository key remove`.

use std::fmt;

use serde::Serialize;

use crate::cli::open::Purpose;
use crate::cli::session::Session;
use crate::error::Result;

/// Remove a key from a repository
///
/// Needs the recovery key or a passphrase. The backups that a removed writer made stay good; it can't make new ones. A
/// removed passphrase opens the repository no more, but whoever used it may have kept what it opened.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The key's id, as `repository key list` shows it
    id: String,
}

/// The key that is gone.
#[derive(Serialize)]
struct Removed<'a> {
    removed: &'a str,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Everything).await?;
    session.or_cancelled(repository.remove_key(&args.id)).await?;
    session.ui.result(&Removed { removed: &args.id })
}

impl fmt::Display for Removed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} removed", self.removed)
    }
}
