//! The lock file and the components that it names, beside cofferdam.toml.
//!
//! `plugins/` holds each component under its SHA-256. Nothing is loaded that the lock doesn't name, and what is loaded
//! is what was read and held against the lock's digest, whatever happens to the file meanwhile.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::fs::{FlockOperation, flock};

use super::lock::{Entry, LOCK_NAME, Lock};
use crate::config::Name;
use crate::error::{Error, Result};
use crate::plugin::{self, Digest, Inspection};

/// The folder of the components.
const COMPONENTS: &str = "plugins";

/// Where a configuration's plugins are.
#[derive(Clone, Debug)]
pub struct Store {
    /// The folder with cofferdam.toml.
    folder: PathBuf,
    /// Who owns cofferdam.toml; none if it can't be told.
    owner: Option<u32>,
}

/// A plugin as it is installed.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its engine's name.
    pub name: Name,
    /// What the lock says of it.
    pub entry: Entry,
    /// The component, which has the entry's digest.
    pub bytes: Bytes,
}

impl Store {
    /// The one beside this configuration.
    #[must_use]
    pub fn beside(config: &Path) -> Self {
        let folder = config.parent().unwrap_or_else(|| Path::new(".")).to_owned();
        Self { folder, owner: config.metadata().ok().map(|m| m.uid()) }
    }

    /// The lock file's path.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.folder.join(LOCK_NAME)
    }

    /// What the lock file says. Without one nothing is installed.
    ///
    /// # Errors
    /// "invalid-options" if it can't be understood; "permission-denied" if it can't be read, or somebody who doesn't own
    /// the configuration could have written it: it says what runs.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.lock_path();
        let failed = |e| Error::permission_denied(format!("can't read {}", path.display())).with_cause(e);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Lock::default()),
            Err(e) => return Err(failed(e)),
        };
        let found = file.metadata().map_err(failed)?;
        let trusted = [Some(0), Some(rustix::process::geteuid().as_raw()), self.owner].contains(&Some(found.uid()));
        if !trusted || found.mode() & 0o002 != 0 {
            let why = if trusted { "everybody on this machine can change it" } else { "it belongs to another user" };
            return Err(Error::permission_denied(format!("{} isn't used: {why}", path.display()))
                .with_hint("look at what it says, and who could have changed it, before you mend its owner and mode"));
        }
        let text = std::io::read_to_string(&mut file).map_err(failed)?;
        Lock::parse(&text).map_err(|e| e.while_doing(path.display()))
    }

    /// The installed plugin of an engine.
    ///
    /// # Errors
    /// "not-found" if there is none, or its component is gone; "corrupt" if its component was changed; else as
    /// [`Self::lock`].
    pub fn get(&self, engine: &str) -> Result<Installed> {
        let lock = self.lock()?;
        let Some((name, entry)) = lock.plugins.get_key_value(engine) else {
            let names: Vec<_> = lock.plugins.keys().map(Name::as_str).collect();
            return Err(Error::not_found(format!(
                "no plugin for the engine \"{engine}\" is installed: {} doesn't name one",
                self.lock_path().display()
            ))
            .with_hint(if names.is_empty() {
                "add it with `cofferdam plugin add FILE`".to_owned()
            } else {
                format!("add it with `cofferdam plugin add FILE`; installed: {}", names.join(", "))
            }));
        };
        let bytes = self.component(name, entry)?;
        Ok(Installed { name: name.clone(), entry: entry.clone(), bytes })
    }

    fn component(&self, name: &Name, entry: &Entry) -> Result<Bytes> {
        let path = self.path(entry.digest);
        let bytes = plugin::read(&path).map_err(|e| {
            e.while_doing(format!("the plugin {name}")).with_hint(format!(
                "{LOCK_NAME} names it and it isn't here: add the same file again with `cofferdam plugin add FILE`"
            ))
        })?;
        if Digest::of(&bytes) != entry.digest {
            return Err(Error::corrupt(format!(
                "the plugin {name} isn't the one that was added: {} was changed",
                path.display()
            ))
            .with_hint("find out who changed it; then add the plugin again with `cofferdam plugin add FILE`"));
        }
        Ok(bytes)
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(COMPONENTS).join(format!("{}.wasm", digest.hex()))
    }

    /// Writes a plugin down: its component first, then the lock that names it. `seen` is what the lock said of it when
    /// the operator was asked.
    ///
    /// # Errors
    /// "conflict" if the lock was changed since then; "storage" if it can't be written.
    pub fn install(&self, seen: Option<&Entry>, plugin: &Installed) -> Result<()> {
        let components = self.folder.join(COMPONENTS);
        fs::create_dir_all(&components).map_err(|e| unwritable(&components, e))?;
        let _only_us = self.only_us()?;
        let mut lock = self.lock()?;
        if lock.plugins.get(&plugin.name) != seen {
            return Err(Error::conflict(format!("somebody else changed the plugin {} meanwhile", plugin.name))
                .with_hint("look at `cofferdam plugin list`, and add it again"));
        }
        replace(&self.path(plugin.entry.digest), &plugin.bytes)?;
        lock.plugins.insert(plugin.name.clone(), plugin.entry.clone());
        self.write(&lock)
    }

    /// Takes a plugin out of the lock, and its component away. Gives what the lock said of it.
    ///
    /// # Errors
    /// "not-found" if there is none; "storage" if the lock can't be written.
    pub fn remove(&self, engine: &str) -> Result<Entry> {
        let mut lock = self.lock()?;
        let missing = || {
            Error::not_found(format!("no plugin \"{engine}\" is installed"))
                .with_hint("`cofferdam plugin list` shows which are")
        };
        lock.get(engine).ok_or_else(missing)?;
        let components = self.folder.join(COMPONENTS);
        fs::create_dir_all(&components).map_err(|e| unwritable(&components, e))?;
        let _only_us = self.only_us()?;
        lock = self.lock()?;
        let entry = lock.plugins.remove(engine).ok_or_else(missing)?;
        self.write(&lock)?;
        Ok(entry)
    }

    /// Keeps others out for as long as the file is held open.
    fn only_us(&self) -> Result<File> {
        let path = self.folder.join(COMPONENTS);
        let folder = File::open(&path).map_err(|e| unwritable(&path, e))?;
        flock(&folder, FlockOperation::LockExclusive).map_err(|e| unwritable(&path, e.into()))?;
        Ok(folder)
    }

    /// Replaces the lock, and takes away the components that it doesn't name.
    fn write(&self, lock: &Lock) -> Result<()> {
        // A link is kept, and what it points to is replaced.
        let path = self.lock_path();
        replace(&path.canonicalize().unwrap_or(path), lock.to_text()?.as_bytes())?;
        let named: Vec<PathBuf> = lock.plugins.values().map(|entry| self.path(entry.digest)).collect();
        let entries = fs::read_dir(self.folder.join(COMPONENTS)).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| is_component(path) && !named.contains(path)) {
            // What stays harms nobody: nothing names it, and the next change tries again.
            let _ = fs::remove_file(path);
        }
        Ok(())
    }
}

impl Entry {
    /// Holds a component against what the lock says of it, so that nobody reads there what isn't so.
    ///
    /// # Errors
    /// "corrupt" if name, version or publisher are others.
    pub fn check(&self, name: &Name, found: &Inspection) -> Result<()> {
        let what = if found.about.name != name.as_str() {
            format!("calls itself {}", found.about.name)
        } else if found.about.version != self.version.to_string() {
            format!("has the version {}, and the lock says {}", found.about.version, self.version)
        } else if found.publisher != self.publisher {
            "has another publisher than the lock says".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::corrupt(format!("{LOCK_NAME} was changed by hand: the component of the plugin {name} {what}"))
            .with_hint("add the plugin again with `cofferdam plugin add FILE`"))
    }
}

/// Whether it is a file that this module made: 64 digits and `.wasm`.
fn is_component(path: &Path) -> bool {
    let digits = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    path.extension().is_some_and(|e| e == "wasm") && digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Puts a file in another's place as a whole, and on the disk: nobody ever reads half of it.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |e: std::io::Error| unwritable(path, e);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(bytes).map_err(failed)?;
    // Everybody may read it, as the umask would have it for a file that isn't secret: backups run as other users, too.
    let mode = path.metadata().map_or(0o644, |m| m.permissions().mode() & 0o775);
    new.as_file().set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(path).map_err(|e| failed(e.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn unwritable(path: &Path, cause: std::io::Error) -> Error {
    Error::storage(format!("can't write {}", path.display())).with_cause(cause)
}

#[cfg(test)]
mod tests;
