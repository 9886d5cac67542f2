//! Runs a test: its tasks, its clock, and what was told to the operator.
#![allow(clippy::panic, reason = "a test that can't go on has to say so")]

use futures::FutureExt;
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;
use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use crate::bindings::services::cofferdam::host::report::Level;

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// What a running test has.
struct Run {
    spawner: LocalSpawner,
    /// Milliseconds since 1970.
    now: u64,
    /// Who sleeps until when.
    sleepers: Vec<(u64, Waker)>,
    reported: Vec<Reported>,
    random: u64,
}

/// What an engine told the operator.
#[derive(Clone, Debug)]
pub enum Reported {
    /// By `report::log`.
    Log {
        /// How important it is.
        level: Level,
        /// The text.
        message: String,
    },
    /// By `report::progress`.
    Progress {
        /// Of what.
        unit: String,
        /// How much is done.
        done: u64,
        /// Of how much, if that is known.
        total: Option<u64>,
    },
}

/// When a test begins: 2024-01-01T00:00:00Z.
const BEGINNING: u64 = 1_704_067_200_000;

/// Runs a test's future to its end, and what it spawns beside it. Time stands still while anything can be done, and then
/// jumps to when the first sleeper wakes.
///
/// # Panics
/// If everything waits, and nobody sleeps: on the real host it would wait for ever. And as the test does.
pub fn run<T: 'static>(test: impl Future<Output = T> + 'static) -> T {
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let fresh = Run { spawner: spawner.clone(), now: BEGINNING, sleepers: Vec::new(), reported: Vec::new(), random: 0 };
    RUN.set(Some(fresh));
    let Ok(mut test) = spawner.spawn_local_with_handle(test) else { panic!("the test can't be started") };
    loop {
        pool.run_until_stalled();
        if let Some(result) = (&mut test).now_or_never() {
            return result;
        }
        assert!(wake_the_next(), "everything waits for something that never comes");
    }
}

/// Lets the time pass until the next sleeper wakes; false if nobody sleeps.
fn wake_the_next() -> bool {
    with(|run| {
        let Some(first) = run.sleepers.iter().map(|(until, _)| *until).min() else { return false };
        run.now = run.now.max(first);
        let (awake, asleep) = std::mem::take(&mut run.sleepers).into_iter().partition(|(until, _)| *until <= first);
        run.sleepers = asleep;
        let awake: Vec<(u64, Waker)> = awake;
        awake.into_iter().for_each(|(_, waker)| waker.wake());
        true
    })
}

fn with<T>(work: impl FnOnce(&mut Run) -> T) -> T {
    RUN.with_borrow_mut(|run| match run {
        Some(run) => work(run),
        None => panic!("the host's services are there only inside of `cofferdam_sdk::testing::run`"),
    })
}

/// Runs a future beside everything else.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    let spawner = with(|run| run.spawner.clone());
    assert!(spawner.spawn_local(future).is_ok(), "the test is over");
}

/// The fake of `cofferdam:host/time.now`.
#[must_use]
pub fn now() -> u64 {
    with(|run| run.now)
}

/// The fake of `cofferdam:host/time.sleep`.
pub async fn sleep(milliseconds: u64) {
    let until = now().saturating_add(milliseconds);
    poll_fn(|context| {
        with(|run| {
            if run.now >= until {
                return Poll::Ready(());
            }
            run.sleepers.push((until, context.waker().clone()));
            Poll::Pending
        })
    })
    .await;
}

/// The fake of `cofferdam:host/random.bytes`: the same in every test, never twice in one.
#[must_use]
pub fn bytes(count: u32) -> Vec<u8> {
    let mut made = Vec::new();
    while made.len() < count.min(65_536) as usize {
        // The constants of SplitMix64's increment and of its first mixing step.
        let next = with(|run| {
            run.random = run.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            run.random
        });
        made.extend_from_slice(&(next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes());
    }
    made.truncate(count.min(65_536) as usize);
    made
}

/// The fake of `cofferdam:host/report.log`.
pub fn log(level: Level, message: &str) {
    let message = message.to_owned();
    with(|run| run.reported.push(Reported::Log { level, message }));
}

/// The fake of `cofferdam:host/report.progress`.
pub fn progress(unit: &str, done: u64, total: Option<u64>) {
    let unit = unit.to_owned();
    with(|run| run.reported.push(Reported::Progress { unit, done, total }));
}

/// What was told to the operator so far in this test.
#[must_use]
pub fn reported() -> Vec<Reported> {
    with(|run| run.reported.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_passes_at_once_and_in_order() {
        run(async {
            let began = now();
            let (first, second) = futures::join!(
                async {
                    sleep(3_600_000).await;
                    now()
                },
                async {
                    sleep(10).await;
                    now()
                }
            );
            assert_eq!((first - began, second - began), (3_600_000, 10));
        });
    }

    #[test]
    #[should_panic(expected = "waits for something that never comes")]
    fn a_test_that_would_hang_fails() {
        run(std::future::pending::<()>());
    }

    #[test]
    fn what_is_told_is_kept_and_random_bytes_do_not_repeat() {
        run(async {
            log(Level::Warn, "careful");
            progress("index", 1, Some(2));
            assert!(matches!(&reported()[..], [Reported::Log { .. }, Reported::Progress { done: 1, .. }]));
            assert_ne!(bytes(16), bytes(16));
            assert_eq!(bytes(13).len(), 13);
        });
    }
}
