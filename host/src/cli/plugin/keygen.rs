//! `plugin keygen`.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::keyfile::KeyFile;
use crate::cli::session::Session;
use crate::error::Result;
use crate::plugin::{Publisher, PublisherKey};

/// Make a publisher's key, to sign plugins with
///
/// The private key goes into a new file that only you can read. Whoever has it is you, and nobody can take it back: keep
/// it away from machines that build other people's code, and keep a copy. The public key is printed; show it where your
/// users can find it, so that they can compare.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The private key's file, which mustn't be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// The key pair.
#[derive(Serialize)]
struct Made<'a> {
    publisher: Publisher,
    private_key_file: &'a Path,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<()> {
    let file = KeyFile::create(&args.file)?;
    let key = PublisherKey::generate()?;
    file.write(key.text().expose())?;
    session.ui.result(&Made { publisher: key.publisher(), private_key_file: &args.file })
}

impl fmt::Display for Made<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.publisher.fmt(f)
    }
}
