//! `plugin list`.

use std::fmt;

use serde::Serialize;

use super::inspect::compile;
use crate::cli::open::{runtime, store};
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::Result;
use crate::install::{Entry, Store};
use crate::plugin::Publisher;

/// List the installed plugins, who published them, what they can do and what they are granted
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The plugins.
#[derive(Serialize)]
struct Plugins {
    plugins: Vec<Plugin>,
}

#[derive(Serialize)]
struct Plugin {
    name: String,
    #[serde(flatten)]
    entry: Entry,
    capabilities: Vec<&'static str>,
    /// Why it can't be used.
    problem: Option<String>,
}

pub(super) async fn run(_: &Args, session: &Session) -> Result<()> {
    let store = store(&session.config()?)?;
    let mut plugins = Vec::new();
    for (name, entry) in store.lock()?.plugins {
        let (capabilities, problem) = match session.or_cancelled(look(&store, name.as_str())).await {
            Ok(seen) => seen,
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        plugins.push(Plugin { name: name.to_string(), entry, capabilities, problem });
    }
    session.ui.result(&Plugins { plugins })
}

/// What an installed plugin can do, and why it can't be used.
async fn look(store: &Store, name: &str) -> Result<(Vec<&'static str>, Option<String>)> {
    let installed = store.get(name)?;
    let candidate = compile(installed.bytes, runtime()?).await?;
    let inspection = candidate.inspection();
    installed.entry.check(&installed.name, inspection)?;
    let refused = candidate.refusals(&installed.entry.grants);
    let problem = refused.first().map(|r| format!("{}: {}", r.import, r.reason));
    Ok((inspection.capabilities.iter().map(|c| c.name()).collect(), problem))
}

impl fmt::Display for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["NAME", "VERSION", "PUBLISHER", "CAN", "GRANTED", "PROBLEM"]);
        for plugin in &self.plugins {
            table.row([
                plugin.name.clone(),
                plugin.entry.version.to_string(),
                plugin.entry.publisher.as_ref().map_or_else(|| "not signed".to_owned(), Publisher::short),
                plugin.capabilities.join(", "),
                plugin.entry.grants.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
                plugin.problem.clone().unwrap_or_default(),
            ]);
        }
        table.fmt(f)
    }
}
