//! Checks of operations that mustn't succeed: they say so, and leave everything as it was.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::super::event::{Event, Sink};
use super::super::{Party, backup, check, restore};
use super::scene::{Scene, Stop, backup_of, restore_to};
use crate::error::{Error, Result};
use crate::secrets::Secret;

/// How long anything may take that ends at once.
const AT_ONCE: Duration = Duration::from_secs(60);

/// Cancels an operation at its first event of a kind.
struct CancelAt {
    at: fn(&Event) -> bool,
    cancel: CancellationToken,
}

impl Sink for CancelAt {
    fn event(&self, event: Event) {
        if (self.at)(&event) {
            self.cancel.cancel();
        }
    }
}

pub(super) async fn spares_what_is_there(scene: &Scene<'_>) -> Result<(), Stop> {
    let (_, manifest) = scene.backed_up("spared").await?;
    let there = scene.make("spared_there", Some(&scene.quirks.fill)).await?;
    let before = scene.print(&scene.quirks.dump, &there).await?;
    let restored =
        restore::run(scene.party, &scene.repository, &manifest, &restore_to(&there), scene.environment()).await;
    if restored.is_ok() {
        return Err(Stop::Lost("a restore to a database that holds something said that it is done".to_owned()));
    }
    if scene.print(&scene.quirks.dump, &there).await? == before {
        return Ok(());
    }
    Err(Stop::Lost("the restore was refused, and the database that was there is another one now".to_owned()))
}

pub(super) async fn cancelled_backup(scene: &Scene<'_>) -> Result<(), Stop> {
    let source = scene.make("stopped", Some(&scene.quirks.fill)).await?;
    let (print, databases) = (scene.print(&scene.quirks.dump, &source).await?, scene.databases().await?);
    let cancel = CancellationToken::new();
    let sink = CancelAt { at: |event| matches!(event, Event::Planned { .. }), cancel: cancel.clone() };
    let environment = scene.listened(Arc::new(sink), cancel);
    let request = backup_of(&source);
    let made = backup::run(scene.party, &scene.repository, &request, environment);
    must_be_cancelled(timeout(AT_ONCE, made).await)?;
    if scene.print(&scene.quirks.dump, &source).await? != print {
        return Err(Stop::Lost("the database isn't what it was".to_owned()));
    }
    scene.unchanged(&databases).await
}

pub(super) async fn cancelled_restore(scene: &Scene<'_>) -> Result<(), Stop> {
    let (_, manifest) = scene.backed_up("halted").await?;
    let databases = scene.databases().await?;
    let copy = scene.name("halted_copy");
    let cancel = CancellationToken::new();
    let sink = CancelAt { at: |event| matches!(event, Event::UnitDone { .. }), cancel: cancel.clone() };
    let environment = scene.listened(Arc::new(sink), cancel);
    let request = restore_to(&copy);
    let made = restore::run(scene.party, &scene.repository, &manifest, &request, environment);
    must_be_cancelled(timeout(AT_ONCE, made).await)?;
    scene.unchanged(&databases).await
}

fn must_be_cancelled<T>(made: Result<Result<T>, tokio::time::error::Elapsed>) -> Result<(), Stop> {
    match made {
        Err(_) => Err(Stop::Lost(format!("it went on for {} s after it was cancelled", AT_ONCE.as_secs()))),
        Ok(Ok(_)) => Err(Stop::Lost("it was cancelled, and said that it is done".to_owned())),
        Ok(Err(error)) if error.is_cancelled() => Ok(()),
        Ok(Err(error)) => Err(error.into()),
    }
}

pub(super) async fn full_target(scene: &Scene<'_>) -> Result<(), Stop> {
    let (Some(full), Some(room)) = (&scene.quirks.full, &scene.quirks.room) else {
        return Err(Stop::Untested("the server can't be made full".to_owned()));
    };
    let (source, manifest) = scene.backed_up("full").await?;
    let databases = scene.databases().await?;
    let copy = scene.name("full_copy");
    scene.prepare(full, &source).await?;
    let request = restore_to(&copy);
    let restored = restore::run(scene.party, &scene.repository, &manifest, &request, scene.environment()).await;
    let left = scene.unchanged(&databases).await;
    // Before anything is said of it: the server is the author's.
    scene.prepare(room, &source).await?;
    if restored.is_ok() {
        return Err(Stop::Lost("a restore to a full server said that it is done".to_owned()));
    }
    left?;
    scene.restore(&manifest, &copy).await?;
    scene.same(&source, &copy).await
}

pub(super) async fn wrong_password(scene: &Scene<'_>) -> Result<(), Stop> {
    if !scene.party.endpoint.has_password() {
        return Err(Stop::Untested("the instance has no password".to_owned()));
    }
    let wrong = Secret::new("certainly-not-the-password".to_owned());
    let endpoint = scene.party.endpoint.with_password(wrong);
    let stranger = Party { endpoint, ..scene.party.clone() };
    let looked = timeout(AT_ONCE, check::inspect(&stranger, scene.environment())).await;
    let late = || Error::unreachable(format!("it took longer than {} s", AT_ONCE.as_secs()));
    match looked.unwrap_or_else(|_| Err(late())) {
        Ok(_) => Err(Stop::Lost("the server was looked at with a password that is wrong".to_owned())),
        Err(error) if ["authentication-failed", "permission-denied"].contains(&error.code()) => Ok(()),
        Err(error) => Err(Stop::Lost(format!("it is told as \"{}\": {}", error.code(), error.message()))),
    }
}
