//! pymongo, a client of MongoDB that isn't ours: it fills databases, and says what is in them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command::succeed;
use crate::error::Result;
use crate::servers::python;

/// How long a script may take.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Runs a script of this folder, and gives what it prints.
///
/// # Errors
/// If pymongo isn't installed, or the script fails.
pub fn run(script: &str, arguments: &[&str]) -> Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    succeed(Command::new(python()?).arg(script).args(arguments), TIMEOUT)
}

/// Runs some lines of Python.
///
/// # Errors
/// As for [`run`].
pub fn code(lines: &str, arguments: &[&str]) -> Result<String> {
    succeed(Command::new(python()?).args(["-c", lines]).args(arguments), TIMEOUT)
}

/// What a database contains: a line for each collection, view, index and document, sorted.
///
/// # Errors
/// If the server can't be asked.
pub fn portrait(url: &str, database: &str) -> Result<Vec<String>> {
    Ok(run("compare/mongodb.py", &[url, database])?.lines().map(str::to_owned).collect())
}

/// Every line that only one of two portraits has; empty if they are the same.
#[must_use]
pub fn differences(before: &[String], after: &[String]) -> Vec<String> {
    let only = |these: &[String], those: &[String], sign: char| {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
    };
    let mut found = [only(before, after, '-'), only(after, before, '+')].concat();
    if found.is_empty() && before.len() != after.len() {
        found.push(format!("{} lines became {}", before.len(), after.len()));
    }
    found
}
