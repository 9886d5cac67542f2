//! `cofferdam:host/report`: what a plugin says becomes an event, cleaned and capped.

use std::time::{Duration, Instant};

use wasmtime::component::{Access, HasSelf};

use super::Services;
use super::bindings::cofferdam::host::report::{Host, HostWithStore, Level};
use crate::operation::event::Event;

/// What one sandbox may still say.
pub(super) struct Budget {
    bytes: usize,
    ended: bool,
    shown: Option<Instant>,
}

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

impl Services {
    fn say(&mut self, kind: &str, object: &str, text: &str) {
        if self.log.ended {
            return;
        }
        let text: String = text.chars().take(LONGEST).collect();
        let reason = match self.log.bytes.checked_sub(text.len() + EACH) {
            Some(left) => {
                self.log.bytes = left;
                self.context.redactor.clean(&text)
            }
            None => {
                self.log.ended = true;
                "the plugin said more than it may; the rest is left out".to_owned()
            }
        };
        self.context.sink.event(Event::Note { kind: kind.to_owned(), object: object.to_owned(), reason });
    }

    fn show(&mut self, unit: String, bytes: u64) {
        if self.log.shown.is_some_and(|at| at.elapsed() < SHOW) {
            return;
        }
        self.log.shown = Some(Instant::now());
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
        access.get().say(kind, "plugin", &message);
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
