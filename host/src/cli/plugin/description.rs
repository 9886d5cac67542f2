//! Who a plugin is, what it can do and what it wants, as `plugin inspect` and `plugin add` show it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::plugin::about::About;
use crate::plugin::{Digest, Inspection, Publisher, permission};
use crate::secrets::sanitize;

/// What can be said of a plugin without running any of it.
#[derive(Serialize)]
pub(super) struct Description {
    #[serde(flatten)]
    about: About,
    publisher: Option<Publisher>,
    /// What the publisher has published here already.
    known_for: Vec<String>,
    sha256: Digest,
    /// BLAKE3: the component's name in repositories.
    digest: String,
    capabilities: Vec<&'static str>,
    imports: Vec<Import>,
    /// What it would have to be granted.
    needs: BTreeSet<&'static str>,
    unknown_exports: Vec<String>,
    /// What is otherwise than in the installed version; none if none is installed.
    changes: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Import {
    interface: String,
    /// What it lets the plugin do.
    means: Option<&'static str>,
    grant: Option<&'static str>,
    /// Why it can't be had.
    refused: Option<String>,
}

impl Description {
    pub(super) fn of(inspection: &Inspection, known_for: Vec<String>, changes: Option<Vec<String>>) -> Self {
        let import = |interface: &String| match permission::served(interface) {
            Ok(served) => {
                Import { interface: interface.clone(), means: Some(served.means), grant: served.grant, refused: None }
            }
            Err(refusal) => {
                Import { interface: interface.clone(), means: None, grant: None, refused: Some(refusal.reason) }
            }
        };
        Self {
            about: inspection.about.clone(),
            publisher: inspection.publisher,
            known_for,
            sha256: inspection.sha256,
            digest: inspection.digest.clone(),
            capabilities: inspection.capabilities.iter().map(|c| c.name()).collect(),
            imports: inspection.imports.iter().map(import).collect(),
            needs: permission::needed(inspection.imports.iter().map(String::as_str)),
            unknown_exports: inspection.unknown_exports.clone(),
            changes,
        }
    }

    fn publisher(&self) -> String {
        match (self.publisher, self.known_for.is_empty()) {
            (None, _) => "nobody: it isn't signed".to_owned(),
            (Some(publisher), true) => format!("{publisher}, not known here yet"),
            (Some(publisher), false) => format!("{publisher}, known here for {}", self.known_for.join(", ")),
        }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = &self.about;
        for (title, value) in [
            ("name", about.name.clone()),
            ("title", about.title.clone()),
            ("version", about.version.clone()),
            ("servers", about.server_versions.clone()),
            ("default port", about.default_port.map(|p| p.to_string()).unwrap_or_default()),
            ("publisher", self.publisher()),
            ("digest", self.sha256.to_string()),
            ("in backups", self.digest.clone()),
            ("can", self.capabilities.join(", ")),
            ("unknown", self.unknown_exports.join(", ")),
        ] {
            if !value.is_empty() {
                writeln!(f, "{title:<13} {}", sanitize(&value))?;
            }
        }
        for (n, import) in self.imports.iter().enumerate() {
            let title = if n == 0 { "wants to" } else { "" };
            let what = match (&import.means, &import.refused, import.grant) {
                (Some(means), _, Some(grant)) => format!("{means} ({}, needs the grant \"{grant}\")", import.interface),
                (Some(means), _, None) => format!("{means} ({})", import.interface),
                (_, refused, _) => format!("{}: {}", import.interface, refused.as_deref().unwrap_or("refused")),
            };
            writeln!(f, "{title:<13} {}", sanitize(&what))?;
        }
        for setting in &about.settings {
            writeln!(f, "--set {:<7} {}", sanitize(&setting.name), sanitize(&setting.help))?;
        }
        for (n, change) in self.changes.iter().flatten().enumerate() {
            let title = if n == 0 { "what changes" } else { "" };
            writeln!(f, "{title:<13} {}", sanitize(change))?;
        }
        Ok(())
    }
}
