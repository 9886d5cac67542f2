//! `backups export`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::open::Purpose;
use crate::cli::selector::{self, Selector};
use crate::cli::session::Session;
use crate::error::Result;
use crate::operation::export::{self, Request};
use crate::plugin::Note;
use crate::secrets::sanitize;

/// Make the engine's own files of a backup
///
/// The engine's own tools load them, without Cofferdam: for PostgreSQL, `psql -f DIR/restore.sql`. What was sealed in the
/// repository lies open in the folder, so only its owner may read it. The folder has its name only once all of it is
/// there. Needs no server, but the recovery key or a passphrase.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    #[arg(value_name = "BACKUP", help = selector::HELP)]
    backup: Selector,

    /// The folder to make; nothing may be there
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Only objects that match, as in 'public.orders_*'; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// All but objects that match; may be repeated
    #[arg(long, value_name = "PATTERN")]
    except: Vec<String>,

    /// Files that are written side by side
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = crate::cli::jobs())]
    jobs: usize,

    /// A setting of the engine, as `plugin inspect` lists them; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::cli::setting)]
    settings: Vec<(String, String)>,
}

/// What was made.
#[derive(Serialize)]
struct Exported {
    backup: Option<String>,
    folder: String,
    units: usize,
    bytes: u64,
    rows: u64,
    notes: Vec<Note>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Everything).await?;
    let manifest = session.or_cancelled(args.backup.find(&repository)).await?;
    let plugin = session.plugin(&config, &manifest.engine).await?;
    let request =
        Request { folder: args.folder, only: args.only, except: args.except, jobs: args.jobs, settings: args.settings };
    let (outcome, folder) =
        export::run(&plugin, &repository, &manifest, &request, session.environment(&config)).await?;
    session.ui.result(&Exported {
        backup: outcome.backup,
        folder: folder.display().to_string(),
        units: outcome.totals.units,
        bytes: outcome.totals.bytes,
        rows: outcome.totals.rows,
        notes: outcome.notes,
    })
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sanitize(&self.folder))
    }
}
