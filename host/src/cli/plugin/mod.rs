//! `plugin`.

mod build;
mod inspect;
mod list;
mod new;

use super::session::Session;
use crate::error::Result;

/// List and inspect engine plugins, and make new ones
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Inspect(inspect::Args),
    New(new::Args),
    Build(build::Args),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::List(args) => list::run(&args, session).await,
            Self::Inspect(args) => inspect::run(&args, session).await,
            Self::New(args) => new::run(&args, session),
            Self::Build(args) => build::run(args, session).await,
        }
    }
}
