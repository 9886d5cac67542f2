//! The conformance kit: one suite over the whole contract, for every engine, on its author's own server.
//!
//! It knows no engine. What prepares a database, and what says independently what is in one, are the author's own commands
//! ([`Quirks`]); everything else is what any operator does: backup, restore, clone, compare, cancel. It makes databases of its
//! own, by names that nobody else has, and drops them.

mod check;
mod failing;
mod quirks;
mod repeating;
mod scene;
mod whole;

use tokio_util::sync::CancellationToken;

use super::Party;
use crate::error::Result;
use crate::plugin::Limits;
use crate::secrets::Redactor;

pub use check::{Check, Outcome, Verdict};
pub use quirks::Quirks;
use scene::{Scene, Stop};

/// What the kit is lent.
pub struct Means {
    /// Knows the instance's secrets.
    pub redactor: Redactor,
    /// Cancel it to end the kit; it drops what it made.
    pub cancel: CancellationToken,
    /// What each sandbox may use up.
    pub limits: Limits,
}

/// Makes every check, one after the other; `tell` hears of each as soon as it is made.
///
/// # Errors
/// If the kit itself can't go on: a command of the author's fails, say. What an engine does wrong is a verdict, no error.
pub async fn run(party: &Party, quirks: &Quirks, means: Means, tell: impl Fn(&Verdict)) -> Result<Vec<Verdict>> {
    let cancel = means.cancel.clone();
    let scene = Scene::new(party, quirks, means).await?;
    let made = tokio::select! {
        made = all(&scene, &tell) => made,
        () = cancel.cancelled() => Err(crate::error::Error::cancelled("stopped")),
    };
    let dropped = scene.drop_all().await;
    let mut verdicts = made?;
    dropped?;
    let left = verdict(&scene, Check::NothingLeft, scene.nothing_left().await)?;
    tell(&left);
    verdicts.push(left);
    Ok(verdicts)
}

async fn all(scene: &Scene<'_>, tell: &impl Fn(&Verdict)) -> Result<Vec<Verdict>> {
    let mut verdicts = Vec::new();
    for check in Check::ALL {
        let made = match scene.quirks.untested(check) {
            Some(reason) => Err(Stop::Untested(reason.to_owned())),
            None => make(scene, check).await,
        };
        let verdict = verdict(scene, check, made)?;
        tell(&verdict);
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

async fn make(scene: &Scene<'_>, check: Check) -> Result<(), Stop> {
    match check {
        Check::RoundTrip => whole::comes_back(scene, "usual", Some(&scene.quirks.fill)).await,
        Check::OddThings => whole::comes_back(scene, "odd", scene.quirks.odd.as_deref()).await,
        Check::Empty => whole::comes_back(scene, "empty", None).await,
        Check::Clone => whole::is_cloned(scene).await,
        Check::UnderLoad => whole::is_one_moment(scene).await,
        Check::Counts => whole::is_counted(scene).await,
        Check::Occupied => failing::spares_what_is_there(scene).await,
        Check::BrokenOff => repeating::broken_off(scene).await,
        Check::Repeated => repeating::repeated(scene).await,
        Check::CancelledBackup => failing::cancelled_backup(scene).await,
        Check::CancelledRestore => failing::cancelled_restore(scene).await,
        Check::FullTarget => failing::full_target(scene).await,
        Check::WrongPassword => failing::wrong_password(scene).await,
        Check::NothingLeft => Ok(()),
    }
}

fn verdict(scene: &Scene<'_>, check: Check, made: Result<(), Stop>) -> Result<Verdict> {
    let outcome = match made {
        Ok(()) => Outcome::Held,
        Err(Stop::Lost(what)) => Outcome::Lost { what: scene.clean(&what) },
        Err(Stop::Untested(why)) => Outcome::Untested { why },
        Err(Stop::Broken(error)) => return Err(error.while_doing(format!("the check {}", check.name()))),
    };
    Ok(Verdict { check: check.name(), rule: check.rule(), loss: check.loss(), outcome })
}
