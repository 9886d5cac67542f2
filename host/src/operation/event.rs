//! What an operation tells while it works: one stream of events, which renderers turn into bars, lines or JSON.
//! Row values and secrets never appear in it.

use serde::Serialize;

/// Something that happened in an operation.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The operation began.
    Started {
        /// "backup", "restore", "clone", "verify".
        operation: &'static str,
        /// The operation's id, which everything it makes on a server bears.
        id: String,
        /// The instance, and the database where one was named.
        instance: String,
    },
    /// It is known what there is to do.
    Planned {
        /// Number of units.
        units: usize,
        /// Sum of the estimates, in bytes of the units' streams; what it really is shows at the end.
        estimated_bytes: u64,
        /// "snapshot", "point-in-time", "single-transaction", "per-object".
        consistency: String,
        /// Sessions that work side by side.
        jobs: usize,
    },
    /// A unit's stream was opened.
    UnitStarted {
        /// The unit's name.
        unit: String,
        /// What the plan expects of it, in bytes.
        estimated_bytes: Option<u64>,
    },
    /// Bytes of a unit went through; told a few times a second at most.
    UnitProgress {
        /// The unit's name.
        unit: String,
        /// Bytes so far, in this attempt.
        bytes: u64,
    },
    /// A unit is where it belongs.
    UnitDone {
        /// The unit's name.
        unit: String,
        /// Bytes of its stream.
        bytes: u64,
        /// Rows that the host counted, where the unit has rows.
        rows: Option<u64>,
    },
    /// A unit failed and is tried again.
    UnitRetried {
        /// The unit's name.
        unit: String,
        /// The attempt that comes next, from 1.
        attempt: u32,
        /// Why the last one failed.
        reason: String,
    },
    /// Something the operator should know; it doesn't stop the operation.
    Note {
        /// "debug", "info", "warning", "carried", "changed", "left-out".
        kind: String,
        /// What it is about.
        object: String,
        /// What there is to know.
        reason: String,
    },
    /// The operation ended well.
    Finished {
        /// The backup that it made or read.
        backup: Option<String>,
        /// Units that were moved.
        units: usize,
        /// Bytes of their streams.
        bytes: u64,
        /// Rows that the host counted.
        rows: u64,
        /// Wall time in seconds.
        seconds: f64,
        /// Bytes that the repository took in anew, after compression and deduplication.
        stored_bytes: Option<u64>,
    },
    /// The operation ended badly; nothing of it counts.
    Failed {
        /// The documented error code.
        code: String,
        /// What failed.
        message: String,
        /// The causes, the nearest first.
        causes: Vec<String>,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// Where events go. Called from many tasks; must not block for long.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn event(&self, event: Event);
}

/// A sink for those who don't listen.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Sink for Silent {
    fn event(&self, _: Event) {}
}
