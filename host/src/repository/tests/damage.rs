//! Whatever happens to an object, it is found, and told by backup, unit and object.

use std::path::Path;

use super::*;

const READ: CheckOptions = CheckOptions { read_data: true, quarantine: false };

fn flip(file: &Path, at: usize) {
    let mut content = std::fs::read(file).unwrap();
    let at = at.min(content.len() - 1);
    content[at] ^= 0x10;
    std::fs::write(file, content).unwrap();
}

/// A backup of two units, and the file that holds a chunk of the second one only.
async fn two_units(fixture: &Fixture) -> (Manifest, PathBuf) {
    let id = backup(&fixture.repository, &[("a", noise(1, 100_000)), ("b", noise(2, 100_000))]).await.unwrap();
    let manifest = fixture.repository.manifest(&id).await.unwrap();
    let file = fixture.folder.path().join(manifest.streams[0].chunks.last().unwrap().object().name());
    (manifest, file)
}

#[tokio::test]
async fn a_flipped_bit_in_a_chunk_is_found_by_reading() {
    let fixture = Fixture::new().await;
    let (manifest, file) = two_units(&fixture).await;
    flip(&file, 200);
    assert!(fixture.repository.check(CheckOptions::default(), |_| ()).await.unwrap().problems.is_empty());
    let report = fixture.repository.check(READ, |_| ()).await.unwrap();
    assert_eq!(report.problems.len(), 1);
    let problem = &report.problems[0];
    assert_eq!((problem.backup.as_str(), problem.unit.as_deref()), (manifest.id.as_str(), Some("b")));
    assert!(file.ends_with(&problem.object));
    let error = restore(&fixture.repository, &manifest, "b").await.unwrap_err();
    assert_eq!(error.code(), "corrupt");
    let file = file.file_name().unwrap().to_str().unwrap();
    for part in ["unit b", manifest.id.as_str(), file] {
        assert!(error.message().contains(part), "{error}");
    }
    assert_eq!(restore(&fixture.repository, &manifest, "a").await.unwrap(), noise(1, 100_000));
}

#[tokio::test]
async fn a_missing_and_a_truncated_chunk_are_found_without_reading() {
    let fixture = Fixture::new().await;
    let (manifest, file) = two_units(&fixture).await;
    let content = std::fs::read(&file).unwrap();
    std::fs::write(&file, &content[..content.len() - 1]).unwrap();
    let report = fixture.writer().await.check(CheckOptions::default(), |_| ()).await.unwrap();
    assert_eq!(report.problems[0].unit.as_deref(), Some("b"));
    assert!(report.problems[0].what.contains("bytes"));
    assert_eq!(restore(&fixture.repository, &manifest, "b").await.unwrap_err().code(), "corrupt");
    std::fs::remove_file(&file).unwrap();
    let report = fixture.writer().await.check(CheckOptions::default(), |_| ()).await.unwrap();
    assert_eq!(report.problems[0].what, "it isn't there");
    assert!(restore(&fixture.repository, &manifest, "b").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn no_backup_leans_on_a_truncated_chunk_and_the_next_one_heals_the_first() {
    let fixture = Fixture::new().await;
    let (manifest, file) = two_units(&fixture).await;
    std::fs::write(&file, b"short").unwrap();
    let again = backup(&fixture.repository, &[("a", noise(1, 100_000)), ("b", noise(2, 100_000))]).await.unwrap();
    let again = fixture.repository.manifest(&again).await.unwrap();
    for manifest in [&again, &manifest] {
        assert_eq!(restore(&fixture.repository, manifest, "b").await.unwrap(), noise(2, 100_000));
    }
    assert!(fixture.repository.check(READ, |_| ()).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_damaged_chunk_is_put_aside_if_told_so() {
    let fixture = Fixture::new().await;
    let (_, file) = two_units(&fixture).await;
    flip(&file, 200);
    let options = CheckOptions { quarantine: true, ..READ };
    let report = fixture.repository.check(options, |_| ()).await.unwrap();
    assert_eq!((report.problems.len(), report.quarantined.len()), (1, 1));
    assert!(!file.exists());
    assert_eq!(fixture.files("quarantine").len(), 1);
    backup(&fixture.repository, &[("a", noise(1, 100_000)), ("b", noise(2, 100_000))]).await.unwrap();
    assert!(fixture.repository.check(READ, |_| ()).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_manifest_that_was_changed_anywhere_is_refused() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.repository, &[("a", noise(1, 1000))]).await.unwrap();
    let file = fixture.folder.path().join("backups").join(id.as_str());
    let content = std::fs::read(&file).unwrap();
    for at in 0..content.len() {
        flip(&file, at);
        let error = fixture.repository.manifest(&id).await.unwrap_err();
        assert!(matches!(error.code(), "corrupt" | "permission-denied"), "byte {at}: {error}");
        flip(&file, at);
    }
    std::fs::write(&file, &content[..content.len() / 2]).unwrap();
    assert_eq!(fixture.repository.manifest(&id).await.unwrap_err().code(), "corrupt");
    let report = fixture.repository.check(CheckOptions::default(), |_| ()).await.unwrap();
    assert_eq!((report.backups, report.problems[0].backup.as_str()), (1, id.as_str()));
}

#[tokio::test]
async fn a_manifest_under_another_name_is_refused() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.repository, &[("a", noise(1, 1000))]).await.unwrap();
    let other = BackupId::new(Timestamp::now()).unwrap();
    let folder = fixture.folder.path().join("backups");
    std::fs::rename(folder.join(id.as_str()), folder.join(other.as_str())).unwrap();
    assert_eq!(fixture.repository.manifest(&other).await.unwrap_err().code(), "corrupt");
}

#[tokio::test]
async fn two_chunks_that_were_swapped_are_found() {
    let fixture = Fixture::new().await;
    let (manifest, last) = two_units(&fixture).await;
    let first = fixture.folder.path().join(manifest.streams[0].chunks[0].object().name());
    std::fs::copy(&first, &last).unwrap();
    assert!(restore(&fixture.repository, &manifest, "b").await.is_err());
    assert_eq!(fixture.repository.check(READ, |_| ()).await.unwrap().problems.len(), 1);
}

#[tokio::test]
async fn reading_tells_how_far_it_is() {
    let fixture = Fixture::new().await;
    two_units(&fixture).await;
    let mut last = CheckProgress::default();
    let report = fixture.repository.check(READ, |progress| last = progress).await.unwrap();
    assert_eq!((last.chunks, last.total, last.bytes), (report.chunks, report.chunks, report.bytes));
}
