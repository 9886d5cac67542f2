//! Everything that is printed goes through [`Ui`]: results to standard output, the rest to standard error.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::{Style, style};
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;
use serde_json::json;

use super::progress;
use crate::error::{Error, Result};
use crate::operation::event::Sink;
use crate::secrets::{Redactor, Secret, sanitize};

/// For whom it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// For programs: a result is one JSON object, everything else is one JSON object a line.
    Json,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Results, warnings and errors.
    Quiet,
    /// What happens, too.
    Normal,
    /// Every unit and everything that may help to find a fault.
    Verbose,
}

/// The one way to print. It knows the secrets that were fetched and prints none, except a result made to hold one.
pub struct Ui {
    format: Format,
    verbosity: Verbosity,
    streams: Mutex<Streams>,
    /// What is drawn on standard error while lines are written to it.
    bars: MultiProgress,
    redactor: Mutex<Redactor>,
}

struct Streams {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
}

impl Ui {
    /// Prints to this process's standard streams.
    #[must_use]
    pub fn new(format: Format, verbosity: Verbosity) -> Self {
        Self::on(format, verbosity, Box::new(io::stdout()), Box::new(io::stderr()))
    }

    fn on(format: Format, verbosity: Verbosity, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            format,
            verbosity,
            streams: Mutex::new(Streams { out, err }),
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)),
            redactor: Mutex::default(),
        }
    }

    /// Keeps a secret out of everything that is told from now on.
    pub fn learn(&self, secret: &Secret) {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner).add(secret);
    }

    /// What keeps the secrets that are known by now out of texts.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How much is told.
    #[must_use]
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Where an operation tells its events.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn Sink> {
        progress::sink(self.format, self.verbosity, &self.bars)
    }

    /// Prints a command's result: as JSON or, for people, as its `Display` says.
    ///
    /// # Errors
    /// "storage" if it can't be written. A reader that went away, as `head` does, is no error.
    pub fn result<T: Serialize + fmt::Display>(&self, result: &T) -> Result<()> {
        let text = match self.format {
            Format::Human => result.to_string(),
            Format::Json => serde_json::to_string(result)
                .map(|json| without_controls(&json))
                .map_err(|e| Error::internal("the result can't be written as JSON").with_cause(e))?,
        };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.raw(format!("{text}{end}").as_bytes())
    }

    /// Writes bytes to standard output as they are: a completion script.
    ///
    /// # Errors
    /// As [`Ui::result`].
    pub fn raw(&self, bytes: &[u8]) -> Result<()> {
        let mut streams = self.streams();
        match streams.out.write_all(bytes).and_then(|()| streams.out.flush()) {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::storage("can't write to standard output").with_cause(e))
            }
            _ => Ok(()),
        }
    }

    /// Says what goes on.
    pub fn say(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.tell("note", &Style::new(), text);
        }
    }

    /// Shows a person several lines, what they are about to be asked of for one. A program reads the result.
    pub fn show(&self, text: &str) {
        if self.format == Format::Human {
            let redactor = self.redactor();
            text.lines().for_each(|line| self.error_line(&redactor.clean(line)));
        }
    }

    /// Warns.
    pub fn warn(&self, text: &str) {
        self.tell("warning", &Style::new().yellow().bold(), text);
    }

    fn tell(&self, kind: &str, style: &Style, text: &str) {
        let text = self.redactor().clean(text);
        self.error_line(&match self.format {
            Format::Human => format!("{} {text}", style.apply_to(format!("{kind}:")).for_stderr()),
            Format::Json => json!({ "event": "note", "kind": kind, "object": "", "reason": text }).to_string(),
        });
    }

    /// Tells what a command failed with: message, causes, hint.
    pub fn failure(&self, error: Error) {
        let error = self.redactor().clean_error(error);
        self.error_line(&match self.format {
            Format::Human => for_people(&error),
            Format::Json => for_programs(&error),
        });
    }

    /// If standard error is gone, there is nobody left to tell.
    fn error_line(&self, line: &str) {
        let mut streams = self.streams();
        let err = &mut streams.err;
        let _ = self.bars.suspend(|| writeln!(err, "{line}").and_then(|()| err.flush()));
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn for_people(error: &Error) -> String {
    let code = error.engine_code().map(|c| format!(" ({c})")).unwrap_or_default();
    let mut text = format!("{} {}{code}", style("error:").red().bold().for_stderr(), error.message());
    for cause in error.causes() {
        text.push_str(&format!("\n{} {cause}", style("cause:").dim().for_stderr()));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n{} {hint}", style("hint:").cyan().for_stderr()));
    }
    text
}

fn for_programs(error: &Error) -> String {
    json!({ "error": {
        "code": error.code(),
        "message": error.message(),
        "causes": error.causes(),
        "hint": error.hint(),
        "engine_code": error.engine_code(),
        "retryable": error.is_retryable(),
    }})
    .to_string()
}

impl fmt::Debug for Ui {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ui").field("format", &self.format).field("verbosity", &self.verbosity).finish_non_exhaustive()
    }
}

/// JSON that means the same, with nothing in it that a terminal would obey or a reader couldn't see. In JSON only
/// strings hold such characters, and a string may hold each of them as its UTF-16 (RFC 8259, section 7).
fn without_controls(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match sanitize(c.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(_) => safe.push(c),
            Cow::Owned(_) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
            }
        }
    }
    safe
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    /// What was written, for those who look.
    #[derive(Clone, Default)]
    pub struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Serialize)]
    struct Answer {
        number: u8,
    }

    impl fmt::Display for Answer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "the answer is {}", self.number)
        }
    }

    fn ui(format: Format, verbosity: Verbosity) -> (Ui, Written, Written) {
        console::set_colors_enabled_stderr(false);
        let (out, err) = (Written::default(), Written::default());
        (Ui::on(format, verbosity, Box::new(out.clone()), Box::new(err.clone())), out, err)
    }

    fn failure() -> Error {
        Error::unreachable("can't reach db:5432\u{1b}[2J")
            .with_cause("connection refused for hunter2")
            .with_hint("is it running?")
            .with_engine_code("08001")
    }

    #[test]
    fn results_go_to_standard_output_and_the_rest_to_standard_error() {
        let (ui, out, err) = ui(Format::Human, Verbosity::Normal);
        ui.result(&Answer { number: 42 }).unwrap();
        ui.say("working");
        ui.warn("careful");
        assert_eq!(out.text(), "the answer is 42\n");
        assert_eq!(err.text(), "note: working\nwarning: careful\n");
    }

    #[test]
    fn quiet_leaves_warnings() {
        let (ui, _, err) = ui(Format::Human, Verbosity::Quiet);
        ui.say("working");
        ui.warn("careful");
        assert_eq!(err.text(), "warning: careful\n");
    }

    #[test]
    fn an_error_is_told_with_cause_and_hint_and_without_secrets() {
        let (ui, out, err) = ui(Format::Human, Verbosity::Quiet);
        ui.learn(&Secret::new("hunter2".to_owned()));
        ui.failure(failure());
        assert_eq!(out.text(), "");
        assert_eq!(
            err.text(),
            "error: can't reach db:5432\\u{1b}[2J (08001)\ncause: connection refused for ***\nhint: is it running?\n"
        );
    }

    #[test]
    fn for_programs_everything_is_one_object_a_line() {
        let (ui, out, err) = ui(Format::Json, Verbosity::Normal);
        ui.learn(&Secret::new("hunter2".to_owned()));
        ui.result(&Answer { number: 42 }).unwrap();
        ui.warn("careful\nwith hunter2");
        ui.failure(failure());
        assert_eq!(out.text(), "{\"number\":42}\n");
        let lines: Vec<serde_json::Value> = err.text().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(
            lines[0],
            json!({ "event": "note", "kind": "warning", "object": "", "reason": r"careful\nwith ***" })
        );
        assert_eq!(lines[1]["error"]["code"], "unreachable");
        assert_eq!(lines[1]["error"]["causes"], json!(["connection refused for ***"]));
        assert_eq!(lines[1]["error"]["engine_code"], "08001");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let ui = Ui::on(Format::Human, Verbosity::Normal, Box::new(Closed), Box::new(Closed));
        ui.result(&Answer { number: 42 }).unwrap();
        ui.warn("nobody hears it");
    }
}
