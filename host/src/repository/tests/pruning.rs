//! Prune deletes what nobody needs, and nothing else, whoever writes beside it.

use std::fs::File;
use std::time::{Duration, SystemTime};

use super::*;

const NOW: PruneOptions = PruneOptions { dry_run: false, grace: Duration::ZERO, without_backups: false };

/// Makes `file` look as if it had been put long ago.
fn age(file: &PathBuf) {
    let then = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(file).unwrap().set_modified(then).unwrap();
}

#[tokio::test]
async fn what_a_forgotten_backup_had_goes_in_two_steps() {
    let fixture = Fixture::new().await;
    let kept = backup(&fixture.repository, &[("a", noise(1, 100_000))]).await.unwrap();
    let needed = fixture.files("chunks");
    let gone = backup(&fixture.repository, &[("a", noise(1, 100_000)), ("b", noise(2, 100_000))]).await.unwrap();
    let all = fixture.files("chunks");
    fixture.repository.forget(&[gone], false).await.unwrap();

    let dry = fixture.repository.prune(&PruneOptions { dry_run: true, ..NOW }).await.unwrap();
    assert!(dry.waiting > 10 && fixture.files("candidates").is_empty());
    let first = fixture.repository.prune(&NOW).await.unwrap();
    assert_eq!((first.deleted, first.waiting), (0, dry.waiting));
    assert_eq!(fixture.files("chunks"), all);
    let early = fixture.repository.prune(&PruneOptions::default()).await.unwrap();
    assert_eq!((early.deleted, early.waiting), (0, first.waiting), "the grace time isn't over");
    let second = fixture.repository.prune(&NOW).await.unwrap();
    assert_eq!((second.deleted, second.waiting), (first.waiting, 0));
    let left = fixture.files("chunks");
    assert!(left.iter().all(|f| needed.contains(f)), "{} left, {} needed", left.len(), needed.len());
    let manifest = fixture.repository.manifest(&kept).await.unwrap();
    assert_eq!(restore(&fixture.repository, &manifest, "a").await.unwrap(), noise(1, 100_000));
    assert!(fixture.files("candidates").is_empty() && fixture.files("leases").is_empty());
}

#[tokio::test]
async fn a_backup_that_was_killed_isnt_listed_and_its_chunks_go() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("a", noise(1, 50_000))]).await.unwrap();
    let before = fixture.files("chunks");
    let writer = fixture.repository.writer("op-killed").await.unwrap();
    write(&writer, &[("b", noise(2, 50_000))]).await.unwrap();
    drop(writer);
    assert_eq!(fixture.repository.list().await.unwrap().manifests.len(), 1);

    fixture.repository.prune(&NOW).await.unwrap();
    let waiting = fixture.repository.prune(&NOW).await.unwrap();
    assert_eq!((waiting.deleted, waiting.waiting_for), (0, vec!["op-killed".to_owned()]));
    age(&fixture.files("leases")[0]);
    let pruned = fixture.repository.prune(&NOW).await.unwrap();
    assert!(pruned.deleted > 0);
    assert_eq!(fixture.files("chunks"), before);
    assert!(fixture.files("leases").is_empty());
}

#[tokio::test]
async fn a_retry_leans_on_what_a_killed_backup_stored() {
    let fixture = Fixture::new().await;
    let writer = fixture.repository.writer("op-killed").await.unwrap();
    write(&writer, &[("a", noise(1, 100_000))]).await.unwrap();
    drop(writer);
    let retry = fixture.repository.writer("op-2").await.unwrap();
    let described = write(&retry, &[("a", noise(1, 100_000))]).await.unwrap();
    assert_eq!(retry.stored_bytes(), 0);
    retry.commit(described).await.unwrap();
}

#[tokio::test]
async fn a_prune_beside_a_writer_takes_nothing_that_it_leans_on() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("keep", noise(9, 1000))]).await.unwrap();
    let garbage = backup(&fixture.repository, &[("a", noise(1, 100_000))]).await.unwrap();
    let writer = fixture.repository.writer("op-long").await.unwrap();
    let described = write(&writer, &[("a", noise(1, 100_000))]).await.unwrap();
    fixture.repository.forget(&[garbage], false).await.unwrap();
    for _ in 0..3 {
        let pruned = fixture.repository.prune(&NOW).await.unwrap();
        assert_eq!((pruned.deleted, pruned.waiting > 0), (0, true));
    }
    let id = writer.commit(described).await.unwrap();
    assert_eq!(fixture.repository.prune(&NOW).await.unwrap().deleted, 0);
    let manifest = fixture.repository.manifest(&id).await.unwrap();
    assert_eq!(restore(&fixture.repository, &manifest, "a").await.unwrap(), noise(1, 100_000));
}

#[tokio::test]
async fn a_writer_doesnt_lean_on_candidates() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("keep", noise(9, 1000))]).await.unwrap();
    let garbage = backup(&fixture.repository, &[("a", noise(1, 100_000))]).await.unwrap();
    fixture.repository.forget(&[garbage], false).await.unwrap();
    fixture.repository.prune(&NOW).await.unwrap();
    let writer = fixture.repository.writer("op-late").await.unwrap();
    let described = write(&writer, &[("a", noise(1, 100_000))]).await.unwrap();
    assert!(writer.stored_bytes() > 90_000, "they are put again");
    // The writer knows the list, so the prune needn't wait for it, and hits none of what was put again.
    assert!(fixture.repository.prune(&NOW).await.unwrap().deleted > 0);
    let id = writer.commit(described).await.unwrap();
    let manifest = fixture.repository.manifest(&id).await.unwrap();
    assert_eq!(restore(&fixture.repository, &manifest, "a").await.unwrap(), noise(1, 100_000));
    fixture.repository.prune(&NOW).await.unwrap();
    fixture.repository.prune(&NOW).await.unwrap();
    assert_eq!(restore(&fixture.repository, &manifest, "a").await.unwrap(), noise(1, 100_000));
}

#[tokio::test]
async fn a_writer_that_was_frozen_too_long_makes_no_backup() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("keep", noise(9, 1000))]).await.unwrap();
    let garbage = backup(&fixture.repository, &[("a", noise(1, 100_000))]).await.unwrap();
    fixture.repository.forget(&[garbage], false).await.unwrap();
    let frozen = fixture.repository.writer("op-frozen").await.unwrap();
    let described = write(&frozen, &[("a", noise(1, 100_000))]).await.unwrap();
    assert_eq!(frozen.stored_bytes(), 0);
    fixture.repository.prune(&NOW).await.unwrap();
    age(&fixture.files("leases")[0]);
    assert!(fixture.repository.prune(&NOW).await.unwrap().deleted > 0);
    let error = frozen.commit(described).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(fixture.repository.list().await.unwrap().manifests.len(), 1);
    let check = fixture.repository.check(CheckOptions::default(), |_| ()).await.unwrap();
    assert!(check.problems.is_empty());
}

#[tokio::test]
async fn a_lease_that_ran_out_stops_the_manifest_even_if_every_chunk_is_there() {
    let fixture = Fixture::new().await;
    let writer = fixture.repository.writer("op-1").await.unwrap();
    let described = write(&writer, &[("a", noise(1, 1000))]).await.unwrap();
    std::fs::remove_file(&fixture.files("leases")[0]).unwrap();
    assert!(writer.commit(described).await.unwrap_err().is_conflict());
    assert!(fixture.files("backups").is_empty());
}

#[tokio::test]
async fn prune_stops_where_it_might_be_wrong() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.repository, &[("a", noise(1, 10_000))]).await.unwrap();
    let chunks = fixture.files("chunks");
    let file = fixture.folder.path().join("backups").join(id.as_str());
    let content = std::fs::read(&file).unwrap();

    std::fs::write(&file, b"unreadable").unwrap();
    let error = fixture.repository.prune(&NOW).await.unwrap_err();
    assert!(error.message().contains(id.as_str()), "{error}");
    std::fs::remove_file(&file).unwrap();
    assert!(fixture.repository.prune(&NOW).await.unwrap_err().is_conflict(), "no backup at all");
    assert_eq!(fixture.files("chunks"), chunks);
    std::fs::write(&file, content).unwrap();
    std::fs::rename(fixture.folder.path().join("chunks"), fixture.folder.path().join("lost")).unwrap();
    assert_eq!(fixture.repository.prune(&NOW).await.unwrap_err().code(), "storage");
    assert!(fixture.files("leases").is_empty());
}

#[tokio::test]
async fn an_empty_repository_is_pruned_if_told_so() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.repository, &[("a", noise(1, 10_000))]).await.unwrap();
    fixture.repository.forget(&[id], false).await.unwrap();
    let options = PruneOptions { without_backups: true, ..NOW };
    fixture.repository.prune(&options).await.unwrap();
    fixture.repository.prune(&options).await.unwrap();
    assert!(fixture.files("chunks").is_empty());
}

#[tokio::test]
async fn the_last_sound_copy_of_a_chunk_stays() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.repository, &[("a", noise(1, 3000))]).await.unwrap();
    let named = fixture.files("chunks");
    std::fs::write(&named[0], b"short").unwrap();
    let other = backup(&fixture.repository, &[("a", noise(1, 3000))]).await.unwrap();
    fixture.repository.check(CheckOptions { quarantine: true, ..CheckOptions::default() }, |_| ()).await.unwrap();
    fixture.repository.forget(&[other], false).await.unwrap();
    fixture.repository.prune(&NOW).await.unwrap();
    fixture.repository.prune(&NOW).await.unwrap();
    let manifest = fixture.repository.manifest(&id).await.unwrap();
    assert_eq!(restore(&fixture.repository, &manifest, "a").await.unwrap(), noise(1, 3000));
}

#[tokio::test]
async fn forget_says_what_it_would_do_and_forgets_all_or_nothing() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.repository, &[]).await.unwrap();
    let missing = BackupId::new(Timestamp::now()).unwrap();
    assert!(fixture.repository.forget(&[id.clone(), missing], false).await.unwrap_err().is_not_found());
    let dry = fixture.repository.forget(std::slice::from_ref(&id), true).await.unwrap();
    assert_eq!((dry.backups, dry.dry_run), (vec![id.clone()], true));
    fixture.repository.manifest(&id).await.unwrap();
    fixture.repository.forget(std::slice::from_ref(&id), false).await.unwrap();
    assert!(fixture.repository.manifest(&id).await.unwrap_err().is_not_found());
}
