//! What a backup is consistent with: chosen before it begins, said, and never changed to something weaker.

use crate::bson::{self, Builder, Document};
use crate::catalog::{Collection, Kind};
use crate::change_stream::{self, Watched};
use crate::namespace::Scope;
use crate::note::note;
use crate::oplog::{self, Window};
use crate::server::{self, Server};
use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Error, Options, Result, options, time};

/// The setting by which the operator chooses.
pub const SETTING: &str = "consistency";

/// What a server keeps of its history if nobody says otherwise, in seconds (MongoDB manual, parameter
/// minSnapshotHistoryWindowInSeconds).
const DEFAULT_WINDOW: u64 = 300;

/// Bytes that are surely read in a second, over all sessions together.
const SURE_RATE: u64 = 20 << 20;

/// How long a member may take until it has what another has, in milliseconds, and how often it is asked.
const CATCHING_UP: u64 = 30_000;
const ASKED_EVERY: u64 = 200;

/// What every session reads at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Everything as it was at one cluster time.
    Snapshot(u64),
    /// Each collection as it is when it is read, and then what changed meanwhile, all of that at one moment.
    CatchUp(Window),
    /// The same by a change stream from a cluster time on, before which nothing is read.
    Watch(u64),
    /// Each collection as it is when it is read, of what a majority has.
    Majority,
    /// Each collection as it is when it is read.
    Plain,
}

impl Consistency {
    /// As the contract calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Snapshot(_) => "snapshot",
            Self::CatchUp(_) | Self::Watch(_) => "point-in-time",
            Self::Majority | Self::Plain => "per-object",
        }
    }

    /// The cluster time, as people write it: seconds and a counter.
    pub fn position(self) -> Option<String> {
        match self {
            Self::Snapshot(at) => Some(format!("{}.{}", at >> 32, at & u64::from(u32::MAX))),
            // The end is where nobody knows yet.
            Self::CatchUp(_) | Self::Watch(_) | Self::Majority | Self::Plain => None,
        }
    }

    /// The command with what makes it read so. The server refuses snapshots of capped collections.
    pub fn apply(self, command: Builder, kind: Kind) -> Builder {
        let concern = match self {
            Self::Plain => return command,
            Self::Snapshot(at) if kind != Kind::Capped => {
                Builder::new().text("level", "snapshot").timestamp("atClusterTime", at)
            }
            Self::Watch(begin) => Builder::new().text("level", "majority").timestamp("afterClusterTime", begin),
            Self::Snapshot(_) | Self::CatchUp(_) | Self::Majority => Builder::new().text("level", "majority"),
        };
        command.document("readConcern", &concern.finish())
    }

    /// What a worker needs to read the same.
    pub fn token(self) -> String {
        match self {
            Self::Snapshot(at) => format!("snapshot {at}"),
            Self::CatchUp(Window { begin, seen }) => format!("oplog {begin} {seen}"),
            Self::Watch(begin) => format!("watch {begin}"),
            Self::Majority => "majority".to_owned(),
            Self::Plain => "plain".to_owned(),
        }
    }

    /// Reads a token.
    pub fn of_token(token: &str) -> Result<Self> {
        match token.split_once(' ') {
            Some(("snapshot", at)) => Ok(Self::Snapshot(at.parse()?)),
            Some(("oplog", times)) => {
                let (begin, seen) = times.split_once(' ').ok_or_else(|| Error::internal("the token isn't ours"))?;
                Ok(Self::CatchUp(Window { begin: begin.parse()?, seen: seen.parse()? }))
            }
            Some(("watch", begin)) => Ok(Self::Watch(begin.parse()?)),
            None if token == "majority" => Ok(Self::Majority),
            None if token == "plain" => Ok(Self::Plain),
            _ => Err(Error::internal("the token isn't ours")),
        }
    }
}

/// Chooses, and fixes the moment if it is one.
pub async fn choose(
    server: &Server,
    collections: &[Collection],
    bytes: u64,
    settings: &Options,
    scope: &Scope,
) -> Result<(Consistency, Vec<Note>)> {
    let wanted = options::get(settings, SETTING);
    if !matches!(wanted, None | Some("snapshot" | "oplog" | "change-stream" | "per-object")) {
        return Err(Error::invalid_options(format!("{SETTING} is snapshot, oplog, change-stream or per-object")));
    }
    let each = if server.kind == server::Kind::Standalone { Consistency::Plain } else { Consistency::Majority };
    match wanted {
        Some("per-object") => return Ok((each, Vec::new())),
        Some("oplog") => return by_oplog(server, collections, scope).await,
        Some("change-stream") => return by_change_stream(server, collections, scope).await,
        _ => {}
    }
    let fits = window(server).await;
    let needed = bytes / SURE_RATE;
    let why = if server.kind == server::Kind::Standalone {
        "a server alone has no snapshots: make it a replica set of one member".to_owned()
    } else if wanted.is_none() && needed > fits {
        let why = format!(
            "reading {} MB may take {needed} s and the server keeps history for {fits} s: raise it on every member with \
             db.adminCommand({{ setParameter: 1, minSnapshotHistoryWindowInSeconds: {} }}), or read at one moment all the \
             same with --set {SETTING}=snapshot, which fails if the history doesn't last",
            bytes >> 20,
            needed.saturating_mul(2)
        );
        match catch_up(server, collections, scope).await {
            Ok((consistency, mut notes)) => {
                let by = if matches!(consistency, Consistency::Watch(_)) { "a change stream" } else { "the oplog" };
                let reason = format!("what changes while the backup runs is read again at its end, by {by}: {why}");
                notes.insert(0, note("warning", "", reason));
                return Ok((consistency, notes));
            }
            Err(error) if error.code == "unreachable" => return Err(error),
            Err(error) => format!("{why}; and {}", error.message),
        }
    } else {
        match snapshot(server, collections).await {
            Ok(Some(at)) => return Ok((Consistency::Snapshot(at), apart(collections, scope, is_capped))),
            Ok(None) => "there is no collection that could be read at one moment".to_owned(),
            Err(error) if error.code == "unreachable" || error.code == "permission-denied" => return Err(error),
            Err(error) => format!("the server has no snapshots: {}", error.message),
        }
    };
    if wanted.is_some() {
        return Err(Error::unsupported(format!("this can't be read at one moment: {why}")));
    }
    let reason = format!("each collection is backed up as it is when it is read, and not all at one moment: {why}");
    Ok((each, vec![note("warning", "", reason)]))
}

/// By the oplog, or by a change stream where that can't be read.
async fn catch_up(server: &Server, collections: &[Collection], scope: &Scope) -> Result<(Consistency, Vec<Note>)> {
    let oplog = match by_oplog(server, collections, scope).await {
        Err(error) if error.code != "unreachable" => error,
        other => return other,
    };
    by_change_stream(server, collections, scope).await.map_err(|mut error| {
        error.message =
            format!("the oplog is of no help: {}; nor is a change stream: {}", oplog.message, error.message);
        error
    })
}

/// Fixes where catching up by the oplog begins.
async fn by_oplog(server: &Server, collections: &[Collection], scope: &Scope) -> Result<(Consistency, Vec<Note>)> {
    let window = match server.kind {
        server::Kind::Member => oplog::open(server).await?,
        server::Kind::Standalone => {
            return Err(Error::unsupported("a server alone has no oplog")
                .with_hint("make it a replica set of one member: --replSet, then rs.initiate()"));
        }
        server::Kind::Mongos => {
            return Err(Error::unsupported("a mongos shows no oplog, and each shard has its own")
                .with_hint("use --set consistency=snapshot or change-stream"));
        }
    };
    let is_apart = |each: &Collection| matches!(each.kind, Kind::Capped | Kind::TimeSeries);
    Ok((Consistency::CatchUp(window), apart(collections, scope, is_apart)))
}

/// Fixes where catching up by a change stream begins. What is read again in the end is read at one moment, so that there have
/// to be snapshots.
async fn by_change_stream(
    server: &Server,
    collections: &[Collection],
    scope: &Scope,
) -> Result<(Consistency, Vec<Note>)> {
    let mut databases: Vec<String> = collections.iter().map(|each| each.database.clone()).collect();
    databases.dedup();
    let begin = change_stream::open(server, &Watched::new(server, scope, &databases), collections).await?;
    snapshot(server, collections).await.map_err(|error| error.while_doing("looking whether there are snapshots"))?;
    let is_apart = |each: &Collection| {
        let shown = change_stream::shows(each);
        !shown && !matches!(each.kind, Kind::View | Kind::Buckets)
    };
    Ok((Consistency::Watch(begin), apart(collections, scope, is_apart)))
}

fn is_capped(collection: &Collection) -> bool {
    collection.kind == Kind::Capped
}

/// Tells what isn't of the moment that all else is of.
fn apart(collections: &[Collection], scope: &Scope, is_apart: impl Fn(&Collection) -> bool) -> Vec<Note> {
    let apart = collections.iter().filter(|collection| is_apart(collection));
    let told = |collection: &Collection| {
        let what = match collection.kind {
            Kind::Capped => "capped collections",
            Kind::TimeSeries | Kind::Buckets => "time series",
            Kind::Plain | Kind::View => "collections of the server and of admin",
        };
        let object = scope.object(&collection.database, &collection.name);
        note("changed", object, format!("{what} can't be read so: it is as it was when it was read"))
    };
    apart.map(told).collect()
}

/// How long the server keeps its history, in seconds. One that doesn't say keeps it as long as most do.
pub async fn window(server: &Server) -> u64 {
    const NAME: &str = "minSnapshotHistoryWindowInSeconds";
    let asked = server.run("admin", Builder::new().int("getParameter", 1).int(NAME, 1)).await;
    let said = asked.ok().and_then(|reply| bson::get(&reply, NAME)?.number());
    said.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(DEFAULT_WINDOW)
}

/// The cluster time of a first snapshot read (MongoDB manual, "Read Concern snapshot").
async fn snapshot(server: &Server, collections: &[Collection]) -> Result<Option<u64>> {
    let Some(collection) = collections.iter().find(|collection| collection.kind == Kind::Plain) else {
        return Ok(None);
    };
    let concern = Builder::new().text("level", "snapshot").finish();
    let find = Builder::new().text("find", &collection.name).int("limit", 1).truth("singleBatch", true);
    let reply = server.run(&collection.database, find.document("readConcern", &concern)).await?;
    let at = bson::path(&reply, "cursor.atClusterTime").or_else(|| bson::get(&reply, "atClusterTime"));
    match at.and_then(|at| at.timestamp()) {
        Some(at) => Ok(Some(at)),
        // It ignored what we asked, as a server does that doesn't know it.
        None => Err(Error::unsupported("it doesn't say of which moment its answer is")),
    }
}

/// Waits until a member has everything up to the moment that is read: one that is behind refuses a time that it doesn't
/// know.
pub async fn wait_for(server: &Server, consistency: Consistency) -> Result<()> {
    let (Consistency::Snapshot(at) | Consistency::CatchUp(Window { seen: at, .. }) | Consistency::Watch(at)) =
        consistency
    else {
        return Ok(());
    };
    for _ in 0..CATCHING_UP / ASKED_EVERY {
        let hello = server.run("admin", Builder::new().int("hello", 1)).await?;
        if has(&hello, at) {
            return Ok(());
        }
        time::sleep(ASKED_EVERY).await;
    }
    Err(Error::unreachable("the member is far behind the one that leads").retryable())
}

/// Whether a member has everything up to a time, by its hello. A mongos knows once it heard of the time.
fn has(hello: &Document, at: u64) -> bool {
    let said =
        bson::path(hello, "lastWrite.majorityOpTime.ts").or_else(|| bson::path(hello, "$clusterTime.clusterTime"));
    said.and_then(|ts| ts.timestamp()).is_none_or(|ts| ts >= at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_worker_reads_what_the_leader_reads() {
        let catch_up = Consistency::CatchUp(Window { begin: 7, seen: 9 });
        let (snapshot, watch) = (Consistency::Snapshot(7 << 32 | 1), Consistency::Watch(7));
        for consistency in [snapshot, catch_up, watch, Consistency::Majority, Consistency::Plain] {
            assert_eq!(Consistency::of_token(&consistency.token()).unwrap(), consistency);
        }
        assert!(Consistency::of_token("snapshot x").is_err() && Consistency::of_token("oplog 1").is_err());
        assert!(Consistency::of_token("").is_err());
    }

    #[test]
    fn every_read_of_a_snapshot_names_its_moment_but_for_capped_collections() {
        let at = Consistency::Snapshot(9);
        let plain = at.apply(Builder::new(), Kind::Plain).finish();
        assert_eq!(bson::path(&plain, "readConcern.atClusterTime").unwrap().timestamp(), Some(9));
        let capped = at.apply(Builder::new(), Kind::Capped).finish();
        assert_eq!(bson::path(&capped, "readConcern.level").unwrap().text(), Some("majority"));
        assert_eq!(at.position().as_deref(), Some("0.9"));
        let watch = Consistency::Watch(9).apply(Builder::new(), Kind::Capped).finish();
        assert_eq!(bson::path(&watch, "readConcern.afterClusterTime").unwrap().timestamp(), Some(9));
    }

    #[test]
    fn a_member_that_is_behind_is_waited_for() {
        let hello = |ts: u64| {
            let optime = Builder::new().timestamp("ts", ts).finish();
            let last = Builder::new().document("majorityOpTime", &optime).finish();
            Builder::new().document("lastWrite", &last).finish()
        };
        assert!(!has(&hello(8), 9));
        assert!(has(&hello(9), 9) && has(&Builder::new().finish(), 9));
    }
}
