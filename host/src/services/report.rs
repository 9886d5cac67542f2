//! `cofferdam:host/report`: what a plugin says becomes an event, cleaned and capped.

use wasmtime::component::{Access, HasSelf};

use super::Services;
use super::bindings::cofferdam::host::report::{Host, HostWithStore, Level};
use crate::operation::event::Event;

/// What one sandbox may still say.
pub(super) struct Budget {
    bytes: usize,
    ended: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 256 << 10, ended: false }
    }
}

/// A longer message is cut here.
const LONGEST: usize = 4096;

impl Services {
    fn say(&mut self, kind: &str, object: &str, text: &str) {
        if self.log.ended {
            return;
        }
        let text: String = text.chars().take(LONGEST).collect();
        let reason = match self.log.bytes.checked_sub(text.len()) {
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
        let context = access.get().context();
        let unit = context.redactor.clean(&unit);
        context.sink.event(Event::UnitProgress { unit, bytes: done });
        Ok(())
    }
}
