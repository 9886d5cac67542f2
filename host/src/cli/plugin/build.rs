//! `plugin build`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::human;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::plugin::build;

/// Build a plugin and make it a component
///
/// A folder with a Cargo.toml or, in Python, a pyproject.toml has a plugin.toml beside it, which says who the plugin is. Prints
/// the component's path.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,

    /// The component's file, instead of plugins/NAME.wasm in cargo's target folder, or dist/NAME.wasm
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The component.
#[derive(Serialize)]
struct Built {
    name: String,
    version: String,
    path: PathBuf,
    bytes: u64,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let work = tokio::task::spawn_blocking(move || build::build(&args.folder, args.output.as_deref()));
    let built = work.await.map_err(|e| Error::internal("the plugin can't be built").with_cause(e))??;
    let about = built.about;
    session.ui.say(&format!("{} {}, {}", about.title, about.version, human::size(built.bytes)));
    session.ui.result(&Built { name: about.name, version: about.version, path: built.path, bytes: built.bytes })
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())
    }
}
