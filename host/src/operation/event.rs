//! What an operation tells while it works: one stream of events, which renderers turn into bars, lines or JSON.
//! Row values and secrets never appear in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::secrets::Redactor;

/// Something that happened in an operation.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The operation began.
    Started {
        /// "backup", "restore", "clone", "verify", "export", "import", "copy".
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
        /// "debug", "info", "warning", "carried", "changed", "left-out", "failed".
        kind: String,
        /// What it is about.
        object: String,
        /// What there is to know.
        reason: String,
    },
    /// The fidelity report in short. What was changed or left out has been told in notes.
    Report {
        /// Objects that were carried.
        carried: u64,
        /// How many kinds of them there are.
        kinds: usize,
        /// Objects that aren't as they were.
        changed: u64,
        /// Objects that aren't there.
        left_out: u64,
        /// Objects that couldn't be made, where the operator wants the rest all the same.
        failed: u64,
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
        /// Objects that couldn't be made: what was made is partial unless it is 0.
        failed: u64,
        /// Rows that came and that the target refused.
        missing_rows: u64,
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

impl Event {
    /// Applies `edit` to every text of it that comes from a plugin, a server or the operator.
    fn edit_texts(&mut self, edit: impl Fn(&mut String)) {
        match self {
            Self::Started { instance, .. } => edit(instance),
            Self::Planned { consistency, .. } => edit(consistency),
            Self::UnitStarted { unit, .. } | Self::UnitProgress { unit, .. } | Self::UnitDone { unit, .. } => {
                edit(unit)
            }
            Self::UnitRetried { unit, reason, .. } => [unit, reason].into_iter().for_each(edit),
            Self::Note { kind, object, reason } => [kind, object, reason].into_iter().for_each(edit),
            Self::Report { .. } | Self::Finished { .. } => {}
            Self::Failed { message, causes, hint, .. } => {
                [message].into_iter().chain(causes).chain(hint).for_each(edit);
            }
        }
    }
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

/// Hands events on without secrets and without what a terminal would obey, whoever made them: units bear the names of
/// tables, and anybody may name a table. Nothing comes after the end, whatever a sandbox that is being left still says.
pub(crate) struct Cleaned {
    sink: Arc<dyn Sink>,
    redactor: Redactor,
    over: AtomicBool,
}

impl Cleaned {
    pub(crate) fn new(sink: Arc<dyn Sink>, redactor: Redactor) -> Self {
        Self { sink, redactor, over: AtomicBool::new(false) }
    }
}

impl Sink for Cleaned {
    fn event(&self, mut event: Event) {
        let last = matches!(event, Event::Finished { .. } | Event::Failed { .. });
        if self.over.fetch_or(last, Ordering::SeqCst) {
            return;
        }
        event.edit_texts(|text| *text = self.redactor.clean(text));
        self.sink.event(event);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::Mutex;

    use super::*;
    use crate::secrets::Secret;

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    impl Sink for Kept {
        fn event(&self, event: Event) {
            self.0.lock().unwrap().push(serde_json::to_string(&event).unwrap());
        }
    }

    #[test]
    fn no_text_of_any_event_tells_a_secret_or_moves_the_cursor() {
        let text = || "hunter2\u{9b}2J".to_owned();
        let kept = Arc::new(Kept::default());
        let cleaned = Cleaned::new(kept.clone(), Redactor::new([&Secret::new("hunter2".to_owned())]));
        for event in [
            Event::Started { operation: "backup", id: "1".into(), instance: text() },
            Event::Planned { units: 1, estimated_bytes: 1, consistency: text(), jobs: 1 },
            Event::UnitStarted { unit: text(), estimated_bytes: None },
            Event::UnitProgress { unit: text(), bytes: 1 },
            Event::UnitDone { unit: text(), bytes: 1, rows: None },
            Event::UnitRetried { unit: text(), attempt: 1, reason: text() },
            Event::Note { kind: text(), object: text(), reason: text() },
            Event::Failed { code: "x".into(), message: text(), causes: vec![text()], hint: Some(text()) },
        ] {
            cleaned.event(event);
        }
        let told = kept.0.lock().unwrap().join("\n");
        assert!(told.contains("***") && !told.contains("hunter2") && !told.contains('\u{9b}'), "{told}");
    }
}
