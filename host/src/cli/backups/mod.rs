//! `backups`.

mod export;
mod forget;
mod import;
mod list;
mod show;
mod verify;

use super::session::Session;
use crate::error::Result;

/// List, show, verify, export, import and forget backups
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Verify(verify::Args),
    Export(export::Args),
    Import(import::Args),
    Forget(forget::Args),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::List(args) => list::run(&args, session).await,
            Self::Show(args) => show::run(&args, session).await,
            Self::Verify(args) => verify::run(&args, session).await,
            Self::Export(args) => export::run(args, session).await,
            Self::Import(args) => import::run(args, session).await,
            Self::Forget(args) => forget::run(&args, session).await,
        }
    }
}
