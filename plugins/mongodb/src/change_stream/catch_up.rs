//! The unit of what changed: the stream is followed until it is beyond the moment, and what it says was touched is read once
//! more.

use super::event::judge;
use super::watch::{self, Batch, From, Watched, ended, explained};
use super::{moves, token, unchanged};
use crate::backup::Consistency;
use crate::catalog::Collection;
use crate::oplog::{ATTEMPTS, PASSES, Rereading, SHORT, Touched, Tracked, is_much, told};
use crate::server::{self, Server};
use cofferdam_sdk::engine::Summary;
use cofferdam_sdk::{Error, Reading, Result, time};
use std::rc::Rc;

/// How long after the moment a transaction over several shards may be written down as committed, as a cluster time. Once one
/// shard was told, the others are told within milliseconds; this is for a shard that elects a primary meanwhile.
const BEYOND: u64 = 10 << 32;

/// How long a stream may stand still, in milliseconds. Where nobody writes, members write an entry every ten seconds so that
/// it goes on (MongoDB manual, parameters `writePeriodicNoops`, `periodicNoopIntervalSecs`).
const STALLED: u64 = 120_000;

/// What a stream is followed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// That less is left: everything until a time, as it is when it is read.
    Less(u64),
    /// Everything until a time, as it was at that time.
    Moment(u64),
}

/// What a backup has to know to catch up.
pub struct CatchingUp {
    /// What is watched.
    pub watched: Watched,
    /// From which time on.
    pub begin: u64,
    /// The databases that are backed up.
    pub databases: Vec<String>,
    /// What of them is backed up.
    pub collections: Vec<Collection>,
}

/// Follows the stream from where a backup began, once all documents were read.
///
/// The stream of bytes fails with "conflict" if something can't be caught up, or the server has lost what happened.
pub fn read(server: Rc<Server>, of: CatchingUp) -> Reading {
    Reading::produced(move |writer| async move {
        let again = Rereading::new(Rc::clone(&server), writer);
        let shown: Vec<Collection> = of.collections.iter().filter(|each| !hidden(each)).cloned().collect();
        Following { server, tracked: Tracked::new(&shown), from: From::Time(of.begin), of, again }.run().await
    })
}

/// Whether nothing of a collection is to be expected in the stream.
fn hidden(collection: &Collection) -> bool {
    collection.kind == crate::catalog::Kind::Plain && !watch::shows(collection)
}

struct Following {
    server: Rc<Server>,
    of: CatchingUp,
    tracked: Tracked,
    again: Rereading,
    from: From,
}

impl Following {
    async fn run(&mut self) -> Result<Summary> {
        for _ in 0..PASSES {
            let began = time::now();
            let until = watch::now(&self.server).await?;
            self.pass(Goal::Less(until)).await?;
            if time::now().saturating_sub(began) <= SHORT {
                break;
            }
        }
        // Nothing that was read until now is of later than this. What is touched until then is now read as it is then.
        let until = watch::now(&self.server).await?;
        self.pass(Goal::Moment(until)).await?;
        self.again.end().await?;
        unchanged::prove(&self.server, &self.of.databases, &self.of.collections).await?;
        if self.server.kind == server::Kind::Mongos {
            moves::prove(&self.server, &self.of.collections, self.of.begin).await?;
        }
        Ok(Summary { notes: vec![told(self.again.changes(), "a change stream", until)], ..Summary::default() })
    }

    /// Goes on from where the pass before ended. Done twice it does no harm.
    async fn pass(&mut self, goal: Goal) -> Result<()> {
        for attempt in 1.. {
            match self.follow(goal).await.map_err(explained) {
                Err(error) if error.retryable && attempt < ATTEMPTS => time::sleep(1000).await,
                Err(error) => return Err(error.while_doing("catching up by a change stream")),
                Ok(()) => break,
            }
        }
        Ok(())
    }

    async fn follow(&mut self, goal: Goal) -> Result<()> {
        let stream = self.of.watched.follow(&self.server, &self.from).await?;
        let (mut touched, mut seen) = (Touched::new(), goal.until());
        let (mut furthest, mut since) = (0, time::now());
        while let Some(reply) = stream.next().await? {
            let batch = Batch::read(&reply)?;
            for event in &batch.events {
                seen = seen.max(judge(&self.tracked, event, goal.moment(), &mut touched)?);
                if is_much(&touched) {
                    self.again.read(std::mem::take(&mut touched), goal.until(), goal.consistency(seen)).await?;
                }
            }
            // That nothing came proves nothing: only the token says what the server has looked at.
            let reached = token::time(&batch.token)
                .ok_or_else(|| Error::unsupported("the change stream's resume tokens aren't as they are known"))?;
            if goal.is_reached(reached, self.server.kind) {
                self.again.read(touched, goal.until(), goal.consistency(seen)).await?;
                self.from = From::Token(batch.token);
                return Ok(());
            }
            if reached > furthest {
                (furthest, since) = (reached, time::now());
            } else if time::now().saturating_sub(since) > STALLED {
                return Err(stalled());
            }
        }
        Err(ended())
    }
}

impl Goal {
    fn until(self) -> u64 {
        match self {
            Self::Less(until) | Self::Moment(until) => until,
        }
    }

    /// The moment that documents are read at, if it is one.
    fn moment(self) -> Option<u64> {
        match self {
            Self::Less(_) => None,
            Self::Moment(until) => Some(until),
        }
    }

    /// How a document is read whose event was seen: not as it was before it.
    fn consistency(self, seen: u64) -> Consistency {
        match self {
            Self::Less(_) => Consistency::Watch(seen),
            Self::Moment(until) => Consistency::Snapshot(until),
        }
    }

    /// Whether a stream that is there has been followed far enough. Of the token's own time something may be to come, so that
    /// the moment has to be behind it.
    fn is_reached(self, reached: u64, kind: server::Kind) -> bool {
        match self {
            Self::Less(until) => reached >= until,
            Self::Moment(until) if kind == server::Kind::Mongos => reached > until.saturating_add(BEYOND),
            Self::Moment(until) => reached > until,
        }
    }
}

fn stalled() -> Error {
    Error::conflict(format!("the change stream didn't go on for {} s, so what changed isn't known", STALLED / 1000))
        .with_hint("see that no shard lacks a primary, and that none was started with writePeriodicNoops=false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_is_reached_once_the_stream_is_beyond_it() {
        let (moment, member, mongos) = (Goal::Moment(7), server::Kind::Member, server::Kind::Mongos);
        assert!(!moment.is_reached(7, member) && moment.is_reached(8, member));
        assert!(!moment.is_reached(7 + BEYOND, mongos) && moment.is_reached(8 + BEYOND, mongos));
        assert!(!Goal::Less(7).is_reached(6, mongos) && Goal::Less(7).is_reached(7, mongos));
    }

    #[test]
    fn a_document_is_not_read_as_it_was_before_its_event() {
        assert_eq!(Goal::Less(7).consistency(9), Consistency::Watch(9));
        assert_eq!(Goal::Moment(7).consistency(9), Consistency::Snapshot(7));
    }
}
