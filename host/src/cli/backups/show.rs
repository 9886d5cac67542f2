//! `backups show`.

use std::fmt;

use serde::Serialize;

use crate::cli::human;
use crate::cli::open::Purpose;
use crate::cli::output::Verbosity;
use crate::cli::selector::{self, Selector};
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::Result;
use crate::repository::Manifest;
use crate::secrets::sanitize;

/// Show what is in a backup
///
/// With --verbose also every unit; with --json the whole manifest.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    #[arg(value_name = "BACKUP", help = selector::HELP)]
    backup: Selector,
}

/// A manifest.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    manifest: Manifest,
    #[serde(skip)]
    units: bool,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    let manifest = session.or_cancelled(args.backup.find(&repository)).await?;
    session.ui.result(&Shown { manifest, units: session.ui.verbosity() == Verbosity::Verbose })
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.manifest;
        let bytes = manifest.units.iter().map(|u| u.bytes).sum();
        let rows = manifest.units.iter().filter_map(|u| u.rows).sum();
        let plugin = &manifest.plugin;
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        for (title, value) in [
            ("backup", manifest.id.to_string()),
            ("operation", manifest.operation.clone()),
            ("instance", manifest.instance.clone()),
            ("database", or_none(&manifest.database)),
            ("server", format!("{} {}", manifest.engine, manifest.server_version)),
            ("plugin", format!("{} {} ({:.16})", plugin.name, plugin.version, plugin.digest)),
            ("started", human::time(manifest.started)),
            ("finished", human::time(manifest.finished)),
            ("consistency", manifest.consistency.clone()),
            ("state of", or_none(&manifest.taken_at)),
            ("log position", or_none(&manifest.position)),
            ("tags", manifest.tags.join(", ")),
            ("options", manifest.options.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(", ")),
            ("size", human::size(bytes)),
            ("rows", human::count(rows)),
            ("units", human::count(manifest.units.len() as u64)),
        ] {
            if !value.is_empty() {
                writeln!(f, "{title:<13} {}", sanitize(&value))?;
            }
        }
        if !manifest.notes.is_empty() {
            let mut table = Table::new(&["NOTE", "OBJECT", "REASON"]);
            for note in &manifest.notes {
                table.row([note.kind.clone(), note.object.clone(), note.reason.clone()]);
            }
            write!(f, "\n{table}\n")?;
        }
        if self.units {
            write!(f, "\n{}", units(manifest))?;
        }
        Ok(())
    }
}

fn units(manifest: &Manifest) -> Table {
    let mut table = Table::new(&["UNIT", ">ROWS", ">SIZE", "FORMAT"]);
    for unit in &manifest.units {
        let rows = unit.rows.map(human::count).or_else(|| unit.rows_claimed.map(|r| format!("{r} claimed")));
        table.row([unit.name.clone(), rows.unwrap_or_default(), human::size(unit.bytes), unit.format.clone()]);
    }
    table
}
