//! The repository as a whole, in a temporary folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod damage;
mod data;
mod faults;
mod faulty_store;
mod keys;
mod kills;
mod pruning;

use std::path::PathBuf;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::error::Result;
use crate::repository::*;

/// Small chunks, so that small data has many.
const SMALL: Chunking = Chunking { minimum: 1 << 10, average: 4 << 10, maximum: 16 << 10 };

/// A new repository, opened by its owner.
struct Fixture {
    folder: TempDir,
    repository: Repository,
    init: Init,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::local(folder.path()).unwrap();
        let options = InitOptions { chunking: SMALL, ..InitOptions::default() };
        let (repository, init) = Repository::init(&location, options).await.unwrap();
        Self { folder, repository, init }
    }

    fn location(&self) -> Location {
        Location::local(self.folder.path()).unwrap()
    }

    async fn open(&self, access: Access) -> Result<Repository> {
        Repository::open(&self.location(), Some(self.init.pin), access).await
    }

    async fn writer(&self) -> Repository {
        self.open(Access::Writer(self.init.writer_key.clone())).await.unwrap()
    }

    /// Every file below `folder`.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.folder.path().join(folder)]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }
}

/// Bytes without any pattern.
fn noise(seed: u8, length: usize) -> Bytes {
    let mut data = vec![0; length];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut data);
    data.into()
}

fn unit(name: &str, stream: usize, offset: u64, bytes: u64) -> UnitRecord {
    UnitRecord {
        name: name.to_owned(),
        format: "application/octet-stream".to_owned(),
        framing: "none".to_owned(),
        objects: Vec::new(),
        after: Vec::new(),
        estimated_bytes: None,
        estimated_rows: None,
        external: false,
        extra: Vec::new(),
        rows: Some(1),
        rows_claimed: None,
        row_digest: None,
        bytes,
        stream,
        offset,
    }
}

fn manifest(writer: &BackupWriter, units: Vec<UnitRecord>, streams: Vec<StreamRecord>) -> Manifest {
    Manifest {
        version: 0,
        id: writer.id().clone(),
        operation: "op-1".to_owned(),
        started: Timestamp::now(),
        finished: Timestamp::now(),
        instance: "orders".to_owned(),
        database: Some("shop".to_owned()),
        engine: "postgresql".to_owned(),
        plugin: PluginRecord { name: "postgresql".to_owned(), version: "0.1.0".to_owned(), digest: String::new() },
        server_version: "15.9".to_owned(),
        consistency: "snapshot".to_owned(),
        taken_at: None,
        position: None,
        tags: vec!["nightly".to_owned()],
        options: [("jobs".to_owned(), "2".to_owned())].into(),
        extra: Vec::new(),
        tallies: Vec::new(),
        notes: Vec::new(),
        units,
        streams,
        writer: String::new(),
    }
}

/// Writes `units` end to end into one stream, without a manifest.
async fn write(writer: &BackupWriter, units: &[(&str, Bytes)]) -> Result<Manifest> {
    let mut stream = writer.stream()?;
    let mut records = Vec::new();
    for (name, data) in units {
        records.push(unit(name, 0, stream.position(), data.len() as u64));
        stream.write(data.clone(), &[]).await?;
    }
    Ok(manifest(writer, records, vec![stream.finish().await?]))
}

/// Makes a whole backup of `units`.
async fn backup(repository: &Repository, units: &[(&str, Bytes)]) -> Result<BackupId> {
    let writer = repository.writer("op-1").await?;
    match write(&writer, units).await {
        Ok(manifest) => writer.commit(manifest).await,
        Err(error) => {
            writer.abandon().await?;
            Err(error)
        }
    }
}

/// All bytes of unit `name`.
async fn restore(repository: &Repository, manifest: &Manifest, name: &str) -> Result<Vec<u8>> {
    let unit = manifest.units.iter().find(|u| u.name == name).unwrap();
    let mut reader = repository.reader(manifest)?.unit(unit)?;
    let mut data = Vec::new();
    while let Some(piece) = reader.next().await? {
        assert!(!piece.is_empty() && piece.len() <= 256 << 10);
        data.extend_from_slice(&piece);
    }
    Ok(data)
}
