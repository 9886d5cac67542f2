//! `plugin remove`.

use std::fmt;

use serde::Serialize;

use crate::cli::open::store;
use crate::cli::session::Session;
use crate::error::Result;
use crate::install::Entry;

/// Take a plugin out of cofferdam.lock, so that it can't run any more
///
/// With it goes what was known: its publisher, its version and its grants. Backups that it made stay.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plugin's name, which is its engine's
    name: String,
}

/// What was removed.
#[derive(Serialize)]
struct Removed<'a> {
    name: &'a str,
    #[serde(flatten)]
    entry: Entry,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let entry = store(&config)?.remove(&args.name)?;
    for (name, _) in config.instances.iter().filter(|(_, instance)| instance.engine.as_str() == args.name) {
        session.ui.warn(&format!("the instance {name} can't be used any more: its engine was {}", args.name));
    }
    session.ui.result(&Removed { name: &args.name, entry })
}

impl fmt::Display for Removed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} removed", self.name, self.entry.version)
    }
}
