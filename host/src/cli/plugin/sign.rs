//! `plugin sign`.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::install::Origin;
use crate::plugin::about::About;
use crate::plugin::{Digest, Publisher, PublisherKey, signature};
use crate::secrets::SecretRef;

/// Sign a plugin as its publisher
///
/// The file is replaced by the signed one. Prints the publisher and the digest that the file has now.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component's file, as `plugin build` made it
    file: PathBuf,

    /// The file with the publisher's private key, which `plugin keygen` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// What was signed.
#[derive(Serialize)]
struct Signed {
    name: String,
    version: String,
    publisher: Publisher,
    sha256: Digest,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<()> {
    let key = PublisherKey::parse(&session.secret(&SecretRef::File(args.key)).await?)?;
    let origin = Origin::File(args.file.clone());
    let component = origin.read().await?;
    let sign = || Ok((About::of(&component)?, signature::sign(&component, &key)?));
    let (about, signed) = sign().map_err(|e: Error| e.while_doing(format!("plugin {origin}")))?;
    let sha256 = Digest::of(&signed);
    replace(&args.file, &signed)
        .map_err(|e| Error::storage(format!("can't write {}", args.file.display())).with_cause(e))?;
    session.ui.result(&Signed { name: about.name, version: about.version, publisher: key.publisher(), sha256 })
}

/// Puts the signed file in the other's place as a whole.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let mut new = tempfile::NamedTempFile::new_in(path.parent().unwrap_or_else(|| Path::new(".")))?;
    new.write_all(bytes)?;
    new.as_file().set_permissions(path.metadata()?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path)?;
    Ok(())
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.name, self.version)?;
        writeln!(f, "publisher  {}", self.publisher)?;
        write!(f, "digest     {}", self.sha256)
    }
}
