//! Progress for a terminal: one bar for all, and a line for each unit that is on its way.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::tally::Tally;
use super::wording;
use crate::cli::human;
use crate::cli::output::Verbosity;
use crate::operation::event::{Event, Sink};
use crate::secrets::sanitize;

const TOTAL: &str = "{bar:28} {share}  {msg}  {rate}{left}";
const UNIT: &str = "  {wide_msg}";

/// Draws on standard error.
pub(super) struct Terminal {
    verbosity: Verbosity,
    all: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tally: Tally,
    jobs: usize,
    total: Option<ProgressBar>,
    units: HashMap<String, ProgressBar>,
}

impl Terminal {
    pub(super) fn new(all: MultiProgress, verbosity: Verbosity) -> Self {
        Self { verbosity, all, state: Mutex::default() }
    }

    fn unit(&self, state: &mut State, unit: &str, bytes: u64) {
        if !state.units.contains_key(unit) {
            // More lines than sessions would only be those whose end is still to come.
            if state.units.len() >= state.jobs.max(1) {
                return;
            }
            state.units.insert(unit.to_owned(), self.all.add(bar(UNIT)));
        }
        if let Some(line) = state.units.get(unit) {
            line.set_message(format!("{:>8}  {}", human::size(bytes), sanitize(unit)));
        }
    }

    fn remove(&self, state: &mut State, unit: &str) {
        if let Some(line) = state.units.remove(unit) {
            line.finish_and_clear();
            self.all.remove(&line);
        }
    }

    fn clear(&self, state: &mut State) {
        state.units.drain().for_each(|(_, line)| line.finish_and_clear());
        if let Some(total) = state.total.take() {
            total.finish_and_clear();
        }
    }
}

impl Sink for Terminal {
    fn event(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        state.tally.apply(&event);
        match &event {
            Event::Planned { jobs, .. } => {
                state.jobs = *jobs;
                state.total = Some(self.all.add(bar(TOTAL)));
            }
            Event::UnitStarted { unit, .. } | Event::UnitRetried { unit, .. } => self.unit(state, unit, 0),
            Event::UnitProgress { unit, bytes } => self.unit(state, unit, *bytes),
            Event::UnitDone { unit, .. } => self.remove(state, unit),
            Event::Finished { .. } | Event::Failed { .. } => self.clear(state),
            _ => {}
        }
        if let Some(total) = &state.total {
            let tally = &state.tally;
            total.set_length(tally.total());
            total.set_position(tally.bytes());
            total.set_message(format!(
                "{} of {}  {} of {}",
                human::size(tally.bytes()),
                human::size(tally.total()),
                human::count(tally.done as u64),
                human::several(tally.planned as u64, "unit")
            ));
        }
        if let Some(line) = wording::line(&event, self.verbosity) {
            // A terminal that went away is no reason to stop.
            let _ = self.all.println(line);
        }
    }
}

/// A renderer that is dropped before the end, as after an early error, leaves no half-drawn bar behind.
impl Drop for Terminal {
    fn drop(&mut self) {
        let mut state = std::mem::take(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.clear(&mut state);
    }
}

fn bar(template: &str) -> ProgressBar {
    // The templates are constants, and a test draws them.
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("share", share)
        .with_key("rate", rate)
        .with_key("left", left)
        .progress_chars("━╸─");
    ProgressBar::no_length().with_style(style)
}

// Writing to what indicatif draws from can't fail.

fn share(state: &ProgressState, out: &mut dyn fmt::Write) {
    let _ = write!(out, "{:>3.0} %", (state.fraction() * 100.0).floor());
}

fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    let _ = write!(out, "{}/s", human::size(state.per_sec() as u64));
}

/// Nothing while a guess would be wild.
fn left(state: &ProgressState, out: &mut dyn fmt::Write) {
    let left = state.eta();
    if state.pos() > 0 && !left.is_zero() && left < Duration::from_secs(100 * 3600) {
        let _ = write!(out, "  {} left", human::period(left));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::io;
    use std::sync::Arc;
    use std::thread::sleep;

    use indicatif::{ProgressDrawTarget, TermLike};

    use super::*;

    /// A terminal that keeps what is drawn, frame by frame.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<Frames>>);

    #[derive(Debug, Default)]
    struct Frames {
        drawing: String,
        all: Vec<String>,
    }

    impl Screen {
        fn last(&self) -> String {
            self.0.lock().unwrap().all.last().cloned().unwrap_or_default()
        }

        fn ever(&self) -> String {
            self.0.lock().unwrap().all.concat()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            120
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().drawing.push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            let mut frames = self.0.lock().unwrap();
            let frame = std::mem::take(&mut frames.drawing);
            frames.all.push(frame);
            Ok(())
        }
    }

    #[test]
    fn the_templates_are_valid() {
        for template in [TOTAL, UNIT] {
            ProgressStyle::with_template(template).unwrap();
        }
    }

    #[test]
    fn a_bar_and_at_most_a_line_a_job_are_drawn_and_all_is_gone_at_the_end() {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        let terminal = Terminal::new(MultiProgress::with_draw_target(target), Verbosity::Normal);
        // Slower than the frames, so that none is left out.
        let tell = |event| {
            sleep(Duration::from_millis(20));
            terminal.event(event);
        };
        let progress = |unit: &str, bytes| Event::UnitProgress { unit: unit.into(), bytes };
        tell(Event::Planned { units: 9, estimated_bytes: 2000, consistency: "snapshot".into(), jobs: 2 });
        for unit in ["data/a\u{1b}[2J", "data/b", "data/c"] {
            tell(Event::UnitStarted { unit: unit.into(), estimated_bytes: None });
            tell(progress(unit, 500));
        }
        assert!(screen.last().contains("500 B  data/a\\u{1b}[2J"), "{}", screen.last());
        assert!(screen.last().contains("500 B  data/b") && !screen.last().contains("data/c"), "{}", screen.last());
        tell(Event::UnitDone { unit: "data/b".into(), bytes: 500, rows: None });
        tell(progress("data/c", 600));
        assert!(screen.last().contains("600 B  data/c") && !screen.last().contains("data/b"), "{}", screen.last());
        assert!(screen.last().contains("1.6 kB of 2.5 kB  1 of 9 units"), "{}", screen.last());
        drop(terminal);
        assert!(screen.ever().contains("9 units, about 2.0 kB, 2 at once"), "{}", screen.ever());
        assert!(!screen.last().contains("data/") && !screen.last().contains('%'), "{}", screen.last());
    }
}
