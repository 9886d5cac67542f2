//! The unit of what changed: the oplog is followed, and what it says was touched is read once more.

use super::entry::{Touched, Tracked};
use super::reread::{Rereading, is_much};
use super::window::{self, Window, between};
use crate::backup::Consistency;
use crate::bson::{self, Builder};
use crate::documents::Documents;
use crate::note::note;
use crate::server::Server;
use cofferdam_sdk::engine::{Note, Summary};
use cofferdam_sdk::{Reading, Result, time};
use std::rc::Rc;

use super::UNIT;

/// How long the last pass but one may take, in milliseconds: what came meanwhile is read at one moment, of which the server
/// has to have everything for as long as that takes.
pub const SHORT: u64 = 20_000;

/// Most passes before the last: each is shorter than the one before, unless more is written than can be read.
pub const PASSES: u32 = 10;

/// How often a pass is tried that a lost connection ended.
pub const ATTEMPTS: u32 = 3;

/// Follows the oplog from where a backup began, once all documents were read, until the end that it then has.
///
/// The stream fails with "conflict" if something can't be caught up, or the oplog doesn't reach back to the beginning.
pub fn read(server: Rc<Server>, window: Window, tracked: Tracked) -> Reading {
    Reading::produced(move |writer| async move {
        let again = Rereading::new(Rc::clone(&server), writer);
        CatchingUp { server, window, tracked, again }.run().await
    })
}

/// What is told of what was read again: by what it was known, and of which moment it is.
pub fn told(changes: u64, by: &str, until: u64) -> Note {
    let position = Consistency::Snapshot(until).position().unwrap_or_default();
    let reason =
        format!("{changes} documents that changed meanwhile, by {by}, were read again, as they were at {position}");
    note("info", UNIT, reason)
}

struct CatchingUp {
    server: Rc<Server>,
    window: Window,
    tracked: Tracked,
    again: Rereading,
}

impl CatchingUp {
    async fn run(&mut self) -> Result<Summary> {
        let mut from = (self.window.begin, true);
        for _ in 0..PASSES {
            let (began, until) = (time::now(), window::majority(&self.server).await?);
            self.pass(from, until, Consistency::Majority).await?;
            from = (until, false);
            if time::now().saturating_sub(began) <= SHORT {
                break;
            }
        }
        // Everything that is touched until this moment is now read as it is at this moment.
        let until = window::majority(&self.server).await?;
        self.pass(from, until, Consistency::Snapshot(until)).await?;
        self.again.end().await?;
        window::prove(&self.server, self.window.begin).await?;
        Ok(Summary { notes: vec![told(self.again.changes(), "the oplog", until)], ..Summary::default() })
    }

    /// Reads again what is touched from one time on, or behind it, up to another. Doing so twice does no harm.
    async fn pass(&mut self, from: (u64, bool), until: u64, consistency: Consistency) -> Result<()> {
        for attempt in 1.. {
            match self.follow(from, until, consistency).await {
                Err(error) if error.retryable && attempt < ATTEMPTS => time::sleep(1000).await,
                Err(error) => {
                    // Whatever the server said of it: if the beginning is gone, that is why.
                    window::prove(&self.server, self.window.begin).await?;
                    return Err(error.while_doing("catching up by the oplog"));
                }
                Ok(()) => break,
            }
        }
        Ok(())
    }

    async fn follow(&mut self, (from, inclusive): (u64, bool), until: u64, consistency: Consistency) -> Result<()> {
        let find =
            Builder::new().text("find", "oplog.rs").document("filter", &between(from, inclusive, until)).finish();
        let (data, done) = self.server.client().read("local".to_owned(), find).await?;
        let (mut entries, mut touched, mut is_first) = (Documents::new(data), Touched::new(), inclusive);
        while let Some(entry) = entries.next().await? {
            // The beginning is an entry. If it isn't there, there may be others that aren't.
            if is_first && bson::get(&entry, "ts").and_then(|ts| ts.timestamp()) != Some(from) {
                return Err(window::lost());
            }
            is_first = false;
            self.tracked.judge(&entry, self.window, &mut touched)?;
            if is_much(&touched) {
                self.again.read(std::mem::take(&mut touched), until, consistency).await?;
            }
        }
        done.await?;
        if is_first {
            return Err(window::lost());
        }
        self.again.read(touched, until, consistency).await
    }
}
