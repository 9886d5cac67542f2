//! `instance list`.

use std::fmt;

use serde::Serialize;

use crate::cli::session::Session;
use crate::cli::table::Table;
use crate::error::Result;

/// List the configured instances; none is spoken to
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The instances.
#[derive(Serialize)]
struct Instances {
    instances: Vec<Instance>,
}

#[derive(Serialize)]
struct Instance {
    name: String,
    engine: String,
    url: String,
}

pub(super) fn run(_: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let instance = |(name, instance): (&crate::config::Name, &crate::config::Instance)| Instance {
        name: name.to_string(),
        engine: instance.engine.to_string(),
        url: instance.url.to_string(),
    };
    session.ui.result(&Instances { instances: config.instances.iter().map(instance).collect() })
}

impl fmt::Display for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["NAME", "ENGINE", "URL"]);
        for instance in &self.instances {
            table.row([instance.name.clone(), instance.engine.clone(), instance.url.clone()]);
        }
        table.fmt(f)
    }
}
