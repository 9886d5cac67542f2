//! `repository key`.

mod add;
mod list;
mod remove;

use crate::cli::session::Session;
use crate::error::Result;

/// List, add and remove a repository's keys
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Add(add::Args),
    Remove(remove::Args),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::List(args) => list::run(&args, session).await,
            Self::Add(args) => add::run(&args, session).await,
            Self::Remove(args) => remove::run(&args, session).await,
        }
    }
}
