//! Checks of what happens on a bad day: a unit's stream breaks off, or a unit was written and nobody heard of it. The host
//! writes it again.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::super::feed::{Feeding, Progress};
use super::super::measure::Framing;
use super::super::restore::{self, FromBackup};
use super::super::target::Feeder;
use super::super::{Operation, Outcome};
use super::scene::{Scene, Stop, restore_to};
use crate::error::{Error, Result};
use crate::plugin::Unit;
use crate::repository::Manifest;

/// How the first attempt at a unit goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mishap {
    /// Half of the stream comes, and then the word that it isn't whole.
    BreaksOff,
    /// All of it comes and is whole, but the answer is lost.
    Unheard,
}

/// A backup whose units of rows go wrong once each.
struct Clumsy<'a> {
    backup: FromBackup<'a>,
    mishap: Mishap,
    tried: Mutex<HashSet<String>>,
}

impl Feeder for Clumsy<'_> {
    async fn feed(&self, worker: usize, unit: &Unit, feeding: Feeding, progress: &mut Progress) -> Result<()> {
        let rows = Framing::parse(&unit.framing)?.is_rows();
        let first = rows && self.tried.lock().unwrap_or_else(PoisonError::into_inner).insert(unit.name.clone());
        let lost = || Error::unreachable("a mishap that the conformance kit has made").retryable(true);
        if first && self.mishap == Mishap::BreaksOff {
            let half = unit.estimated_bytes.unwrap_or_default() / 2;
            let mut sent = 0;
            let broken = self.backup.read(unit, progress, async |mut piece| {
                let room = usize::try_from(half - sent).unwrap_or(usize::MAX);
                piece.truncate(room);
                sent += piece.len() as u64;
                if !piece.is_empty() {
                    feeding.hand_on(piece).await?;
                }
                if sent < half { Ok(()) } else { Err(lost()) }
            });
            let broken = broken.await;
            feeding.end(Err(Error::unreachable("the stream broke off")));
            return broken.and_then(|_| Err(lost()));
        }
        self.backup.feed(worker, unit, feeding, progress).await?;
        if first { Err(lost()) } else { Ok(()) }
    }

    async fn again(&self, _: usize) -> Result<()> {
        Ok(())
    }
}

pub(super) async fn broken_off(scene: &Scene<'_>) -> Result<(), Stop> {
    survives(scene, Mishap::BreaksOff, "broken").await
}

pub(super) async fn repeated(scene: &Scene<'_>) -> Result<(), Stop> {
    survives(scene, Mishap::Unheard, "again").await
}

async fn survives(scene: &Scene<'_>, mishap: Mishap, what: &str) -> Result<(), Stop> {
    let (source, manifest) = scene.backed_up(what).await?;
    let copy = scene.name(&format!("{what}_copy"));
    let operation = Operation::begin("restore", &scene.party.name, scene.environment())?;
    let backup = FromBackup::new(&scene.repository, &manifest)?;
    let clumsy = Clumsy { backup, mishap, tried: Mutex::default() };
    let restored = fill(&operation, scene, &manifest, &clumsy, &copy).await;
    let tried = clumsy.tried.lock().unwrap_or_else(PoisonError::into_inner).len();
    match operation.end(&[scene.party], restored).await {
        Ok(_) if tried == 0 => Err(Stop::Untested("the database that `fill` made has no rows".to_owned())),
        Ok(_) => scene.same(&source, &copy).await,
        // An engine that writes in one session isn't asked again: all of it fails, and nothing may be left.
        Err(error) if error.is_retryable() => {
            let left = scene.databases().await?.contains(&copy);
            if left { Err(Stop::Lost("the restore failed, and its database is there".to_owned())) } else { Ok(()) }
        }
        Err(error) => Err(error.into()),
    }
}

async fn fill(
    operation: &Operation,
    scene: &Scene<'_>,
    manifest: &Manifest,
    clumsy: &Clumsy<'_>,
    copy: &str,
) -> Result<Outcome> {
    let request = restore_to(copy);
    restore::fill_by(operation, scene.party, manifest, &request, clumsy).await
}
