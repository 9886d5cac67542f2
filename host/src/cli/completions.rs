//! `completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::session::Session;
use crate::error::Result;

/// Print a completion script for a shell
///
/// For bash: cofferdam completions bash > ~/.local/share/bash-completion/completions/cofferdam
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cofferdam", &mut script);
    session.ui.raw(&script)
}
