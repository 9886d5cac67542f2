//! `manual`.

use std::path::PathBuf;

use clap::CommandFactory;

use super::Cli;
use super::session::Session;
use crate::error::{Error, Result};

/// Write the manual pages, one for each command, into a folder
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; it is made if it isn't there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<()> {
    let folder = args.folder.display();
    let failed = |e| Error::storage(format!("can't write the manual pages into {folder}")).with_cause(e);
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)?;
    session.ui.say(&format!("the manual pages are in {folder}; `man -l {folder}/cofferdam.1` shows the first"));
    Ok(())
}
