//! Asking the operator, for a secret or for leave.

use std::io::{BufRead, BufReader, IsTerminal, Read};

use console::Term;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secrets::{MAX_SECRET, Secret};

/// Whether there is somebody to ask.
pub fn possible() -> bool {
    std::io::stdin().is_terminal() && Term::stderr().is_term()
}

/// Asks for a secret, which isn't shown while it is typed.
///
/// # Errors
/// "cancelled" if nothing was typed.
pub fn ask(question: &str) -> Result<Secret> {
    let typed = type_in(question)?;
    if typed.is_empty() {
        return Err(Error::cancelled("nothing was typed"));
    }
    Ok(Secret::new(typed))
}

/// Asks a question that only "y" or "yes" answers with yes.
///
/// # Errors
/// "cancelled" if the terminal goes away.
pub fn confirm(question: &str) -> Result<bool> {
    let failed = |e| Error::cancelled("nobody answered").with_cause(e);
    let terminal = Term::stderr();
    terminal.write_str(&format!("{question} [y/N] ")).map_err(failed)?;
    let mut answer = String::new();
    BufReader::new(std::io::stdin().take(64)).read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Asks for a new secret, twice; without a terminal it is the first line of standard input.
///
/// # Errors
/// "invalid-options" if the two differ or there is none.
pub fn ask_new(question: &str) -> Result<Secret> {
    if !possible() {
        return first_line();
    }
    let first = ask(question)?;
    let again = ask("Once more")?;
    if first.expose() == again.expose() { Ok(first) } else { Err(Error::invalid_options("the two aren't the same")) }
}

fn type_in(question: &str) -> Result<Zeroizing<String>> {
    let failed = |e| Error::internal("can't read from the terminal").with_cause(e);
    let terminal = Term::stderr();
    terminal.write_str(&format!("{question}: ")).map_err(failed)?;
    terminal
        .read_secure_line()
        .map(Zeroizing::new)
        .map_err(|e| if e.kind() == std::io::ErrorKind::Interrupted { Error::cancelled("stopped") } else { failed(e) })
}

fn first_line() -> Result<Secret> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_SECRET));
    std::io::stdin()
        .take(MAX_SECRET as u64)
        .read_to_string(&mut text)
        .map_err(|e| Error::invalid_options("can't read a secret from standard input").with_cause(e))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Error::invalid_options("there is no secret on standard input")
            .with_hint("type it on a terminal, or give it as the first line of standard input"));
    }
    Ok(Secret::new(line.to_owned()))
}
