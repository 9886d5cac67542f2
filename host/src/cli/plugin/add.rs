//! `plugin add`.

use std::fmt;

use serde::Serialize;

use super::inspect::{compile, describe};
use crate::cli::open::{runtime, store};
use crate::cli::output::Verbosity;
use crate::cli::prompt;
use crate::cli::session::Session;
use crate::config::Name;
use crate::error::{Error, Result};
use crate::install::{Entry, Installed, Origin, Told, check_digest, decide};
use crate::plugin::{Digest, Publisher};

/// Install a plugin: check it, show what it wants, ask, and write it down in cofferdam.lock
///
/// Only what the lock file names can run, byte for byte. A plugin has to be signed; its publisher is a key, and becomes
/// known with their first plugin here. An update by somebody else, or to an older version, is refused unless it is told.
///
/// Without a terminal, or with --yes, nothing is asked: each grant that it doesn't have yet has to be named with --grant,
/// and a publisher who isn't known yet with --publisher, or the file with --digest.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component: a file, or an https address
    #[arg(value_name = "FILE|URL")]
    origin: String,

    /// Don't ask; what would be asked has to be told
    #[arg(long, short)]
    yes: bool,

    /// Grant it this service; can be given several times
    #[arg(long = "grant", value_name = "NAME")]
    grants: Vec<String>,

    /// The file has to have this digest
    #[arg(long, value_name = "sha256:DIGITS")]
    digest: Option<Digest>,

    /// It has to be signed by this publisher, also if the installed version is by another one
    #[arg(long, value_name = "KEY")]
    publisher: Option<Publisher>,

    /// Take a plugin that nobody signed
    #[arg(long)]
    allow_unsigned: bool,

    /// Take an older version than the installed one
    #[arg(long)]
    allow_downgrade: bool,
}

/// What was installed.
#[derive(Serialize)]
struct Added {
    name: Name,
    #[serde(flatten)]
    entry: Entry,
    /// Whether the lock says anything else than before.
    changed: bool,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let (store, runtime) = (store(&config)?, runtime()?);
    // Parsed here: the command line's parser would repeat an address with a password in it.
    let origin: Origin = args.origin.parse()?;
    let Args { yes, grants, digest, publisher, allow_unsigned, allow_downgrade, .. } = args;
    let told = Told { allow_unsigned, allow_downgrade, publisher, digest, grants: grants.into_iter().collect() };

    let bytes = session.or_cancelled(origin.read()).await?;
    // Before anything looks into the file.
    check_digest(Digest::of(&bytes), &told).map_err(|e| e.while_doing(format!("plugin {origin}")))?;
    let candidate = session
        .or_cancelled(compile(bytes.clone(), runtime.clone()))
        .await
        .map_err(|e| e.while_doing(format!("plugin {origin}")))?;
    let inspection = candidate.inspection();
    let name = Name::try_from(inspection.about.name.clone()).map_err(Error::plugin)?;
    let lock = store.lock()?;
    let seen = lock.get(name.as_str());
    let decision = decide(inspection, &lock, &told)?;

    let interactive = !yes && !session.global.json && prompt::possible();
    let unchanged = seen == Some(&decision.entry);
    if !unchanged && (interactive || session.ui.verbosity() > Verbosity::Quiet) {
        let description =
            session.or_cancelled(describe(inspection, &decision.entry, &lock, store.clone())).await?.to_string();
        session.ui.show(&description);
    }
    // Whatever it is granted: one that can't run isn't installed.
    candidate.admit(&runtime, &decision.entry.grants)?;
    if !unchanged {
        let missing: Vec<String> = decision.questions.iter().map(|question| question.option()).collect();
        if interactive {
            decision.questions.iter().for_each(|question| session.ui.warn(&question.to_string()));
            ask(session, format!("Install {name} {}?", decision.entry.version)).await?;
        } else if !missing.is_empty() || !yes {
            let reasons: Vec<String> = decision.questions.iter().map(ToString::to_string).collect();
            let missing = std::iter::once("--yes".to_owned()).filter(|_| !yes).chain(missing).collect::<Vec<_>>();
            return Err(Error::permission_denied(format!(
                "the plugin {name} isn't installed: nobody can be asked{}",
                reasons.iter().map(|reason| format!("; {reason}")).collect::<String>()
            ))
            .with_hint(format!("if that is right, add: {}", missing.join(" "))));
        }
    }
    let plugin = Installed { name: name.clone(), entry: decision.entry.clone(), bytes };
    let before = seen.cloned();
    tokio::task::spawn_blocking(move || store.install(before.as_ref(), &plugin))
        .await
        .map_err(|e| Error::internal("the plugin can't be installed").with_cause(e))??;
    session.ui.result(&Added { name, entry: decision.entry, changed: !unchanged })
}

async fn ask(session: &Session, question: String) -> Result<()> {
    // Typing blocks a thread, which the end of the process may leave behind.
    let asked = tokio::task::spawn_blocking(move || prompt::confirm(&question));
    let answer =
        session.or_cancelled(async { asked.await.map_err(|e| Error::internal("can't ask").with_cause(e))? }).await?;
    if answer { Ok(()) } else { Err(Error::cancelled("nothing is installed")) }
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, entry, changed } = self;
        let how = if *changed { "installed" } else { "was installed already" };
        let grants = entry.grants.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let granted = if grants.is_empty() { "nothing".to_owned() } else { grants };
        write!(f, "{name} {} {how}, granted {granted}", entry.version)
    }
}
