//! Checks that all of a database comes back, as it was at one moment.

use std::time::Duration;

use super::super::clone;
use super::super::source::Patience;
use super::scene::{JOBS, Scene, Stop};

/// Backups and clones that are made while somebody writes: one might hit a moment at which nothing is on its way.
const ROUNDS: usize = 3;
/// How long the load runs before the first.
const WARM: Duration = Duration::from_millis(300);

pub(super) async fn comes_back(scene: &Scene<'_>, what: &str, filling: Option<&[String]>) -> Result<(), Stop> {
    let source = scene.make(what, filling).await?;
    let manifest = scene.backup(&source).await?;
    let copy = scene.name(&format!("{what}_copy"));
    scene.restore(&manifest, &copy).await?;
    scene.same(&source, &copy).await
}

pub(super) async fn is_cloned(scene: &Scene<'_>) -> Result<(), Stop> {
    let source = scene.make("cloned", Some(&scene.quirks.fill)).await?;
    let copy = scene.name("cloned_copy");
    clone::run(scene.party, scene.party, &clone_of(&source, &copy), scene.environment()).await?;
    scene.same(&source, &copy).await
}

/// Whatever the load does, it never changes what the invariant prints; a copy of two moments does.
pub(super) async fn is_one_moment(scene: &Scene<'_>) -> Result<(), Stop> {
    let (Some(load), Some(invariant)) = (&scene.quirks.load, &scene.quirks.invariant) else {
        return Err(Stop::Untested("there is no load".to_owned()));
    };
    let source = scene.make("load", Some(&scene.quirks.fill)).await?;
    let expected = scene.print(invariant, &source).await?;
    let mut writing = scene.quirks.spawn(load, &source).map_err(Stop::Broken)?;
    tokio::time::sleep(WARM).await;
    for round in 0..ROUNDS {
        let manifest = scene.backup(&source).await?;
        if let Ok(Some(status)) = writing.try_wait() {
            let message = format!("`load` ended by itself ({status}), so nothing was written meanwhile");
            return Err(Stop::Broken(crate::error::Error::invalid_options(message)));
        }
        let copy = scene.name(&format!("load_copy{round}"));
        scene.restore(&manifest, &copy).await?;
        // In a backup, small units lie in one stream and are read by one session. Here each is read by whichever is free.
        let clone = scene.name(&format!("load_clone{round}"));
        let request = clone_of(&source, &clone);
        clone::by_reading(scene.party, scene.party, &request, scene.environment()).await?;
        for copy in [copy, clone] {
            if scene.print(invariant, &copy).await? != expected {
                return Err(Stop::Lost("`invariant` says of the copy what was never true of the source".to_owned()));
            }
        }
    }
    Ok(())
}

/// A clone of all of a database.
fn clone_of(source: &str, copy: &str) -> clone::Request {
    clone::Request {
        database: Some(source.to_owned()),
        target: Some(copy.to_owned()),
        only: Vec::new(),
        except: Vec::new(),
        patience: Patience::default(),
        if_exists: "fail".to_owned(),
        neutral: false,
        keep_going: false,
        jobs: JOBS,
        settings: Vec::new(),
    }
}

/// That it adds up the host sees to, at every backup.
pub(super) async fn is_counted(scene: &Scene<'_>) -> Result<(), Stop> {
    let (_, manifest) = scene.backed_up("counted").await?;
    if manifest.tallies.is_empty() {
        return Err(Stop::Untested("the engine doesn't count: its plan has no tallies".to_owned()));
    }
    let rows: u64 = manifest.tallies.iter().filter(|tally| tally.kind == "rows").map(|tally| tally.counted).sum();
    if rows == 0 {
        return Err(Stop::Lost("the engine counts no object that has rows in a database that was filled".to_owned()));
    }
    Ok(())
}
