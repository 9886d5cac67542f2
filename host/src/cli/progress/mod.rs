//! Renderers of an operation's events: for terminals, for logs, for programs.

mod json;
mod lines;
mod tally;
mod terminal;
mod wording;

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;

use indicatif::MultiProgress;

use super::output::{Format, Verbosity};
use crate::operation::event::Sink;

/// The renderer for standard error as it is: `bars` on a terminal, lines elsewhere, JSON if asked for.
pub(super) fn sink(format: Format, verbosity: Verbosity, bars: &MultiProgress) -> Arc<dyn Sink> {
    let out: Box<dyn Write + Send> = Box::new(stderr());
    match format {
        Format::Json => Arc::new(json::JsonLines::new(out)),
        Format::Human if verbosity > Verbosity::Quiet && stderr().is_terminal() => {
            Arc::new(terminal::Terminal::new(bars.clone(), verbosity))
        }
        Format::Human => Arc::new(lines::Lines::new(out, verbosity)),
    }
}
