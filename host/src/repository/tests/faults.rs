//! A store that fails or lies never makes a backup count that can't be restored.

use std::sync::Arc;

use super::faulty_store::{Fault, FaultyStore};
use super::*;
use crate::repository::store::Store;

async fn faulty() -> (TempDir, Arc<FaultyStore>, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let objects = FaultyStore::new(folder.path());
    let store = Store::over(objects.clone(), &Location::local(folder.path()).unwrap());
    let options = InitOptions { chunking: SMALL, ..InitOptions::default() };
    let (repository, _) = Repository::init_in(store, options).await.unwrap();
    (folder, objects, repository)
}

#[tokio::test]
async fn a_full_disk_is_told_with_the_object_and_a_hint() {
    let (_folder, objects, repository) = faulty().await;
    for prefix in ["chunks", "backups"] {
        objects.set(Some((prefix, Fault::Full)));
        let error = backup(&repository, &[("a", noise(1, 100_000))]).await.unwrap_err();
        assert_eq!(error.code(), "storage");
        assert!(error.message().contains(prefix), "{error}");
        assert!(error.hint().unwrap().contains("full"));
        objects.set(None);
        assert!(repository.list().await.unwrap().manifests.is_empty());
    }
    backup(&repository, &[("a", noise(1, 100_000))]).await.unwrap();
}

#[tokio::test]
async fn a_chunk_that_the_store_lost_or_halved_stops_the_backup() {
    let (_folder, objects, repository) = faulty().await;
    for fault in [Fault::Lost, Fault::Half] {
        objects.set(Some(("chunks", fault)));
        let error = backup(&repository, &[("a", noise(1, 100_000))]).await.unwrap_err();
        assert_eq!(error.code(), "corrupt", "{fault:?}");
        objects.set(None);
        assert!(repository.list().await.unwrap().manifests.is_empty());
    }
    backup(&repository, &[("a", noise(1, 100_000))]).await.unwrap();
    let read = CheckOptions { read_data: true, ..CheckOptions::default() };
    assert!(repository.check(read, |_| ()).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_manifest_that_the_store_lost_or_halved_is_no_backup() {
    let (_folder, objects, repository) = faulty().await;
    for fault in [Fault::Lost, Fault::Half] {
        objects.set(Some(("backups", fault)));
        backup(&repository, &[("a", noise(1, 1000))]).await.unwrap_err();
        objects.set(None);
        let listing = repository.list().await.unwrap();
        assert!(listing.manifests.is_empty() && listing.unreadable.is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_manifest_that_was_stored_and_reported_as_failed_counts() {
    let (_folder, objects, repository) = faulty().await;
    objects.set(Some(("backups", Fault::DoneButFailed)));
    let id = backup(&repository, &[("a", noise(1, 1000))]).await.unwrap();
    objects.set(None);
    assert_eq!(repository.find("latest").await.unwrap().id, id);
}

#[tokio::test]
async fn a_store_that_overwrites_what_it_should_create_is_no_place_for_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    let objects = FaultyStore::new(folder.path());
    objects.set(Some(("probe-", Fault::Lost)));
    let store = Store::over(objects, &Location::local(folder.path()).unwrap());
    assert!(Repository::init_in(store, InitOptions::default()).await.is_err());
    assert!(!folder.path().join("config").exists());
}

#[tokio::test]
async fn a_stream_that_failed_says_so_once_and_stays_failed() {
    let (_folder, objects, repository) = faulty().await;
    let writer = repository.writer("op-1").await.unwrap();
    let mut stream = writer.stream().unwrap();
    objects.set(Some(("chunks", Fault::Full)));
    let mut result = Ok(());
    for i in 0..20 {
        result = stream.write(noise(i, 100_000), &[]).await;
        if result.is_err() {
            break;
        }
    }
    assert_eq!(result.unwrap_err().code(), "storage");
    assert!(stream.finish().await.is_err());
    writer.abandon().await.unwrap();
}

/// A slow store slows the source; nothing piles up in between.
#[tokio::test]
async fn a_stream_takes_in_little_while_the_store_is_stuck() {
    let folder = tempfile::tempdir().unwrap();
    let objects = FaultyStore::new(folder.path());
    let store = Store::over(objects.clone(), &Location::local(folder.path()).unwrap());
    let (repository, _) = Repository::init_in(store, InitOptions::default()).await.unwrap();
    let writer = repository.writer("op-1").await.unwrap();
    let mut stream = writer.stream().unwrap();
    objects.set(Some(("chunks", Fault::Stuck)));
    let wait = std::time::Duration::from_secs(5);
    for i in 0..64 {
        if tokio::time::timeout(wait, stream.write(noise(i, 1 << 20), &[])).await.is_err() {
            break;
        }
    }
    let taken = stream.position() >> 20;
    assert!((4..=14).contains(&taken), "{taken} MiB were taken in");
    objects.release();
    drop(stream);
}
