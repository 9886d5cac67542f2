//! `plugin`.

mod add;
mod build;
mod description;
mod inspect;
mod keygen;
mod list;
mod new;
mod remove;
mod sign;
mod test;

use super::session::Session;
use crate::error::Result;

/// Add and inspect engine plugins; write, build and sign them
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Inspect(inspect::Args),
    Add(Box<add::Args>),
    Remove(remove::Args),
    New(new::Args),
    Build(build::Args),
    Keygen(keygen::Args),
    Sign(sign::Args),
    Test(test::Args),
}

impl Command {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self {
            Self::List(args) => list::run(&args, session).await,
            Self::Inspect(args) => inspect::run(&args, session).await,
            Self::Add(args) => add::run(*args, session).await,
            Self::Remove(args) => remove::run(&args, session),
            Self::New(args) => new::run(&args, session),
            Self::Test(args) => test::run(&args, session).await,
            Self::Build(args) => build::run(args, session).await,
            Self::Keygen(args) => keygen::run(&args, session),
            Self::Sign(args) => sign::run(args, session).await,
        }
    }
}
