//! Progress for logs and pipes: a line when something happens, and now and then how far it is.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::tally::Tally;
use super::wording;
use crate::cli::human;
use crate::cli::output::Verbosity;
use crate::operation::event::{Event, Sink};

const EVERY: Duration = Duration::from_secs(5);

/// Writes lines.
pub(super) struct Lines {
    verbosity: Verbosity,
    every: Duration,
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    tally: Tally,
    began: Instant,
    told: Instant,
}

impl Lines {
    pub(super) fn new(out: Box<dyn Write + Send>, verbosity: Verbosity) -> Self {
        Self::every(EVERY, out, verbosity)
    }

    fn every(every: Duration, out: Box<dyn Write + Send>, verbosity: Verbosity) -> Self {
        let now = Instant::now();
        Self { verbosity, every, state: Mutex::new(State { out, tally: Tally::default(), began: now, told: now }) }
    }
}

impl Sink for Lines {
    fn event(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tally.apply(&event);
        if matches!(event, Event::Planned { .. }) {
            (state.began, state.told) = (Instant::now(), Instant::now());
        }
        if let Some(line) = wording::line(&event, self.verbosity) {
            state.write(&line);
        }
        let moved = matches!(event, Event::UnitProgress { .. } | Event::UnitDone { .. });
        if moved && self.verbosity > Verbosity::Quiet && state.told.elapsed() >= self.every {
            state.told = Instant::now();
            let line = state.progress();
            state.write(&line);
        }
    }
}

impl State {
    fn progress(&self) -> String {
        let tally = &self.tally;
        format!(
            "{:>3} %, {} of {}, {}, {} of {}",
            tally.percent(),
            human::size(tally.bytes()),
            human::size(tally.total()),
            human::rate(tally.bytes(), self.began.elapsed()),
            human::count(tally.done as u64),
            human::several(tally.planned as u64, "unit"),
        )
    }

    /// If nobody reads the log any more, the operation goes on all the same.
    fn write(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cli::output::tests::Written;

    fn told(every: Duration, verbosity: Verbosity) -> String {
        let written = Written::default();
        let lines = Lines::every(every, Box::new(written.clone()), verbosity);
        lines.event(Event::Planned { units: 2, estimated_bytes: 200, consistency: "snapshot".into(), jobs: 4 });
        lines.event(Event::UnitStarted { unit: "data/a".into(), estimated_bytes: Some(150) });
        lines.event(Event::UnitProgress { unit: "data/a".into(), bytes: 100 });
        lines.event(Event::UnitDone { unit: "data/a".into(), bytes: 150, rows: Some(3) });
        written.text()
    }

    #[test]
    fn progress_is_told_when_it_is_time() {
        let text = told(Duration::ZERO, Verbosity::Normal);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines.first().copied(), Some("2 units, about 200 B, 4 at once, consistency: snapshot"));
        assert!(text.contains(" 50 %, 100 B of 200 B, ") && text.contains(", 0 of 2 units"), "{text}");
        assert!(text.contains(" 75 %, 150 B of 200 B, ") && text.contains(", 1 of 2 units"), "{text}");
    }

    #[test]
    fn progress_is_not_told_all_the_time_and_never_to_those_who_want_quiet() {
        assert_eq!(told(Duration::from_secs(3600), Verbosity::Normal).lines().count(), 1);
        assert_eq!(told(Duration::ZERO, Verbosity::Quiet), "");
    }
}
