//! `instance check`.

use clap::ValueEnum;

use crate::cli::findings::Findings;
use crate::cli::session::Session;
use crate::error::Result;
use crate::operation::check;

/// Find out whether an operation could work on an instance
///
/// Changes nothing. Says what stands against it and the statement that would mend it, and ends with exit code 3 if
/// something does.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance
    name: String,

    /// The operation
    #[arg(long = "for", value_name = "OPERATION", default_value = "backup")]
    operation: Operation,
}

/// What is to be done with an instance.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Operation {
    /// Reading it
    Backup,
    /// Restoring into it
    Restore,
    /// Copying a database inside of it
    Clone,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Clone => "clone",
        }
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let party = session.party(&config, &args.name).await?;
    let operation = args.operation.name();
    let asked = check::run(&party, operation, session.environment(&config));
    let findings = Findings::new(session.or_cancelled(asked).await?);
    session.ui.result(&findings)?;
    findings.verdict(&format!("a {operation} can't work on {}", args.name))
}
