//! The object store below a repository, with failures that name the object.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use crate::error::{Error, Result};
use crate::repository::location::Location;

/// A folder or bucket of objects.
#[derive(Clone, Debug)]
pub(super) struct Store {
    objects: Arc<dyn ObjectStore>,
    /// The folder, where the store is one.
    folder: Option<PathBuf>,
    shown: String,
}

/// What a listing says about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// The name inside the repository, with "/" between folders.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last put, by the store's clock.
    pub modified: Timestamp,
}

impl Object {
    /// The last part of its name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

impl Store {
    /// The store at `location`, whose folder must be there.
    pub fn open(location: &Location) -> Result<Self> {
        let objects = LocalFileSystem::new_with_prefix(location.folder()).map_err(|e| {
            Error::not_found(format!("there is no repository at {location}"))
                .with_cause(e)
                .with_hint("check the address, and that the volume is mounted; `repository init` makes a new one")
        })?;
        let folder = Some(location.folder().to_owned());
        Ok(Self { objects: Arc::new(objects.with_fsync(true)), folder, shown: location.to_string() })
    }

    /// The store at `location`, whose folder is made, for its owner only, if it isn't there.
    pub fn open_or_create(location: &Location) -> Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(location.folder())
            .map_err(|e| advise(Error::storage(format!("can't make the folder {location}")), e.kind()).with_cause(e))?;
        Self::open(location)
    }

    /// A store over `objects`, which the tests let fail.
    #[cfg(test)]
    pub fn over(objects: Arc<dyn ObjectStore>, location: &Location) -> Self {
        Self { objects, folder: Some(location.folder().to_owned()), shown: location.to_string() }
    }

    /// The repository's address, for people.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The content of object `name`, which may have `limit` bytes at most.
    pub async fn get(&self, name: &str, limit: u64) -> Result<Bytes> {
        let found = self.objects.get(&Name::from(name)).await.map_err(|e| self.failed("read", name, e))?;
        let size = found.meta.size;
        if size > limit {
            return Err(Error::corrupt(format!("{} has {size} bytes, more than {limit}", self.object(name))));
        }
        found.bytes().await.map_err(|e| self.failed("read", name, e))
    }

    /// Stores object `name`, replacing what is there.
    pub async fn put(&self, name: &str, content: Bytes) -> Result<()> {
        let payload = PutPayload::from(content);
        self.objects.put(&Name::from(name), payload).await.map_err(|e| self.failed("store", name, e))?;
        Ok(())
    }

    /// Stores object `name` unless there is one: then the error is "already-exists".
    pub async fn create(&self, name: &str, content: Bytes) -> Result<()> {
        let (at, payload) = (Name::from(name), PutPayload::from(content));
        let put = self.objects.put_opts(&at, payload, PutMode::Create.into());
        put.await.map_err(|e| self.failed("store", name, e))?;
        Ok(())
    }

    /// What the store says about object `name`, if it is there.
    pub async fn head(&self, name: &str) -> Result<Option<Object>> {
        match self.objects.head(&Name::from(name)).await {
            Ok(meta) => Ok(Some(object(meta)?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.failed("look at", name, e)),
        }
    }

    /// Deletes object `name`. It is no failure if it isn't there.
    pub async fn delete(&self, name: &str) -> Result<()> {
        match self.objects.delete(&Name::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.failed("delete", name, e)),
        }
    }

    /// Gives object `from` the name `to`.
    pub async fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.objects.rename(&Name::from(from), &Name::from(to)).await.map_err(|e| self.failed("move", from, e))
    }

    /// Every object below `folder`; "" is the whole repository.
    pub fn list(&self, folder: &str) -> BoxStream<'static, Result<Object>> {
        let (store, shown) = (self.clone(), folder.to_owned());
        let prefix = (!folder.is_empty()).then(|| Name::from(folder));
        self.objects
            .list(prefix.as_ref())
            .map(move |found| found.map_err(|e| store.failed("list", &shown, e)).and_then(object))
            .boxed()
    }

    /// Makes folders, in `within` or in none, where the store is one itself. A put makes those that it misses too, at the price of
    /// two more syncs, which a first backup would wait for with every chunk.
    pub async fn make_folders(&self, within: &str, folders: impl Iterator<Item = String>) -> Result<()> {
        let Some(root) = self.folder.clone() else { return Ok(()) };
        let (within, folders) = (root.join(within), folders.map(|name| root.join(name)).collect());
        let made = tokio::task::spawn_blocking(move || make_folders(&root, &within, folders)).await;
        made.map_err(|e| Error::internal("making folders ended early").with_cause(e))?.map_err(|e| {
            advise(Error::storage(format!("can't make the folders of {}", self.shown)), e.kind()).with_cause(e)
        })
    }

    /// Removes files that a killed process left half-written, once they are older than `age`.
    ///
    /// A local store writes to `NAME#NUMBER` first; listings don't show these.
    pub async fn sweep(&self, age: Duration) -> Result<()> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let swept = tokio::task::spawn_blocking(move || sweep_folder(&folder, SystemTime::now() - age)).await;
        swept.map_err(|e| Error::internal("the sweep of half-written files ended early").with_cause(e))?.map_err(|e| {
            advise(Error::storage(format!("can't sweep half-written files in {}", self.shown)), e.kind()).with_cause(e)
        })
    }

    /// The full address of object `name`, for messages.
    pub fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.shown.trim_end_matches('/'))
    }

    fn failed(&self, verb: &str, name: &str, cause: object_store::Error) -> Error {
        let at = self.object(name);
        match &cause {
            object_store::Error::NotFound { .. } => Error::not_found(format!("{at} isn't there")),
            object_store::Error::AlreadyExists { .. } => Error::already_exists(format!("{at} is there already")),
            other => {
                let kind = io_kind(other).unwrap_or(ErrorKind::Other);
                advise(Error::storage(format!("can't {verb} {at}")), kind)
            }
        }
        .with_cause(cause)
    }
}

fn object(meta: ObjectMeta) -> Result<Object> {
    let (seconds, nanos) = (meta.last_modified.timestamp(), meta.last_modified.timestamp_subsec_nanos());
    let nanos = i32::try_from(nanos).unwrap_or(0);
    let modified = Timestamp::new(seconds, nanos)
        .map_err(|e| Error::corrupt(format!("{} has an impossible time", meta.location)).with_cause(e))?;
    Ok(Object { name: meta.location.to_string(), bytes: meta.size, modified })
}

/// The input/output error at the bottom of a store's failure.
fn io_kind(error: &object_store::Error) -> Option<ErrorKind> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

fn advise(error: Error, kind: ErrorKind) -> Error {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            error.with_hint("the repository's volume is full: free space, or `forget` old backups and `prune`")
        }
        ErrorKind::PermissionDenied => error.with_hint("check who owns the repository's folder and its files"),
        ErrorKind::ReadOnlyFilesystem => error.with_hint("the repository's volume is mounted read-only"),
        _ => {
            error.with_hint("check the repository's volume; nothing that was stored before is affected").retryable(true)
        }
    }
}

fn make_folders(root: &Path, within: &Path, folders: Vec<PathBuf>) -> std::io::Result<()> {
    folders.iter().try_for_each(std::fs::create_dir_all)?;
    // What they are in remembers them; they themselves are empty.
    [within, root].into_iter().try_for_each(|folder| std::fs::File::open(folder)?.sync_all())
}

fn sweep_folder(folder: &Path, before: SystemTime) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sweep_folder(&entry.path(), before)?;
        } else if kind.is_file() && is_staging(&entry.file_name().to_string_lossy()) {
            // Another process may sweep, or finish, the same file at this moment.
            let old = entry.metadata().and_then(|m| m.modified()).is_ok_and(|modified| modified < before);
            if old {
                std::fs::remove_file(entry.path()).or_else(ignore_missing)?;
            }
        }
    }
    Ok(())
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn is_staging(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn staging_files_are_swept_once_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::local(folder.path()).unwrap()).unwrap();
        store.put("chunks/ab/x", Bytes::from_static(b"kept")).await.unwrap();
        let staging = folder.path().join("chunks/ab/x#1");
        std::fs::write(&staging, b"half").unwrap();
        store.sweep(Duration::from_secs(3600)).await.unwrap();
        assert!(staging.exists(), "a writer may be at it");
        store.sweep(Duration::ZERO).await.unwrap();
        assert!(!staging.exists());
        assert_eq!(store.get("chunks/ab/x", 10).await.unwrap(), "kept");
    }

    #[tokio::test]
    async fn folders_are_made_once_and_hold_no_objects() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::local(folder.path()).unwrap()).unwrap();
        for _ in 0..2 {
            store.make_folders("chunks", ["chunks/00".to_owned(), "chunks/ff".to_owned()].into_iter()).await.unwrap();
        }
        assert!(folder.path().join("chunks/00").is_dir() && folder.path().join("chunks/ff").is_dir());
        assert_eq!(store.list("").count().await, 0);
    }

    #[tokio::test]
    async fn an_object_is_created_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::local(folder.path()).unwrap()).unwrap();
        store.create("backups/a", Bytes::from_static(b"first")).await.unwrap();
        let error = store.create("backups/a", Bytes::from_static(b"second")).await.unwrap_err();
        assert_eq!(error.code(), "already-exists");
        assert_eq!(store.get("backups/a", 10).await.unwrap(), "first");
    }

    #[tokio::test]
    async fn a_missing_object_is_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::local(folder.path()).unwrap()).unwrap();
        let error = store.get("config", 10).await.unwrap_err();
        assert!(error.is_not_found() && error.message().contains("/config"));
        assert_eq!(store.head("config").await.unwrap(), None);
        store.delete("config").await.unwrap();
    }
}
