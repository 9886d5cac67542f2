//! Fetching a secret from where its reference says it is.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::{MIN_REDACTED, Secret, SecretRef};
use crate::error::{Error, Result};

/// The longest secret that is taken, in bytes: a key file fits, a mistaken path to something large doesn't.
pub const MAX_SECRET: usize = 64 * 1024;

const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// A secret that was fetched, and what the operator should know about how it is kept.
#[derive(Debug)]
pub struct Resolved {
    /// The secret.
    pub secret: Secret,
    /// Warnings: a file that everybody can read, a secret too short to be kept out of messages.
    pub notes: Vec<String>,
}

impl SecretRef {
    /// Fetches the secret.
    ///
    /// # Errors
    /// "not-found" where there is no such variable, file or program; "permission-denied" where it can't be read;
    /// "invalid-options" where it is empty, no UTF-8 or longer than [`MAX_SECRET`], where a command fails or takes
    /// more than 30 seconds. No error repeats what was read.
    pub async fn resolve(&self) -> Result<Resolved> {
        let mut notes = Vec::new();
        let bytes = match self {
            Self::Env(name) => self.variable(name)?,
            Self::File(path) => {
                let path = path.clone();
                let (bytes, mode) = tokio::task::spawn_blocking(move || read_file(&path))
                    .await
                    .map_err(|e| Error::internal(format!("can't read {self}")).with_cause(e))?
                    .map_err(|e| self.unreadable(e))?;
                if mode & 0o004 != 0 {
                    notes.push(format!("{self} can be read by everybody on this machine; chmod 600 would mend it"));
                }
                bytes
            }
            Self::Command(words) => self.output_of(words, COMMAND_TIMEOUT).await?,
        };
        let secret = self.checked(bytes)?;
        if secret.expose().len() < MIN_REDACTED {
            notes.push(format!("the secret from {self} is so short that it can't be kept out of messages"));
        }
        Ok(Resolved { secret, notes })
    }

    fn variable(&self, name: &str) -> Result<Zeroizing<Vec<u8>>> {
        let value = std::env::var_os(name).ok_or_else(|| Error::not_found(format!("{self} isn't set")))?;
        Ok(Zeroizing::new(value.into_encoded_bytes()))
    }

    async fn output_of(&self, words: &[String], patience: Duration) -> Result<Zeroizing<Vec<u8>>> {
        let Some((program, arguments)) = words.split_first() else {
            return Err(Error::internal("a command without a program"));
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What it says could be the secret itself, so it is neither shown nor kept.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| self.unreadable(e))?;
        let output = child.stdout.take().ok_or_else(|| Error::internal(format!("no pipe from {self}")))?;
        let mut bytes = buffer();
        let run = async {
            output.take(MAX_SECRET as u64 + 1).read_to_end(&mut bytes).await?;
            child.wait().await
        };
        let status = tokio::time::timeout(patience, run)
            .await
            .map_err(|_| {
                Error::invalid_options(format!("{self} gave no secret within {} s", patience.as_secs_f32()))
                    .with_hint("run it by hand as the same user: it may be asking something")
            })?
            .map_err(|e| self.unreadable(e))?;
        if bytes.len() <= MAX_SECRET && !status.success() {
            return Err(Error::invalid_options(format!("{self} failed ({status})"))
                .with_hint("run it by hand as the same user to see what it says; its output isn't shown here"));
        }
        Ok(bytes)
    }

    fn unreadable(&self, cause: std::io::Error) -> Error {
        let message = format!("can't read a secret from {self}");
        match cause.kind() {
            std::io::ErrorKind::NotFound => Error::not_found(message),
            std::io::ErrorKind::PermissionDenied => Error::permission_denied(message),
            _ => Error::invalid_options(message),
        }
        .with_cause(cause)
    }

    fn checked(&self, mut bytes: Zeroizing<Vec<u8>>) -> Result<Secret> {
        if bytes.len() > MAX_SECRET {
            return Err(Error::invalid_options(format!("what {self} gives is too long for a secret"))
                .with_hint(format!("at most {MAX_SECRET} bytes are taken")));
        }
        // Editors and `echo` end a text with a line end; more than one is taken to be meant.
        if !matches!(self, Self::Env(_)) && bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        if bytes.is_empty() {
            return Err(Error::invalid_options(format!("the secret from {self} is empty")));
        }
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Secret::new(text)),
            Err(e) => {
                drop(Zeroizing::new(e.into_bytes()));
                Err(Error::invalid_options(format!("the secret from {self} isn't text (UTF-8)")))
            }
        }
    }
}

/// As large as a secret can get, so that it never moves and leaves a copy behind.
fn buffer() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1))
}

/// The content, and the permission bits.
fn read_file(path: &Path) -> std::io::Result<(Zeroizing<Vec<u8>>, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    let mut bytes = buffer();
    file.take(MAX_SECRET as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes, mode))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn secret_file(content: &[u8], mode: u32) -> (tempfile::TempDir, SecretRef) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, SecretRef::File(path))
    }

    fn command(words: &[&str]) -> SecretRef {
        SecretRef::Command(words.iter().map(|w| (*w).to_owned()).collect())
    }

    #[tokio::test]
    async fn one_line_end_of_a_file_does_not_count_and_others_do() {
        for (content, secret) in [
            (&b"hunter2"[..], "hunter2"),
            (b"hunter2\n", "hunter2"),
            (b"hunter2\r\n", "hunter2"),
            (b" x y \n\n", " x y \n"),
        ] {
            let (_folder, reference) = secret_file(content, 0o600);
            assert_eq!(reference.resolve().await.unwrap().secret.expose(), secret);
        }
    }

    #[tokio::test]
    async fn a_file_that_everybody_can_read_is_told() {
        let (_folder, open) = secret_file(b"hunter2", 0o644);
        assert!(open.resolve().await.unwrap().notes[0].contains("read by everybody"));
        let (_folder, closed) = secret_file(b"hunter2", 0o640);
        assert!(closed.resolve().await.unwrap().notes.is_empty());
    }

    #[tokio::test]
    async fn a_missing_file_is_named() {
        let error = SecretRef::File("/nowhere/at-all".into()).resolve().await.unwrap_err();
        assert_eq!(error.code(), "not-found");
        assert!(error.message().contains("/nowhere/at-all"));
        assert!(!error.causes().is_empty());
    }

    #[tokio::test]
    async fn an_unset_variable_is_named() {
        let error = SecretRef::Env("COFFERDAM_TEST_NEVER_SET".into()).resolve().await.unwrap_err();
        assert_eq!(error.to_string(), "the environment variable COFFERDAM_TEST_NEVER_SET isn't set");
    }

    #[tokio::test]
    async fn a_variable_is_taken_as_it_is() {
        let path = SecretRef::Env("PATH".into()).resolve().await.unwrap();
        assert_eq!(path.secret.expose(), std::env::var("PATH").unwrap());
    }

    #[tokio::test]
    async fn a_command_gives_its_standard_output_and_no_shell_reads_it() {
        let secret = command(&["printf", "%s\n", "a;b $HOME"]).resolve().await.unwrap();
        assert_eq!(secret.secret.expose(), "a;b $HOME");
    }

    #[tokio::test]
    async fn a_failing_command_is_told_without_what_it_said_or_was_given() {
        let error = command(&["sh", "-c", "echo hunter2; echo hunter2 >&2; exit 7"]).resolve().await.unwrap_err();
        let shown = format!("{error:?}");
        assert!(shown.contains("the command sh failed") && shown.contains('7'), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = command(&["cofferdam-no-such-program"]).resolve().await.unwrap_err();
        assert_eq!(error.code(), "not-found");
        assert!(error.message().contains("cofferdam-no-such-program"));
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up() {
        let words = ["sleep".to_owned(), "600".to_owned()];
        let error = command(&["sleep", "600"]).output_of(&words, Duration::from_millis(100)).await.unwrap_err();
        assert!(error.message().contains("within 0.1 s"), "{error}");
    }

    #[tokio::test]
    async fn what_cannot_be_a_secret_is_refused() {
        for (content, told) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"hunter\xff", "isn't text"),
            (&[b'x'; MAX_SECRET + 1], "too long"),
        ] {
            let (_folder, reference) = secret_file(content, 0o600);
            let error = reference.resolve().await.unwrap_err();
            assert!(error.message().contains(told), "{error}");
            assert!(!format!("{error:?}").contains("hunter"));
        }
        let endless = command(&["yes"]).resolve().await.unwrap_err();
        assert!(endless.message().contains("too long"), "{endless}");
    }

    #[tokio::test]
    async fn a_very_short_secret_comes_with_a_warning() {
        let (_folder, reference) = secret_file(b"abc", 0o600);
        assert!(reference.resolve().await.unwrap().notes[0].contains("so short"));
    }
}
