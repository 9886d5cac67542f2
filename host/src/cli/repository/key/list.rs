//! `repository key list`.

use std::fmt;

use serde::Serialize;

use crate::cli::human;
use crate::cli::open::Purpose;
use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::Result;
use crate::repository::KeyInfo;

/// List the keys of a repository; the keys themselves aren't shown
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The keys.
#[derive(Serialize)]
struct Keys {
    keys: Vec<KeyInfo>,
}

pub(super) async fn run(_: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Bookkeeping).await?;
    session.ui.result(&Keys { keys: session.or_cancelled(repository.keys()).await? })
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["ID", "KIND", "NAME", "CREATED", "RETIRED"]);
        for key in &self.keys {
            let retired = key.retired.map(human::time).unwrap_or_default();
            table.row([key.id.clone(), key.kind.to_owned(), key.name.clone(), human::time(key.created), retired]);
        }
        table.fmt(f)
    }
}
