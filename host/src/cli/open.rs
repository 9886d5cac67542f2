//! Opening what a command names: a repository with the right key, an instance with its plugin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::prompt;
use super::session::Session;
use crate::config::{self, Config, FILE_NAME};
use crate::error::{Error, Result};
use crate::install::{LOCK_NAME, Store};
use crate::operation::Party;
use crate::plugin::{Candidate, Plugin, Runtime};
use crate::repository::{Access, Location, Pin, Repository};
use crate::secrets::{Secret, SecretRef};
use crate::services::Endpoint;

/// What a repository is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Making, listing, checking and forgetting backups: the writer key is enough, and is taken if there is one.
    Bookkeeping,
    /// Reading data, or handling keys: needs the recovery key or a passphrase.
    Everything,
}

/// Which repository is opened, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// Its name in the configuration, or its address; the configured one if there is only one.
    pub repository: Option<&'a str>,
    /// The file with the key, instead of what the configuration names.
    pub key_file: Option<&'a Path>,
}

impl Session {
    /// Opens the repository that the options or the configuration name.
    pub(super) async fn repository(&self, config: &Config, purpose: Purpose) -> Result<Repository> {
        let (repository, key_file) = (self.global.repository.as_deref(), self.global.key_file.as_deref());
        self.open(config, Which { repository, key_file }, purpose).await
    }

    /// Opens a repository.
    pub(super) async fn open(&self, config: &Config, which: Which<'_>, purpose: Purpose) -> Result<Repository> {
        let Which { repository: named, key_file } = which;
        if let Some(url) = named.filter(|n| is_address(n)) {
            let location = Location::parse(url)?;
            let access = self.access(&location.to_string(), key_file, Vec::new(), purpose).await?;
            return self.or_cancelled(Repository::open(&location, None, access)).await;
        }
        let (name, entry) = config.repository(named)?;
        let location = Location::parse(entry.url.as_str())?;
        let pin: Option<Pin> = entry
            .id
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|e: Error| e.while_doing(format!("`id` in [repositories.{name}]")))?;
        if pin.is_none() {
            self.ui.warn(&format!(
                "[repositories.{name}] has no `id`: if somebody puts another repository in its place, nothing notices"
            ));
        }
        let access = self.access(name.as_str(), key_file, candidates(entry, purpose), purpose).await?;
        self.or_cancelled(Repository::open(&location, pin, access)).await
    }

    /// The key: the file that was named, else the first configured one that serves the purpose, else asked for.
    async fn access(
        &self,
        repository: &str,
        key_file: Option<&Path>,
        configured: Vec<(Key, SecretRef)>,
        purpose: Purpose,
    ) -> Result<Access> {
        if let Some(path) = key_file {
            let secret = self.secret(&SecretRef::File(path.to_owned())).await?;
            return Ok(recognise(&secret));
        }
        if let Some((key, reference)) = configured.into_iter().next() {
            let secret = self.secret(&reference).await?;
            return Ok(key.access(&secret));
        }
        if prompt::possible() {
            let question = format!("Recovery key or passphrase of {repository}");
            let secret = self.typed(move || prompt::ask(&question)).await?;
            return Ok(recognise(&secret));
        }
        let (what, needs) = match purpose {
            Purpose::Bookkeeping => ("no key", "`writer-key`, `recovery-key` or `passphrase`"),
            Purpose::Everything => ("no key that reads data", "`recovery-key` or `passphrase`"),
        };
        Err(Error::permission_denied(format!("there is {what} for the repository {repository}"))
            .with_hint(format!("give it with --key-file, or as {needs} of the repository in the configuration")))
    }

    /// The named instance, and the installed plugin that speaks to it.
    pub(super) async fn party(&self, config: &Config, name: &str) -> Result<Party> {
        let engine = config.instance(name)?.1.engine.as_str();
        let plugin = self
            .plugin(config, engine)
            .await
            .map_err(|e| if e.is_not_found() { e.while_doing(format!("engine of the instance {name}")) } else { e })?;
        self.party_of(config, name, plugin).await
    }

    /// The named instance, and a plugin that isn't installed but lies in a file.
    pub(super) async fn party_by(
        &self,
        config: &Config,
        name: &str,
        file: &Path,
        grants: BTreeSet<String>,
    ) -> Result<Party> {
        let engine = config.instance(name)?.1.engine.as_str();
        let (path, runtime) = (file.to_owned(), runtime()?);
        let plugin = load(move || Candidate::read(&runtime, &path)?.admit(&runtime, &grants)).await?;
        let about = &plugin.inspection().about;
        if about.name != engine {
            return Err(Error::invalid_options(format!(
                "the instance {name} is of the engine {engine}, and {} is the plugin of {}",
                file.display(),
                about.name
            ))
            .with_hint("name an instance of the plugin's engine"));
        }
        self.party_of(config, name, plugin).await
    }

    async fn party_of(&self, config: &Config, name: &str, plugin: Plugin) -> Result<Party> {
        let (name, instance) = config.instance(name)?;
        let password = match &instance.password {
            Some(reference) => Some(self.secret(reference).await?),
            None => None,
        };
        let default_port = plugin.inspection().about.default_port;
        let endpoint = Endpoint::new(instance.url.as_url().clone(), password, default_port);
        let settings = instance.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Party { name: name.to_string(), plugin, endpoint, settings })
    }

    /// The installed plugin of an engine.
    pub(super) async fn plugin(&self, config: &Config, engine: &str) -> Result<Plugin> {
        let (store, runtime, engine) = (store(config)?, runtime()?, engine.to_owned());
        load(move || {
            let installed = store.get(&engine)?;
            let candidate = Candidate::new(&runtime, installed.bytes)?;
            installed.entry.check(&installed.name, candidate.inspection())?;
            candidate.admit(&runtime, &installed.entry.grants)
        })
        .await
    }
}

/// Reads and compiles a plugin beside everything else.
async fn load(plugin: impl FnOnce() -> Result<Plugin> + Send + 'static) -> Result<Plugin> {
    tokio::task::spawn_blocking(plugin)
        .await
        .map_err(|e| Error::internal("the plugin can't be loaded").with_cause(e))?
}

/// Where the plugins are that may run.
pub fn store(config: &Config) -> Result<Store> {
    let path = config.path.as_deref().ok_or_else(|| {
        Error::not_found(format!("no {FILE_NAME} was found, beside which {LOCK_NAME} lies"))
            .with_hint(format!("make a {FILE_NAME}, or name it with --config; it may be empty"))
    })?;
    Ok(Store::beside(path))
}

/// The runtime for plugins, with its cache of compiled ones in the user's cache folder, if there is one.
pub fn runtime() -> Result<Arc<Runtime>> {
    let absolute = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    Runtime::new(folder.map(|f| f.join("cofferdam")).as_deref()).map(Arc::new)
}

#[derive(Clone, Copy)]
enum Key {
    Writer,
    Recovery,
    Passphrase,
}

impl Key {
    fn access(self, secret: &Secret) -> Access {
        let text = Zeroizing::new(secret.expose().to_owned());
        match self {
            Self::Writer => Access::Writer(text),
            Self::Recovery => Access::Recovery(text),
            Self::Passphrase => Access::Passphrase(text),
        }
    }
}

/// Keys tell what they are by how they begin; whatever else was given is a passphrase.
fn recognise(secret: &Secret) -> Access {
    let text = secret.expose().trim_start();
    let key = if text.starts_with("CDW1") {
        Key::Writer
    } else if text.starts_with("CDR1") {
        Key::Recovery
    } else {
        Key::Passphrase
    };
    key.access(secret)
}

/// The configured keys that serve the purpose, the one with the fewest rights first.
fn candidates(entry: &config::Repository, purpose: Purpose) -> Vec<(Key, SecretRef)> {
    let writer = entry.writer_key.as_ref().filter(|_| purpose == Purpose::Bookkeeping).map(|k| (Key::Writer, k));
    let recovery = entry.recovery_key.as_ref().map(|k| (Key::Recovery, k));
    let passphrase = entry.passphrase.as_ref().map(|k| (Key::Passphrase, k));
    [writer, recovery, passphrase].into_iter().flatten().map(|(key, reference)| (key, reference.clone())).collect()
}

/// Whether it is a URL or a path: names hold neither of these marks.
fn is_address(text: &str) -> bool {
    text.contains('/') || text.starts_with('.')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn keys(purpose: Purpose, lines: &str) -> Vec<String> {
        let text = format!("[repositories.m]\nurl = \"/m\"\n{lines}");
        let config = Config::parse(&text, Path::new("/etc/c.toml")).unwrap();
        let entry = config.repository(None).unwrap().1;
        candidates(entry, purpose).into_iter().map(|(_, reference)| reference.to_string()).collect()
    }

    #[test]
    fn the_key_with_the_fewest_rights_that_serves_the_purpose_is_taken() {
        let all = "passphrase = { env = \"P\" }\nrecovery-key = { env = \"R\" }\nwriter-key = { env = \"W\" }\n";
        let [w, r, p] = ["W", "R", "P"].map(|v| format!("the environment variable {v}"));
        assert_eq!(keys(Purpose::Bookkeeping, all), [w, r.clone(), p.clone()]);
        assert_eq!(keys(Purpose::Everything, all), [r, p]);
        assert!(keys(Purpose::Everything, "writer-key = { env = \"W\" }\n").is_empty());
    }

    #[test]
    fn a_key_tells_what_it_is() {
        for (text, kind) in
            [("CDW1-abc", "Writer(..)"), (" CDR1-ABCD", "Recovery(..)"), ("correct horse", "Passphrase(..)")]
        {
            assert_eq!(format!("{:?}", recognise(&Secret::new(text.to_owned()))), kind);
        }
    }

    #[test]
    fn names_are_told_from_addresses() {
        assert!(["file:///x", "/x", "./x", "x/y", "s3://b"].iter().all(|a| is_address(a)));
        assert!(!is_address("main-2.x"));
    }
}
