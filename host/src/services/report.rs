//! `cofferdam:host/report`: what a plugin says becomes an event, cleaned and capped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::component::{Access, HasSelf};

use super::bindings::cofferdam::host::report::{Host, HostWithStore, Level};
use super::{Context, Services};
use crate::operation::event::Event;

/// What one sandbox may still say.
pub(super) struct Budget {
    bytes: usize,
    ended: bool,
    shown: Option<Instant>,
}

/// One sandbox has one, whatever way it speaks.
pub(super) type Shared = Arc<Mutex<Budget>>;

/// Progress that comes faster is left out: nobody sees it, and the last of it says all.
const SHOW: Duration = Duration::from_millis(100);

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 256 << 10, ended: false, shown: None }
    }
}

/// What a message costs besides its bytes, so that empty ones come to an end too.
const EACH: usize = 64;

/// A longer message is cut here.
const LONGEST: usize = 4096;

/// Tells the operator something, unless the sandbox has said all that it may.
pub(super) fn say(context: &Context, budget: &Shared, kind: &str, object: &str, text: &str) {
    let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
    if budget.ended {
        return;
    }
    let text: String = text.chars().take(LONGEST).collect();
    let reason = match budget.bytes.checked_sub(text.len() + EACH) {
        Some(left) => {
            budget.bytes = left;
            context.redactor.clean(&text)
        }
        None => {
            budget.ended = true;
            "the plugin said more than it may; the rest is left out".to_owned()
        }
    };
    context.sink.event(Event::Note { kind: kind.to_owned(), object: object.to_owned(), reason });
}

impl Services {
    fn show(&mut self, unit: String, bytes: u64) {
        let mut budget = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if budget.shown.is_some_and(|at| at.elapsed() < SHOW) {
            return;
        }
        budget.shown = Some(Instant::now());
        drop(budget);
        let unit = unit.chars().take(LONGEST).collect();
        self.context.sink.event(Event::UnitProgress { unit, bytes });
    }
}

impl Host for Services {}

impl<T: Send + 'static> HostWithStore<T> for HasSelf<Services> {
    async fn log(mut access: Access<'_, T, Self>, level: Level, message: String) -> wasmtime::Result<()> {
        let kind = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warning",
        };
        let services = access.get();
        say(&services.context, &services.log, kind, "plugin", &message);
        Ok(())
    }

    async fn progress(
        mut access: Access<'_, T, Self>,
        unit: String,
        done: u64,
        _total: Option<u64>,
    ) -> wasmtime::Result<()> {
        access.get().show(unit, done);
        Ok(())
    }
}
