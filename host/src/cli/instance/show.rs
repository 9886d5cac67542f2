//! `instance show`.

use std::fmt;

use serde::Serialize;

use crate::cli::human;
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::Result;
use crate::operation::check;
use crate::plugin::InstanceInfo;
use crate::secrets::sanitize;

/// Show an instance's version and databases
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance
    name: String,
}

/// What the server says of itself.
#[derive(Serialize)]
struct Shown {
    name: String,
    #[serde(flatten)]
    info: InstanceInfo,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let party = session.party(&config, &args.name).await?;
    let info = session.or_cancelled(check::inspect(&party, session.environment(&config))).await?;
    session.ui.result(&Shown { name: args.name.clone(), info })
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, sanitize(&self.info.version))?;
        for (name, value) in &self.info.extra {
            writeln!(f, "{}: {}", sanitize(name), sanitize(value))?;
        }
        let mut table = Table::new(&["DATABASE", ">SIZE"]);
        for database in &self.info.databases {
            table.row([database.name.clone(), database.bytes.map(human::size).unwrap_or_default()]);
        }
        write!(f, "\n{table}")
    }
}
