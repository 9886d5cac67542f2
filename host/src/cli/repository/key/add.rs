//! `repository key add`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::keyfile::KeyFile;
use crate::cli::open::Purpose;
use crate::cli::prompt;
use crate::cli::session::Session;
use crate::error::{Error, Result};

/// Add a key to a repository
///
/// Needs the recovery key or a passphrase. A writer key makes backups and can't read them: give each machine that backs
/// up one of its own, so that it can be taken away again.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    kind: Kind,

    /// Write the new key to this file, which mustn't be there yet, instead of printing it
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
    output: Option<PathBuf>,
}

/// What is added.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Kind {
    /// A writer key, named after the machine that will use it
    #[arg(long, value_name = "NAME")]
    writer: Option<String>,

    /// A passphrase; it is asked for, or is the first line of standard input
    #[arg(long)]
    passphrase: bool,

    /// Another recovery key, named after whoever will keep it
    #[arg(long, value_name = "NAME")]
    recovery: Option<String>,
}

/// The new key.
#[derive(Serialize)]
struct Added<'a> {
    kind: &'static str,
    id: Option<String>,
    key: Option<&'a str>,
    key_file: Option<PathBuf>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let repository = session.repository(&config, Purpose::Everything).await?;
    if args.kind.passphrase {
        let passphrase = session.typed(|| prompt::ask_new("New passphrase")).await?;
        let id = repository.add_passphrase("passphrase", passphrase.expose()).await?;
        return session.ui.result(&Added { kind: "passphrase", id: Some(id), key: None, key_file: None });
    }
    let file = args.output.as_deref().map(KeyFile::create).transpose()?;
    let (kind, key) = match (&args.kind.writer, &args.kind.recovery) {
        (Some(name), _) => ("writer", repository.add_writer(name).await?),
        (_, Some(name)) => ("recovery", repository.add_recovery_key(name).await?),
        (None, None) => return Err(Error::invalid_options("say which kind of key to add")),
    };
    match file {
        Some(file) => {
            let key_file = Some(file.path().to_owned());
            file.write(&key)?;
            session.ui.result(&Added { kind, id: None, key: None, key_file })
        }
        None => session.ui.result(&Added { kind, id: None, key: Some(&key), key_file: None }),
    }
}

/// A key that is printed is printed alone, so that it can be piped to where it belongs.
impl fmt::Display for Added<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key, &self.key_file, &self.id) {
            (Some(key), _, _) => f.write_str(key),
            (_, Some(path), _) => write!(f, "{} key written to {}", self.kind, path.display()),
            (_, _, Some(id)) => write!(f, "{} {id} added", self.kind),
            _ => Ok(()),
        }
    }
}
