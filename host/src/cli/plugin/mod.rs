//! `plugin`.

mod build;
mod inspect;
mod list;

use super::session::Session;
use crate::error::Result;

/// List, inspect and build engine plugins
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Inspect(inspect::Args),
    Build(build::Args),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::List(args) => list::run(&args, session).await,
            Self::Inspect(args) => inspect::run(&args, session).await,
            Self::Build(args) => build::run(args, session).await,
        }
    }
}
