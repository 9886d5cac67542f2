//! Running other programs: always with a deadline, always with their whole output.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(5);

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output; bytes that aren't UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error; bytes that aren't UTF-8 are replaced.
    pub stderr: String,
    /// Wall time from its start to its end.
    pub elapsed: Duration,
}

/// Runs `command` to its end with nothing on its standard input.
///
/// # Errors
/// If it can't be started, or isn't done within `timeout`; it is killed then, and what it had printed is told.
pub fn run(command: &mut Command, timeout: Duration) -> Result<Output> {
    let shown = show(command);
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{shown} can't be started: {e}"))?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let (status, late) = loop {
        if let Some(status) = child.try_wait()? {
            break (status, false);
        }
        if start.elapsed() > timeout {
            child.kill()?;
            break (child.wait()?, true);
        }
        thread::sleep(POLL);
    };
    let elapsed = start.elapsed();
    let collect = |reader: thread::JoinHandle<Vec<u8>>| {
        reader.join().map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let output = Output { status, stdout: collect(stdout), stderr: collect(stderr), elapsed };
    if late {
        return Err(format!(
            "{shown} wasn't done after {timeout:?} and was killed\n{}{}",
            output.stdout, output.stderr
        )
        .into());
    }
    Ok(output)
}

/// Like [`run`], for a program that must succeed; gives its standard output.
///
/// # Errors
/// Also if it ends with anything but 0; its standard error is told.
pub fn succeed(command: &mut Command, timeout: Duration) -> Result<String> {
    let output = run(command, timeout)?;
    if output.status.success() { Ok(output.stdout) } else { Err(failure(command, &output)) }
}

/// The error that says that `command` failed, and everything it printed on standard error.
pub fn failure(command: &Command, output: &Output) -> Error {
    format!("{} failed ({})\n{}", show(command), output.status, output.stderr).into()
}

/// The command as one could type it; without its environment, where passwords are.
pub fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| quote(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn drain(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // A read error means that the program is gone; what it had said until then still counts.
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_program_that_hangs_is_killed_and_what_it_said_is_told() {
        let error = run(Command::new("sh").args(["-c", "echo so far; exec sleep 60"]), Duration::from_millis(300));
        assert!(error.unwrap_err().to_string().contains("so far"));
    }

    #[test]
    fn a_failure_tells_status_and_standard_error() {
        let error = succeed(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), Duration::from_secs(10));
        let text = error.unwrap_err().to_string();
        assert!(text.contains("exit status: 3") && text.contains("why"), "{text}");
    }

    #[test]
    fn a_command_is_shown_as_one_could_type_it() {
        let mut command = Command::new("psql");
        command.args(["-d", "it's", ""]);
        assert_eq!(show(&command), r"psql -d 'it'\''s' ''");
    }
}
