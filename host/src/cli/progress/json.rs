//! Progress for programs: each event as one line of JSON.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::operation::event::{Event, Sink};

/// Writes every event, whatever the verbosity: a program can skip what it doesn't want.
pub(super) struct JsonLines(Mutex<Box<dyn Write + Send>>);

impl JsonLines {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Mutex::new(out))
    }
}

impl Sink for JsonLines {
    fn event(&self, event: Event) {
        let Ok(mut line) = serde_json::to_vec(&event) else { return };
        line.push(b'\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // If nobody reads any more, the operation goes on all the same.
        let _ = out.write_all(&line).and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cli::output::tests::Written;

    #[test]
    fn an_event_is_one_line_with_its_name() {
        let written = Written::default();
        let lines = JsonLines::new(Box::new(written.clone()));
        lines.event(Event::UnitProgress { unit: "data/a\nb".into(), bytes: 7 });
        lines.event(Event::UnitProgress { unit: "data/c".into(), bytes: 8 });
        let text = written.text();
        let values: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(
            values,
            [
                serde_json::json!({ "event": "unit-progress", "unit": "data/a\nb", "bytes": 7 }),
                serde_json::json!({ "event": "unit-progress", "unit": "data/c", "bytes": 8 }),
            ]
        );
    }
}
