//! What goes in comes out, and equal data is stored once.

use super::*;

#[tokio::test]
async fn what_a_writer_stores_the_owner_restores() {
    let fixture = Fixture::new().await;
    let (a, b) = (noise(1, 300_000), noise(2, 5));
    let units = [("a", a.clone()), ("empty", Bytes::new()), ("b", b.clone())];
    let id = backup(&fixture.writer().await, &units).await.unwrap();
    let owner = fixture.open(Access::Recovery(fixture.init.recovery_key.clone())).await.unwrap();
    let manifest = owner.find("latest").await.unwrap();
    assert_eq!(manifest.id, id);
    assert!(manifest.streams[0].chunks.len() > 10);
    assert_eq!(restore(&owner, &manifest, "a").await.unwrap(), a);
    assert_eq!(restore(&owner, &manifest, "empty").await.unwrap(), b"");
    assert_eq!(restore(&owner, &manifest, "b").await.unwrap(), b);
}

#[tokio::test]
async fn a_backup_without_data_is_a_backup() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("empty", Bytes::new())]).await.unwrap();
    let manifest = fixture.repository.find("latest").await.unwrap();
    assert_eq!(restore(&fixture.repository, &manifest, "empty").await.unwrap(), b"");
    assert!(fixture.files("chunks").is_empty());
}

#[tokio::test]
async fn equal_data_is_stored_once() {
    let fixture = Fixture::new().await;
    let data = noise(1, 300_000);
    backup(&fixture.repository, &[("a", data.clone())]).await.unwrap();
    let before = fixture.files("chunks");
    let writer = fixture.repository.writer("op-2").await.unwrap();
    let manifest = write(&writer, &[("a", [b"new rows", data.as_ref()].concat().into())]).await.unwrap();
    let stored = writer.stored_bytes();
    writer.commit(manifest).await.unwrap();
    let after = fixture.files("chunks");
    assert!(after.len() <= before.len() + 2, "{} chunks, then {}", before.len(), after.len());
    assert!(stored > 0 && stored < 40_000, "{stored} bytes are new");
    assert_eq!(fixture.repository.list().await.unwrap().manifests.len(), 2);
}

#[tokio::test]
async fn a_chunk_that_repeats_in_a_stream_is_stored_once() {
    let fixture = Fixture::new().await;
    backup(&fixture.repository, &[("zeros", vec![0; 200_000].into())]).await.unwrap();
    let manifest = fixture.repository.find("latest").await.unwrap();
    assert!(fixture.files("chunks").len() <= 2);
    assert_eq!(restore(&fixture.repository, &manifest, "zeros").await.unwrap(), vec![0; 200_000]);
}

#[tokio::test]
async fn what_follows_a_cut_gives_the_chunks_that_it_gives_alone() {
    let fixture = Fixture::new().await;
    let writer = fixture.repository.writer("op-1").await.unwrap();
    let chunks = async |parts: &[Bytes]| {
        let mut stream = writer.stream().unwrap();
        for part in parts {
            stream.cut().await.unwrap();
            stream.write(part.clone(), &[]).await.unwrap();
        }
        stream.finish().await.unwrap().chunks
    };
    let (a, b) = (noise(1, 100_000), noise(2, 100_000));
    let (first, second, both) =
        (chunks(std::slice::from_ref(&a)).await, chunks(std::slice::from_ref(&b)).await, chunks(&[a, b]).await);
    assert_eq!(both, [first, second].concat());
    writer.abandon().await.unwrap();
}

#[tokio::test]
async fn many_small_units_share_chunks() {
    let fixture = Fixture::new().await;
    let names: Vec<String> = (0..2000).map(|i| format!("t{i:04}")).collect();
    let units: Vec<_> = names.iter().map(|n| (n.as_str(), Bytes::from(format!("row of {n}\n")))).collect();
    backup(&fixture.repository, &units).await.unwrap();
    assert!(fixture.files("chunks").len() < 40);
    let manifest = fixture.repository.find("latest").await.unwrap();
    let reader = fixture.repository.reader(&manifest).unwrap();
    for record in &manifest.units {
        let mut unit = reader.unit(record).unwrap();
        let mut data = Vec::new();
        while let Some(piece) = unit.next().await.unwrap() {
            data.extend_from_slice(&piece);
        }
        assert_eq!(data, format!("row of {}\n", record.name).as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_written_and_units_read_side_by_side() {
    let fixture = Fixture::new().await;
    let writer = fixture.repository.writer("op-1").await.unwrap();
    let streams = futures::future::join_all((0..4u8).map(|i| {
        let mut stream = writer.stream().unwrap();
        async move {
            stream.write(noise(i, 100_000), &[]).await.unwrap();
            stream.finish().await.unwrap()
        }
    }));
    let streams = streams.await;
    let units = (0..4).map(|i| unit(&format!("u{i}"), i, 0, 100_000)).collect();
    let described = manifest(&writer, units, streams);
    writer.commit(described).await.unwrap();
    let found = fixture.repository.find("latest").await.unwrap();
    let read = (0..4u8).map(|i| {
        let (repository, found) = (&fixture.repository, &found);
        async move { assert_eq!(restore(repository, found, &format!("u{i}")).await.unwrap(), noise(i, 100_000)) }
    });
    futures::future::join_all(read).await;
}

#[tokio::test]
async fn backups_are_found_by_the_beginning_or_end_of_their_name() {
    let fixture = Fixture::new().await;
    let first = backup(&fixture.repository, &[]).await.unwrap();
    let second = backup(&fixture.repository, &[]).await.unwrap();
    let find = |text: &str| {
        let (repository, text) = (fixture.repository.clone(), text.to_owned());
        async move { repository.find(&text).await.map(|m| m.id) }
    };
    assert_eq!(find(&first.as_str()[17..]).await.unwrap(), first);
    assert_eq!(find(second.as_str()).await.unwrap(), second);
    assert!(find("2").await.unwrap_err().is_conflict());
    assert!(find("x").await.unwrap_err().is_not_found());
    assert!(find("").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_unit_outside_of_its_stream_is_never_committed() {
    let fixture = Fixture::new().await;
    let writer = fixture.repository.writer("op-1").await.unwrap();
    let mut described = write(&writer, &[("a", noise(1, 100))]).await.unwrap();
    described.units[0].bytes = 101;
    assert_eq!(writer.commit(described).await.unwrap_err().code(), "corrupt");
    assert!(fixture.files("backups").is_empty());
}

#[tokio::test]
async fn the_plugin_is_kept_and_verified() {
    let fixture = Fixture::new().await;
    let component = Bytes::from_static(b"\0asm");
    let digest = blake3::hash(&component).to_hex();
    let writer = fixture.repository.writer("op-1").await.unwrap();
    writer.add_plugin(&digest, component.clone()).await.unwrap();
    assert!(writer.add_plugin(&digest, Bytes::from_static(b"other")).await.is_err());
    writer.abandon().await.unwrap();
    assert_eq!(fixture.repository.plugin(&digest).await.unwrap(), component);
    std::fs::write(&fixture.files("plugins")[0], b"evil").unwrap();
    assert_eq!(fixture.repository.plugin(&digest).await.unwrap_err().code(), "corrupt");
    assert!(fixture.repository.plugin("../config").await.is_err());
}
