//! `instance`.

mod check;
mod list;
mod show;

use super::session::Session;
use crate::error::Result;

/// List, look at and check the configured database servers
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Check(check::Args),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::List(args) => list::run(&args, session),
            Self::Show(args) => show::run(&args, session).await,
            Self::Check(args) => check::run(&args, session).await,
        }
    }
}
