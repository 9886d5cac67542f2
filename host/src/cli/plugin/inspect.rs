//! `plugin inspect`.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::description::Description;
use crate::cli::open::{runtime, store};
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::install::{Entry, Lock, Store, changes};
use crate::plugin::{Candidate, Inspection, Runtime, permission};

/// Show who a plugin is, what it can do and what it wants to be granted, without running any of it
///
/// If a version of it is installed, also what would change.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component's file
    file: PathBuf,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let (path, runtime) = (args.file.clone(), runtime()?);
    let candidate = session
        .or_cancelled(async {
            // Away from the threads that other work waits for.
            tokio::task::spawn_blocking(move || Candidate::read(&runtime, &path))
                .await
                .map_err(|e| Error::internal("the plugin can't be read").with_cause(e))?
        })
        .await?;
    let inspection = candidate.inspection();
    // A file can be looked at where nothing is configured.
    let lock = session.config().ok().and_then(|config| store(&config).ok()).and_then(|s| Some((s.lock().ok()?, s)));
    let needed = permission::needed(inspection.imports.iter().map(String::as_str));
    let entry = Entry::of(inspection, needed.into_iter().map(str::to_owned).collect())?;
    let description = match lock {
        Some((lock, store)) => session.or_cancelled(describe(inspection, &entry, &lock, store)).await?,
        None => Description::of(inspection, Vec::new(), None),
    };
    session.ui.result(&description)
}

/// Looks at a component and compiles it, away from the threads that other work waits for.
pub(super) async fn compile(bytes: Bytes, runtime: Arc<Runtime>) -> Result<Candidate> {
    tokio::task::spawn_blocking(move || Candidate::new(&runtime, bytes))
        .await
        .map_err(|e| Error::internal("the plugin can't be read").with_cause(e))?
}

/// The description, with what `entry` would change in the lock.
pub(super) async fn describe(found: &Inspection, entry: &Entry, lock: &Lock, store: Store) -> Result<Description> {
    let known_for = entry.publisher.into_iter().flat_map(|p| lock.published_by(p)).map(ToString::to_string).collect();
    let Some(installed) = lock.get(&found.about.name) else { return Ok(Description::of(found, known_for, None)) };
    let (name, runtime) = (found.about.name.clone(), runtime()?);
    // What can't be read any more is only not compared.
    let before = tokio::task::spawn_blocking(move || Candidate::new(&runtime, store.get(&name)?.bytes))
        .await
        .map_err(|e| Error::internal("the installed plugin can't be read").with_cause(e))?
        .ok();
    let changes = changes(installed, before.as_ref().map(Candidate::inspection), found, &entry.grants);
    Ok(Description::of(found, known_for, Some(changes)))
}
