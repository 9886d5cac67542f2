//! `cleanup`.

use std::fmt;

use serde::Serialize;

use super::session::Session;
use crate::error::Result;
use crate::operation::cleanup;
use crate::plugin::Note;
use crate::secrets::sanitize;

/// Take away what an operation left behind on a server
///
/// An operation cleans up after itself; this is for one that couldn't, since the machine or the network failed. Only
/// what bears the operation's id is touched.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The operation's id, twelve hexadecimal digits: its first line told it
    operation: String,

    /// The instance to clean up
    #[arg(long, value_name = "INSTANCE")]
    instance: String,
}

/// What was taken away.
#[derive(Serialize)]
struct CleanedUp {
    notes: Vec<Note>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let party = session.party(&config, &args.instance).await?;
    let work = cleanup::run(&party, &args.operation, session.environment(&config));
    let notes = session.or_cancelled(work).await?;
    session.ui.result(&CleanedUp { notes })
}

impl fmt::Display for CleanedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.notes.is_empty() {
            return f.write_str("nothing was left behind");
        }
        self.notes.iter().try_for_each(|n| writeln!(f, "{}: {}", sanitize(&n.object), sanitize(&n.reason)))
    }
}
