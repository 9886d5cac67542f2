//! Who may do what.

use zeroize::Zeroizing;

use super::*;

#[tokio::test]
async fn a_writer_key_doesnt_read_data() {
    let fixture = Fixture::new().await;
    let writer = fixture.writer().await;
    backup(&writer, &[("a", noise(1, 1000))]).await.unwrap();
    let manifest = writer.find("latest").await.unwrap();
    assert!(!writer.reads_data());
    assert_eq!(writer.reader(&manifest).unwrap_err().code(), "permission-denied");
    let options = CheckOptions { read_data: true, ..CheckOptions::default() };
    assert_eq!(writer.check(options, |_| ()).await.unwrap_err().code(), "permission-denied");
    assert_eq!(writer.add_writer("x").await.unwrap_err().code(), "permission-denied");
    assert!(writer.check(CheckOptions::default(), |_| ()).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_passphrase_opens_everything_and_a_wrong_one_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::local(folder.path()).unwrap();
    let passphrase = Zeroizing::new("correct horse battery staple".to_owned());
    let options = InitOptions { passphrase: Some(passphrase.clone()), ..InitOptions::default() };
    let (repository, init) = Repository::init(&location, options).await.unwrap();
    backup(&repository, &[("a", noise(1, 1000))]).await.unwrap();
    let opened = Repository::open(&location, Some(init.pin), Access::Passphrase(passphrase)).await.unwrap();
    let manifest = opened.find("latest").await.unwrap();
    assert_eq!(restore(&opened, &manifest, "a").await.unwrap(), noise(1, 1000));
    let wrong = Access::Passphrase("wrong".to_owned().into());
    let error = Repository::open(&location, None, wrong).await.unwrap_err();
    assert_eq!(error.code(), "authentication-failed");
}

#[tokio::test]
async fn keys_of_another_repository_are_refused() {
    let (ours, other) = (Fixture::new().await, Fixture::new().await);
    for access in [
        Access::Writer(other.init.writer_key.clone()),
        Access::Recovery(other.init.recovery_key.clone()),
        Access::Writer("CDW1-nonsense".to_owned().into()),
        Access::Recovery(String::new().into()),
    ] {
        assert_eq!(ours.open(access).await.unwrap_err().code(), "authentication-failed");
    }
    let key = Access::Writer(ours.init.writer_key.clone());
    let error = Repository::open(&ours.location(), Some(other.init.pin), key).await.unwrap_err();
    assert_eq!(error.code(), "authentication-failed");
}

#[tokio::test]
async fn a_repository_that_was_swapped_below_is_refused() {
    let (ours, other) = (Fixture::new().await, Fixture::new().await);
    std::fs::copy(other.folder.path().join("config"), ours.folder.path().join("config")).unwrap();
    for access in [Access::Writer(ours.init.writer_key.clone()), Access::Recovery(ours.init.recovery_key.clone())] {
        let error = Repository::open(&ours.location(), None, access).await.unwrap_err();
        assert_eq!(error.code(), "authentication-failed");
    }
}

#[tokio::test]
async fn a_manifest_of_a_writer_that_nobody_admitted_is_refused() {
    let fixture = Fixture::new().await;
    let id = backup(&fixture.writer().await, &[("a", noise(1, 1000))]).await.unwrap();
    let record = fixture.files("keys").into_iter().find(|f| std::fs::read_to_string(f).unwrap().contains("\"writer\""));
    let record = record.unwrap();
    let json = std::fs::read_to_string(&record).unwrap();
    // The owner's signature covers the name; whoever changes a record admits nobody.
    std::fs::write(&record, json.replace("\"first\"", "\"other\"")).unwrap();
    let error = fixture.repository.manifest(&id).await.unwrap_err();
    assert_eq!(error.code(), "permission-denied");
    assert!(error.message().contains(id.as_str()));
    let listing = fixture.repository.list().await.unwrap();
    assert!(listing.manifests.is_empty());
    assert_eq!(listing.unreadable[0].backup, id.as_str());
    std::fs::write(&record, json).unwrap();
    fixture.repository.manifest(&id).await.unwrap();
}

#[tokio::test]
async fn a_removed_writer_writes_no_more_and_its_backups_stay() {
    let fixture = Fixture::new().await;
    let writer = fixture.writer().await;
    let before = backup(&writer, &[("a", noise(1, 1000))]).await.unwrap();
    let key = fixture.repository.keys().await.unwrap().into_iter().find(|k| k.kind == "writer").unwrap();
    // What the writer may still put there by itself with its key in hand.
    let late = backup(&writer, &[("b", noise(2, 1000))]).await.unwrap();
    let object = fixture.folder.path().join("backups").join(late.as_str());
    let forged = std::fs::read(&object).unwrap();
    std::fs::remove_file(&object).unwrap();
    fixture.repository.remove_key(&key.id).await.unwrap();
    std::fs::write(&object, forged).unwrap();

    fixture.repository.manifest(&before).await.unwrap();
    assert_eq!(fixture.repository.manifest(&late).await.unwrap_err().code(), "permission-denied");
    assert_eq!(writer.writer("op-2").await.unwrap_err().code(), "authentication-failed");
    let again = fixture.open(Access::Writer(fixture.init.writer_key.clone())).await;
    assert_eq!(again.unwrap_err().code(), "authentication-failed");
    assert!(fixture.repository.keys().await.unwrap().iter().any(|k| k.id == key.id && k.retired.is_some()));
}

#[tokio::test]
async fn a_second_writer_and_a_second_recovery_key_work() {
    let fixture = Fixture::new().await;
    let key = fixture.repository.add_writer("second host").await.unwrap();
    backup(&fixture.open(Access::Writer(key)).await.unwrap(), &[]).await.unwrap();
    let recovery = fixture.repository.add_recovery_key("safe").await.unwrap();
    let first = fixture.repository.keys().await.unwrap().into_iter().find(|k| k.name == "recovery key").unwrap();
    fixture.repository.remove_key(&first.id).await.unwrap();
    let opened = fixture.open(Access::Recovery(recovery)).await.unwrap();
    assert_eq!(opened.list().await.unwrap().manifests.len(), 1);
    assert!(fixture.open(Access::Recovery(fixture.init.recovery_key.clone())).await.is_err());
    let last = opened.keys().await.unwrap().into_iter().find(|k| k.kind == "recovery").unwrap();
    assert!(opened.remove_key(&last.id).await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn a_folder_in_use_doesnt_become_a_repository() {
    let fixture = Fixture::new().await;
    let again = Repository::init(&fixture.location(), InitOptions::default()).await.unwrap_err();
    assert_eq!(again.code(), "already-exists");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.txt"), "dear").unwrap();
    let location = Location::local(folder.path()).unwrap();
    let error = Repository::init(&location, InitOptions::default()).await.unwrap_err();
    assert!(error.code() == "already-exists" && error.message().contains("letter.txt"));
    let nothing = Location::local(&folder.path().join("nothing")).unwrap();
    let key = Access::Writer(fixture.init.writer_key.clone());
    assert!(Repository::open(&nothing, None, key).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn an_init_that_was_killed_can_be_repeated() {
    let fixture = Fixture::new().await;
    std::fs::remove_file(fixture.folder.path().join("config")).unwrap();
    let (repository, init) = Repository::init(&fixture.location(), InitOptions::default()).await.unwrap();
    assert_eq!(repository.keys().await.unwrap().len(), 2, "keys of the first try aren't keys of this repository");
    Repository::open(&fixture.location(), Some(init.pin), Access::Recovery(init.recovery_key)).await.unwrap();
}

#[tokio::test]
async fn nothing_secret_is_shown_or_stored_in_the_clear() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("customers", Bytes::from_static(b"Alice,4111111111111111\n"))]).await.unwrap();
    for file in fixture.files("") {
        let content = std::fs::read(&file).unwrap();
        for secret in ["Alice", "4111", "customers", "orders"] {
            let found = content.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret} in {}", file.display());
        }
    }
    let access = Access::Recovery(fixture.init.recovery_key.clone());
    let shown = format!("{:?} {:?} {access:?}", fixture.repository, fixture.init);
    assert!(!shown.contains("CDR1") && !shown.contains("CDW1"), "{shown}");
}
