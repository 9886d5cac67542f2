//! `plugin test`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::human;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::operation::conformance::{self, Means, Outcome, Quirks, Verdict};
use crate::secrets::sanitize;

/// Hold an engine against everything that is asked of one, on a server of yours
///
/// Makes databases of its own on the instance, named cofferdam_test_..., backs up, restores, clones, cancels, breaks off and
/// fills up, and drops them. Databases that are there already aren't touched; all the same, don't use a server that matters.
/// The server's quirks are in conformance.toml: commands of yours that fill a database and look into one. What doesn't hold
/// is told as what a user would have lost.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component's file, as `plugin build` made it
    file: PathBuf,

    /// Grant it this service for the test; can be given several times
    #[arg(long = "grant", value_name = "NAME")]
    grants: Vec<String>,

    /// The instance to test it on, by its name in the configuration
    #[arg(long)]
    instance: String,

    /// The server's quirks
    #[arg(long, value_name = "FILE", default_value = "conformance.toml")]
    quirks: PathBuf,
}

/// What was found.
#[derive(Serialize)]
struct Tested {
    verdicts: Vec<Verdict>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let quirks = Quirks::read(&args.quirks)?;
    let config = session.config()?;
    let party = session.party_by(&config, &args.instance, &args.file, args.grants.iter().cloned().collect()).await?;
    let environment = session.environment(&config);
    let means = Means { redactor: environment.redactor, cancel: environment.cancel, limits: environment.limits };
    let tell = |verdict: &Verdict| session.ui.say(&format!("{}: {}", verdict.check, word(&verdict.outcome)));
    let tested = Tested { verdicts: conformance::run(&party, &quirks, means, tell).await? };
    session.ui.result(&tested)?;
    let lost = tested.verdicts.iter().filter(|verdict| matches!(verdict.outcome, Outcome::Lost { .. })).count();
    if lost == 0 {
        return Ok(());
    }
    let checks = human::several(lost as u64, "check");
    Err(Error::plugin(format!("{checks} of {} failed: users of this engine would lose data", tested.verdicts.len()))
        .with_hint("standard output says what they would lose"))
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Held => "held",
        Outcome::Lost { .. } => "FAILED",
        Outcome::Untested { .. } => "not tested",
    }
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for verdict in &self.verdicts {
            writeln!(f, "{:<11} {:<18} {}", word(&verdict.outcome), verdict.check, verdict.rule)?;
            match &verdict.outcome {
                Outcome::Held => {}
                Outcome::Lost { what } => {
                    writeln!(f, "            what happened: {}", sanitize(what))?;
                    writeln!(f, "            a user would have lost {}", verdict.loss)?;
                }
                Outcome::Untested { why } => writeln!(f, "            {}", sanitize(why))?,
            }
        }
        let count = |wanted: &str| self.verdicts.iter().filter(|v| word(&v.outcome) == wanted).count();
        write!(f, "{} held, {} failed, {} not tested", count("held"), count("FAILED"), count("not tested"))
    }
}
