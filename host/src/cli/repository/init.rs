//! `repository init`.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::keyfile::KeyFile;
use crate::cli::session::Session;
use crate::config::{self, Config, Name, add_pin};
use crate::error::{Error, Result};
use crate::repository::{InitOptions, Location, Repository};
use crate::secrets::SecretRef;

/// Make a repository and its keys
///
/// The repository is an entry of the configuration with a `url` and a `writer-key = { file = "..." }`. The writer key
/// goes into that file: it makes backups and can't read them. The recovery key, which restores them, is printed once, or
/// goes into the file that `recovery-key` names. Keep it away from this machine: without it, or a passphrase, no backup
/// can ever be restored. The repository's id is added to the configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The repository's name in the configuration, if there is more than one
    name: Option<String>,
}

/// What the operator has to know and to keep.
#[derive(Serialize)]
struct Made<'a> {
    repository: Name,
    location: String,
    id: String,
    writer_key_file: PathBuf,
    recovery_key_file: Option<PathBuf>,
    /// Only if it isn't in a file.
    recovery_key: Option<&'a str>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let named = args.name.as_deref().or(session.global.repository.as_deref());
    let (name, entry) = config.repository(named)?;
    if entry.id.is_some() {
        return Err(Error::already_exists(format!("[repositories.{name}] has an `id`, so it was made before"))
            .with_hint("to make another repository, add another entry with another url"));
    }
    let location = Location::parse(entry.url.as_str())?;
    let passphrase = match &entry.passphrase {
        Some(reference) => Some(Zeroizing::new(session.secret(reference).await?.expose().to_owned())),
        None => None,
    };
    // The files first: a repository whose keys couldn't be written down would be worth nothing.
    let writer = KeyFile::create(writer_key_path(name, entry)?)?;
    let recovery = recovery_key_path(entry).map(KeyFile::create).transpose()?;
    let options = InitOptions { passphrase, writer_name: host_name(), ..InitOptions::default() };
    let (_, init) = Repository::init(&location, options).await?;

    let id = init.pin.to_string();
    let recovery_key_file = recovery.as_ref().map(|file| file.path().to_owned());
    let made = Made {
        repository: name.clone(),
        location: location.to_string(),
        id: id.clone(),
        writer_key_file: writer.path().to_owned(),
        recovery_key: if recovery.is_none() { Some(init.recovery_key.as_str()) } else { None },
        recovery_key_file,
    };
    // Whatever fails from here on, the recovery key has been told.
    session.ui.result(&made)?;
    writer.write(&init.writer_key)?;
    if let Some(file) = recovery {
        file.write(&init.recovery_key)?;
    }
    if let Err(error) = pin(&config, name, &id) {
        session
            .ui
            .warn(&format!("couldn't add the id ({error}); add this line to [repositories.{name}]: id = \"{id}\""));
    }
    Ok(())
}

fn writer_key_path<'a>(name: &Name, entry: &'a config::Repository) -> Result<&'a Path> {
    match &entry.writer_key {
        Some(SecretRef::File(path)) => Ok(path),
        _ => Err(Error::invalid_options(format!("[repositories.{name}] doesn't name a file for its writer key"))
            .with_hint("add writer-key = { file = \"/etc/cofferdam/NAME.writer\" }; it will be made")),
    }
}

fn recovery_key_path(entry: &config::Repository) -> Option<&Path> {
    match &entry.recovery_key {
        Some(SecretRef::File(path)) => Some(path),
        _ => None,
    }
}

/// The writer is called after the machine that backs up, where the kernel tells its name.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Replaces the configuration as a whole, so that nobody ever reads half of it.
fn pin(config: &Config, name: &Name, id: &str) -> Result<()> {
    let Some(path) = &config.path else { return Err(Error::not_found("there is no configuration file")) };
    let failed = |e: std::io::Error| Error::storage(format!("can't write {}", path.display())).with_cause(e);
    // A link is kept, and what it points to is replaced.
    let path = &path.canonicalize().map_err(failed)?;
    let text = add_pin(&std::fs::read_to_string(path).map_err(failed)?, name, id)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::fs::write(new.path(), text).map_err(failed)?;
    std::fs::set_permissions(new.path(), path.metadata().map_err(failed)?.permissions()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

impl fmt::Display for Made<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "repository {} made at {}", self.repository, self.location)?;
        writeln!(f, "id            {}", self.id)?;
        writeln!(f, "writer key    {}", self.writer_key_file.display())?;
        if let Some(path) = &self.recovery_key_file {
            return write!(f, "recovery key  {}: move it to a safe place away from this machine", path.display());
        }
        let Some(key) = self.recovery_key else { return Ok(()) };
        write!(
            f,
            "recovery key\n\n    {}\n\nWrite the recovery key down now and keep it away from this machine. It isn't shown \
             again, and\nwithout it no backup can be restored.",
            key
        )
    }
}
