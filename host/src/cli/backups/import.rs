//! `backups import`.

use std::path::PathBuf;

use crate::cli::open::Purpose;
use crate::cli::outcome::Outcome;
use crate::cli::session::Session;
use crate::error::Result;
use crate::operation::import::{self, Request};

/// Make a backup of the engine's own files
///
/// Takes a folder that the engine's own tools, or `backups export`, have made. Either all of it is in the backup, or there
/// is none. Prints the new backup's id. Needs no server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// The instance that it is of: its engine reads the folder, and the backup is listed under its name
    #[arg(long, value_name = "INSTANCE")]
    instance: String,

    /// Units that are made side by side
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = crate::cli::jobs())]
    jobs: usize,

    /// A word to find the backup by; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// A setting of the engine, as `plugin inspect` lists them; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::cli::setting)]
    settings: Vec<(String, String)>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let (name, instance) = config.instance(&args.instance)?;
    let plugin = session.plugin(&config, instance.engine.as_str()).await?;
    let request = Request {
        folder: args.folder,
        instance: name.to_string(),
        jobs: args.jobs,
        tags: args.tags,
        settings: args.settings,
    };
    let outcome = import::run(&plugin, &repository, &request, session.environment(&config)).await?;
    session.ui.result(&Outcome::from(outcome))
}
