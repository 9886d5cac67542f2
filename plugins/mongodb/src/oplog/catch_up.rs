//! The unit of what changed: the oplog is followed, and what it says was touched is read once more.

use super::change::{Change, Id, among};
use super::entry::{Touched, Tracked};
use super::window::{self, Window, between};
use crate::backup::Consistency;
use crate::bson::{self, Builder};
use crate::catalog::Kind;
use crate::documents::Documents;
use crate::note::note;
use crate::server::Server;
use cofferdam_sdk::engine::Summary;
use cofferdam_sdk::{Reading, Result, Writer, time};
use std::rc::Rc;

use super::UNIT;

/// How long the last pass but one may take, in milliseconds: what came meanwhile is read at one moment, of which the server
/// has to have everything for as long as that takes.
const SHORT: u64 = 20_000;

/// Most passes before the last: each is shorter than the one before, unless more is written than can be read.
const PASSES: u32 = 10;

/// How often a pass is tried that a lost connection ended.
const ATTEMPTS: u32 = 3;

/// Documents that are read again at once, and bytes of their `_id`s.
const AT_ONCE: usize = 1000;
const IDS: usize = 1 << 20;

/// Bytes that are written at once, about.
const PIECE: usize = 256 << 10;

/// Follows the oplog from where a backup began, once all documents were read, until the end that it then has.
///
/// The stream fails with "conflict" if something can't be caught up, or the oplog doesn't reach back to the beginning.
pub fn read(server: Rc<Server>, window: Window, tracked: Tracked) -> Reading {
    Reading::produced(move |writer| async move {
        let mut catching_up = CatchingUp { server, window, tracked, writer, pending: Vec::new(), changes: 0 };
        catching_up.run().await
    })
}

struct CatchingUp {
    server: Rc<Server>,
    window: Window,
    tracked: Tracked,
    writer: Writer,
    /// What is about to be written.
    pending: Vec<u8>,
    changes: u64,
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
        self.write_pending().await?;
        window::prove(&self.server, self.window.begin).await?;
        let position = Consistency::Snapshot(until).position().unwrap_or_default();
        let reason =
            format!("{} documents that changed meanwhile were read again, as they were at {position}", self.changes);
        Ok(Summary { notes: vec![note("info", UNIT, reason)], ..Summary::default() })
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
                self.read_again(std::mem::take(&mut touched), until, consistency).await?;
            }
        }
        done.await?;
        if is_first {
            return Err(window::lost());
        }
        self.read_again(touched, until, consistency).await
    }

    async fn read_again(&mut self, touched: Touched, at: u64, consistency: Consistency) -> Result<()> {
        for (namespace, ids) in touched {
            let ids: Vec<Id> = ids.into_iter().collect();
            for some in parts(&ids) {
                self.documents(&namespace, some, at, consistency).await?;
            }
        }
        Ok(())
    }

    /// Writes that documents are gone, and then those of them that are there.
    async fn documents(&mut self, namespace: &str, ids: &[Id], at: u64, consistency: Consistency) -> Result<()> {
        self.changes += ids.len() as u64;
        for id in ids {
            self.write(&Change::gone(namespace, id, at)).await?;
        }
        let (database, collection) = namespace.split_once('.').unwrap_or_default();
        let find = Builder::new().text("find", collection).document("filter", &among(ids));
        let find = consistency.apply(find, Kind::Plain).finish();
        let (data, done) = self.server.client().read(database.to_owned(), find).await?;
        let mut documents = Documents::new(data);
        while let Some(document) = documents.next().await? {
            self.write(&Change::came(namespace, &document, at)).await?;
        }
        done.await.map(drop)
    }

    async fn write(&mut self, entry: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(entry);
        if self.pending.len() < PIECE { Ok(()) } else { self.write_pending().await }
    }

    async fn write_pending(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.writer.write(std::mem::take(&mut self.pending)).await
    }
}

/// Whether so much was touched that it is time to read it.
fn is_much(touched: &Touched) -> bool {
    let ids = || touched.values().flatten();
    ids().count() >= AT_ONCE || ids().map(|id| id.value.len()).sum::<usize>() >= IDS
}

/// As many `_id`s as one command may ask for.
fn parts(ids: &[Id]) -> Vec<&[Id]> {
    let (mut parts, mut rest) = (Vec::new(), ids);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |id: &&Id| {
            bytes += id.value.len();
            bytes <= IDS
        };
        let fitting = rest.iter().take(AT_ONCE).take_while(fits).count().max(1);
        let (part, later) = rest.split_at(fitting);
        parts.push(part);
        rest = later;
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_command_asks_for_no_more_than_it_may() {
        let id = |bytes: usize| Id { kind: 0x02, value: vec![0; bytes] };
        let sizes = |ids: &[Id]| parts(ids).iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&vec![id(12); 2500]), [1000, 1000, 500]);
        assert_eq!(sizes(&[id(IDS + 1), id(1), id(IDS), id(1)]), [1, 1, 1, 1]);
        assert_eq!(sizes(&[]), Vec::<usize>::new());
    }
}
