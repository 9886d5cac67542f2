//! `repository`.

mod check;
mod copy;
mod init;
mod key;
mod prune;

use super::session::Session;
use crate::error::Result;

/// Make, check, tidy up and copy repositories, and handle their keys
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Init(init::Args),
    Check(check::Args),
    Prune(prune::Args),
    Copy(copy::Args),
    #[command(subcommand)]
    Key(key::Command),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::Init(args) => init::run(&args, session).await,
            Self::Check(args) => check::run(&args, session).await,
            Self::Prune(args) => prune::run(&args, session).await,
            Self::Copy(args) => copy::run(args, session).await,
            Self::Key(command) => command.run(session).await,
        }
    }
}
