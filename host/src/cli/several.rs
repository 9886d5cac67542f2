//! How several pieces of work ended, of which one may fail without the others.

use std::fmt;

use serde::Serialize;

use super::output::Ui;
use crate::error::{Error, Result};
use crate::secrets::sanitize;

/// What was done and what wasn't.
#[derive(Default, Serialize)]
pub(super) struct Several {
    done: Vec<Done>,
    failed: Vec<Failed>,
    #[serde(skip)]
    first: Option<Error>,
}

#[derive(Serialize)]
struct Done {
    name: String,
    backup: Option<String>,
}

#[derive(Serialize)]
struct Failed {
    name: String,
    code: &'static str,
    message: String,
}

impl Several {
    /// Notes how one ended; a failure is told at once, since what follows may take long.
    pub(super) fn add(&mut self, ui: &Ui, name: &str, ended: Result<Option<String>>) {
        match ended {
            Ok(backup) => self.done.push(Done { name: name.to_owned(), backup }),
            Err(error) => {
                let causes = error.causes();
                let why = if causes.is_empty() { String::new() } else { format!(": {}", causes.join(": ")) };
                let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                ui.warn(&format!("{name} failed: {error}{why}{hint}"));
                let message = ui.redactor().clean(error.message());
                self.failed.push(Failed { name: name.to_owned(), code: error.code(), message });
                self.first.get_or_insert(error);
            }
        }
    }

    /// Ok if none failed.
    ///
    /// # Errors
    /// The first failure, saying `what` failed and for which names.
    pub(super) fn verdict(self, what: &str) -> Result<()> {
        let Some(first) = self.first else { return Ok(()) };
        let names: Vec<_> = self.failed.iter().map(|failed| sanitize(&failed.name).into_owned()).collect();
        let all = self.failed.len() + self.done.len();
        Err(first.while_doing(format!("{} of {all} {what} failed ({})", names.len(), names.join(", "))))
    }
}

impl fmt::Display for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for done in &self.done {
            let backup = done.backup.as_deref().unwrap_or_default();
            let name = sanitize(&done.name);
            if backup == done.name { writeln!(f, "{backup}")? } else { writeln!(f, "{backup} {name}")? }
        }
        Ok(())
    }
}
