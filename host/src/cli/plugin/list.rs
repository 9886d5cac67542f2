//! `plugin list`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::inspect::component;
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::Result;

/// List the configured plugins, what they can do and what they are granted
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
    version: Option<String>,
    capabilities: Vec<&'static str>,
    grants: Vec<String>,
    path: PathBuf,
    /// Why it can't be used.
    problem: Option<String>,
}

pub(super) async fn run(_: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let mut plugins = Vec::new();
    for (name, plugin) in config.plugins {
        let found = session.or_cancelled(component(plugin.path.clone())).await;
        let (version, capabilities, problem) = match found {
            Ok(candidate) => {
                let inspection = candidate.inspection();
                let refused = candidate.refusals(&plugin.grants.iter().cloned().collect());
                let capabilities = inspection.capabilities.iter().map(|c| c.name()).collect();
                let problem = refused.first().map(|r| format!("{}: {}", r.import, r.reason));
                (Some(inspection.about.version.clone()), capabilities, problem)
            }
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => (None, Vec::new(), Some(error.to_string())),
        };
        let (name, path, grants) = (name.to_string(), plugin.path, plugin.grants);
        plugins.push(Plugin { name, version, capabilities, grants, path, problem });
    }
    session.ui.result(&Plugins { plugins })
}

impl fmt::Display for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["NAME", "VERSION", "CAN", "GRANTED", "FILE", "PROBLEM"]);
        for plugin in &self.plugins {
            table.row([
                plugin.name.clone(),
                plugin.version.clone().unwrap_or_default(),
                plugin.capabilities.join(", "),
                plugin.grants.join(", "),
                plugin.path.display().to_string(),
                plugin.problem.clone().unwrap_or_default(),
            ]);
        }
        table.fmt(f)
    }
}
