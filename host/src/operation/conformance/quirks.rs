//! The author's description of the server: commands that prepare a database and that look into one, without the engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::check::Check;
use crate::error::{Error, Result};

/// `conformance.toml`. A command is a program with its arguments, in which `{database}` stands for a database's name. It
/// runs in the file's folder, with the environment of whoever runs the kit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quirks {
    /// Makes a database that holds nothing.
    pub(super) create: Vec<String>,
    /// Drops it.
    pub(super) drop: Vec<String>,
    /// Fills it with the usual.
    pub(super) fill: Vec<String>,
    /// Prints everything that is in it, the same for the same.
    pub(super) dump: Vec<String>,
    /// Fills it with the unusual.
    pub(super) odd: Option<Vec<String>>,
    /// Writes to one that was filled, until it is killed.
    pub(super) load: Option<Vec<String>>,
    /// Prints what `load` never changes.
    pub(super) invariant: Option<Vec<String>>,
    /// Has the server take nothing more.
    pub(super) full: Option<Vec<String>>,
    /// Takes that back.
    pub(super) room: Option<Vec<String>>,
    /// Checks that can't be made, and why.
    #[serde(default)]
    untested: BTreeMap<String, String>,
    #[serde(skip)]
    folder: PathBuf,
}

/// Longer than any of these takes on a database for a test.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is shown of what a command says, in bytes.
const SHOWN: u64 = 4 << 10;

/// What a command printed, in short: two of them are equal if the texts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    digest: blake3::Hash,
    /// How many lines it has.
    pub(super) lines: u64,
}

impl Quirks {
    /// Reads the file.
    ///
    /// # Errors
    /// If it can't be read, or a check can neither be made nor has a reason why not.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::not_found(format!("{} can't be read", path.display())).with_cause(e).with_hint(
                "it says how a database is filled for the kit; `cofferdam plugin new` writes one, and docs/plugins.md \
                 describes it",
            )
        })?;
        let mut quirks = Self::parse(&text).map_err(|e| e.while_doing(path.display()))?;
        quirks.folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Ok(quirks)
    }

    fn parse(text: &str) -> Result<Self> {
        let quirks: Self = toml::from_str(text)
            .map_err(|e| Error::invalid_options("this doesn't describe a server for the kit").with_cause(e))?;
        for name in quirks.untested.keys() {
            if !Check::ALL.iter().any(|check| check.name() == name) {
                return Err(Error::invalid_options(format!("[untested] names \"{name}\", and there is no such check")));
            }
        }
        for (check, there, what) in [
            (Check::OddThings, quirks.odd.is_some(), "`odd`"),
            (Check::UnderLoad, quirks.load.is_some() && quirks.invariant.is_some(), "`load` and `invariant`"),
            (Check::FullTarget, quirks.full.is_some() && quirks.room.is_some(), "`full` and `room`"),
        ] {
            if !there && quirks.untested(check).is_none() {
                let name = check.name();
                return Err(Error::invalid_options(format!("without {what} the check {name} can't be made"))
                    .with_hint(format!("give them, or say in [untested] why not: {name} = \"...\"")));
            }
        }
        let commands = [&quirks.create, &quirks.drop, &quirks.fill, &quirks.dump];
        if commands.iter().any(|command| command.is_empty()) {
            return Err(Error::invalid_options("a command needs a program"));
        }
        Ok(quirks)
    }

    /// Why a check isn't made.
    pub(super) fn untested(&self, check: Check) -> Option<&str> {
        self.untested.get(check.name()).map(String::as_str)
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// If it fails, with what it said.
    pub(super) async fn run(&self, command: &[String], database: &str) -> Result<Print> {
        let shown = shown(command, database);
        let work = async {
            let mut child = self.spawn(command, database)?;
            let (output, said) = (child.stdout.take(), child.stderr.take());
            let failed = |e: std::io::Error| Error::invalid_options(format!("{shown} can't be run")).with_cause(e);
            let read = async {
                let (mut hash, mut lines, mut piece) = (blake3::Hasher::new(), 0, vec![0; 64 << 10]);
                let mut output = output.ok_or_else(|| failed(std::io::Error::other("it has no output")))?;
                loop {
                    let count = output.read(&mut piece).await.map_err(failed)?;
                    let read = piece.get(..count).unwrap_or_default();
                    if read.is_empty() {
                        return Ok::<_, Error>(Print { digest: hash.finalize(), lines });
                    }
                    hash.update(read);
                    lines += read.iter().filter(|byte| **byte == b'\n').count() as u64;
                }
            };
            let complain = async {
                let mut text = Vec::new();
                if let Some(said) = said {
                    // Read to the end, so that a talkative command isn't held up; kept in part.
                    let mut rest = said.take(SHOWN);
                    let _ = rest.read_to_end(&mut text).await;
                    let _ = tokio::io::copy(&mut rest.into_inner(), &mut tokio::io::sink()).await;
                }
                String::from_utf8_lossy(&text).trim().to_owned()
            };
            let (print, said) = tokio::join!(read, complain);
            let status = child.wait().await.map_err(failed)?;
            if status.success() {
                return print;
            }
            Err(Error::invalid_options(format!("{shown} failed ({status}): {said}")))
        };
        let late = || Error::invalid_options(format!("{shown} took longer than {} s", PATIENCE.as_secs()));
        timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
    }

    /// Starts a command that goes on until it is dropped.
    ///
    /// # Errors
    /// If it can't be started.
    pub(super) fn spawn(&self, command: &[String], database: &str) -> Result<Child> {
        let (program, arguments) = command.split_first().ok_or_else(|| Error::invalid_options("an empty command"))?;
        // A path is meant from the file's folder; the system would take it from ours.
        let program = if program.contains('/') { self.folder.join(program) } else { PathBuf::from(program) };
        Command::new(&program)
            .args(arguments.iter().map(|argument| argument.replace("{database}", database)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| Error::invalid_options(format!("{} can't be run", program.display())).with_cause(e))
    }
}

fn shown(command: &[String], database: &str) -> String {
    format!("`{}`", command.join(" ").replace("{database}", database))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const LEAST: &str =
        "create = [\"true\"]\ndrop = [\"true\"]\nfill = [\"true\"]\ndump = [\"echo\", \"{database}\"]\n";

    #[test]
    fn a_check_is_made_or_has_a_reason() {
        let error = Quirks::parse(LEAST).unwrap_err();
        assert!(error.message().contains("odd-things") && error.hint().unwrap().contains("[untested]"), "{error}");
        let reasons = "[untested]\nodd-things = \"x\"\nunder-load = \"x\"\nfull-target = \"x\"\n";
        assert!(Quirks::parse(&format!("{LEAST}{reasons}")).is_ok());
        assert!(Quirks::parse(&format!("{LEAST}{reasons}round-trips = \"x\"\n")).is_err());
        assert!(Quirks::parse(&format!("{LEAST}sabotage = [\"true\"]\n{reasons}")).is_err());
    }

    #[tokio::test]
    async fn what_a_command_prints_is_held_against_what_it_printed() {
        let reasons = "[untested]\nodd-things = \"x\"\nunder-load = \"x\"\nfull-target = \"x\"\n";
        let quirks = Quirks { folder: ".".into(), ..Quirks::parse(&format!("{LEAST}{reasons}")).unwrap() };
        let one = quirks.run(&quirks.dump, "one").await.unwrap();
        assert_eq!(one, quirks.run(&quirks.dump, "one").await.unwrap());
        assert_ne!(one, quirks.run(&quirks.dump, "other").await.unwrap());
        let failing = ["sh", "-c", "echo because >&2; exit 3"].map(str::to_owned);
        let error = quirks.run(&failing, "one").await.unwrap_err();
        assert!(error.message().contains("because"), "{error}");
    }
}
