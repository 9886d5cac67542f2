//! A process that is killed at any step of a commit leaves a whole backup or none.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

const FOLDER: &str = "COFFERDAM_TEST_FOLDER";
const KEY: &str = "COFFERDAM_TEST_KEY";

/// What the process does that is killed: this test, started again by the one below.
#[tokio::test]
#[ignore = "started by a_kill_leaves_a_whole_backup_or_none"]
async fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let location = Location::parse(&folder).unwrap();
    let access = Access::Writer(std::env::var(KEY).unwrap().into());
    let repository = Repository::open(&location, None, access).await.unwrap();
    backup(&repository, &[("a", noise(1, 100_000))]).await.unwrap();
}

/// Starts the process above and kills it at `point`.
fn kill_at(point: &str, fixture: &Fixture) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "repository::tests::kills::the_process_that_is_killed", "--ignored", "--nocapture"])
        .env("COFFERDAM_PAUSE_AT", format!("{point}=60"))
        .env(FOLDER, fixture.folder.path())
        .env(KEY, fixture.init.writer_key.as_str())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let wanted = format!("paused at {point}");
    let paused = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).any(|l| l == wanted);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(paused, "the process never came to {point}");
}

#[tokio::test]
async fn a_kill_leaves_a_whole_backup_or_none() {
    for (point, backups) in
        [("chunks-stored", 0), ("manifest-put", 0), ("manifest-read-back", 1), ("manifest-committed", 1)]
    {
        let fixture = Fixture::new().await;
        kill_at(point, &fixture);
        let listing = fixture.repository.list().await.unwrap();
        assert_eq!((listing.manifests.len(), listing.unreadable.len()), (backups, 0), "{point}");
        for manifest in &listing.manifests {
            assert_eq!(restore(&fixture.repository, manifest, "a").await.unwrap(), noise(1, 100_000), "{point}");
        }
        assert_eq!(fixture.files("leases").len(), 1, "{point}: the lease stays until it runs out");
        let retry = fixture.repository.writer("op-2").await.unwrap();
        let described = write(&retry, &[("a", noise(1, 100_000))]).await.unwrap();
        assert_eq!(retry.stored_bytes(), 0, "{point}: a retry leans on what was stored");
        retry.commit(described).await.unwrap();
        let read = CheckOptions { read_data: true, ..CheckOptions::default() };
        assert!(fixture.repository.check(read, |_| ()).await.unwrap().problems.is_empty(), "{point}");
    }
}
