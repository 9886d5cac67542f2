//! `plugin inspect`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::open::runtime;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::plugin::about::About;
use crate::plugin::{Candidate, permission};
use crate::secrets::sanitize;

/// Show who a plugin is, what it can do and what it wants to be granted, without running any of it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component's file
    file: PathBuf,
}

/// What can be said of a plugin.
#[derive(Serialize)]
struct Inspected {
    #[serde(flatten)]
    about: About,
    digest: String,
    capabilities: Vec<&'static str>,
    imports: Vec<Import>,
    /// What the configuration would have to grant.
    needs: BTreeSet<&'static str>,
    unknown_exports: Vec<String>,
}

#[derive(Serialize)]
struct Import {
    interface: String,
    /// What it lets the plugin do.
    means: Option<&'static str>,
    /// Why it can't be had.
    refused: Option<String>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let candidate = session.or_cancelled(component(args.file.clone())).await?;
    let inspection = candidate.inspection();
    let import = |interface: &String| match permission::served(interface) {
        Ok(served) => Import { interface: interface.clone(), means: Some(served.means), refused: None },
        Err(refusal) => Import { interface: interface.clone(), means: None, refused: Some(refusal.reason) },
    };
    session.ui.result(&Inspected {
        about: inspection.about.clone(),
        digest: inspection.digest.clone(),
        capabilities: inspection.capabilities.iter().map(|c| c.name()).collect(),
        imports: inspection.imports.iter().map(import).collect(),
        needs: permission::needed(inspection.imports.iter().map(String::as_str)),
        unknown_exports: inspection.unknown_exports.clone(),
    })
}

/// Reads and compiles a component, away from the threads that other work waits for.
pub(super) async fn component(path: PathBuf) -> Result<Candidate> {
    let runtime = runtime()?;
    tokio::task::spawn_blocking(move || Candidate::read(&runtime, &path))
        .await
        .map_err(|e| Error::internal("the plugin can't be read").with_cause(e))?
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = &self.about;
        for (title, value) in [
            ("name", about.name.clone()),
            ("title", about.title.clone()),
            ("version", about.version.clone()),
            ("servers", about.server_versions.clone()),
            ("default port", about.default_port.map(|p| p.to_string()).unwrap_or_default()),
            ("digest", self.digest.clone()),
            ("can", self.capabilities.join(", ")),
            ("unknown", self.unknown_exports.join(", ")),
        ] {
            if !value.is_empty() {
                writeln!(f, "{title:<13} {}", sanitize(&value))?;
            }
        }
        for (n, import) in self.imports.iter().enumerate() {
            let title = if n == 0 { "wants to" } else { "" };
            let what = match (&import.means, &import.refused) {
                (Some(means), _) => format!("{means} ({})", import.interface),
                (_, refused) => format!("{}: {}", import.interface, refused.as_deref().unwrap_or("refused")),
            };
            writeln!(f, "{title:<13} {}", sanitize(&what))?;
        }
        for setting in &about.settings {
            writeln!(f, "--set {:<7} {}", sanitize(&setting.name), sanitize(&setting.help))?;
        }
        let grants: Vec<String> = self.needs.iter().map(|grant| format!("{grant:?}")).collect();
        write!(
            f,
            "\nTo use it:\n\n    [plugins.{}]\n    path = \"...\"\n    grants = [{}]",
            about.name,
            grants.join(", ")
        )
    }
}
