//! Attacks by streams: what a plugin does with the end that it holds harms nobody but itself.

use bytes::Bytes;
use cofferdam::error::{Error, Result};
use cofferdam::plugin::{BackupOptions, BackupSession, Reading, RestoreOptions, RestoreSession, Sandbox, Unit};
use cofferdam::services::stream::{ByteStream, CAPACITY};
use tokio::sync::oneshot;
use wit_component::StringEncoding;

use crate::component::{fixture, of_module};
use crate::host::{LIMITS, admitted, assert_gone, assert_unharmed, is_done, nowhere, operation};

const CPU: &str = "it used up its CPU time (`cpu` in [limits])";
const WALL: &str = "it ran for longer than 4 s (`wall` in [limits])";

fn unit() -> Unit {
    Unit {
        name: "data/t".to_owned(),
        format: "text/plain".to_owned(),
        framing: "lines".to_owned(),
        objects: Vec::new(),
        after: Vec::new(),
        estimated_bytes: None,
        estimated_rows: None,
        leader: false,
        external: false,
        extra: Vec::new(),
    }
}

/// Reads a unit of a plugin that does this once it has given its stream away, has `read` go on from there, and says what
/// came of it.
async fn given<T>(attack: &str, read: impl AsyncFnOnce(&BackupSession, Result<Reading>) -> T) -> T {
    let (context, _) = operation();
    let text = fixture("give_stream").replace("%attack%", attack);
    let plugin = admitted(of_module(&text, StringEncoding::UTF8)).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    let session = BackupSession::open(sandbox, &nowhere(), &BackupOptions::default(), None).await.unwrap();
    let reading = session.read(&unit()).await;
    let result = read(&session, reading).await;
    drop(session);
    assert_gone(&context).await;
    assert_unharmed().await;
    result
}

/// Reads a unit to its end, and says how it ended.
async fn whole(_: &BackupSession, reading: Result<Reading>) -> (usize, Error) {
    let mut reading = match reading {
        Ok(reading) => reading,
        Err(error) => return (0, error),
    };
    let mut bytes = 0;
    while let Some(piece) = reading.data.next().await {
        bytes += piece.len();
    }
    (bytes, reading.summary().await.unwrap_err())
}

/// Has a plugin write a unit, of which so many pieces are there and the end is not, and says how that ended.
async fn taken(attack: &str, pieces: usize) -> Error {
    let (context, _) = operation();
    let text = fixture("take_stream").replace("%attack%", attack);
    let plugin = admitted(of_module(&text, StringEncoding::UTF8)).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    let session = RestoreSession::open(sandbox, &nowhere(), &RestoreOptions::default(), None).await.unwrap();
    let (sender, data) = ByteStream::channel();
    for _ in 0..pieces {
        sender.send(Bytes::from_static(b"row\n")).await.unwrap();
    }
    let (complete, completed) = oneshot::channel();
    let ended = session.write(&unit(), 1, data, completed).await.unwrap_err();
    let _: Result<(), _> = complete.send(Ok(()));
    drop((sender, session));
    assert_gone(&context).await;
    assert_unharmed().await;
    ended
}

fn assert_says(error: &Error, words: &str) {
    assert_eq!(error.code(), "plugin", "{error:?}");
    assert!(error.to_string().contains(words), "{words:?} isn't in {error}");
}

/// A megabyte at a time. It waits rather than being busy, so nothing takes what nobody reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nobody_reads_is_not_written_on() {
    let endless = "(loop $more (br_if $more (i32.eqz (i32.and (i32.const 15)
        (call $write (local.get $writer) (i32.const 0) (i32.const 1048576))))))";
    let error = given(endless, async |session, reading| {
        tokio::time::sleep(LIMITS.wall + LIMITS.cpu).await;
        let error = session.plan().await.unwrap_err();
        drop(reading);
        error
    })
    .await;
    assert_says(&error, WALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_end_ends_when_its_reader_goes() {
    let endless = "(loop $more (br_if $more (i32.eqz (i32.and (i32.const 15)
        (call $write (local.get $writer) (i32.const 0) (i32.const 1048576))))))
        (call $drop_writer (local.get $writer))";
    given(endless, async |session, reading| {
        let mut reading = reading.unwrap();
        let mut bytes = 0;
        while bytes < 4 << 20 {
            let piece = reading.data.next().await.unwrap();
            assert!(piece.len() <= 64 << 10, "a piece of {} bytes", piece.len());
            bytes += piece.len();
        }
        drop(reading);
        // It was told, has come to its end, and answers.
        assert!(is_done(&session.plan().await.unwrap_err()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_nothing_without_end_uses_up_the_plugins_own_time() {
    let nothing = "(loop $more (br_if $more (i32.eqz (i32.and (i32.const 15)
        (call $write (local.get $writer) (i32.const 0) (i32.const 0))))))";
    let (bytes, error) = given(nothing, whole).await;
    assert_eq!(bytes, 0);
    assert_says(&error, CPU);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_ends_are_dropped_is_no_unit() {
    for (attack, words) in [
        ("(call $drop_writer (local.get $writer))", WALL),
        ("(drop (call $write (local.get $writer) (i32.const 0) (i32.const 9))) (call $drop_writer (local.get $writer))
            (call $drop_promise (local.get $promise))", "future"),
        ("(unreachable)", "it panicked"),
    ] {
        let (_, error) = given(attack, whole).await;
        assert_says(&error, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_was_given_away_is_the_plugins_no_more() {
    for attack in [
        "(call $drop_reader (local.get $reader))",
        "(drop (call $write (local.get $reader) (i32.const 0) (i32.const 1)))",
        "(call $drop_writer (local.get $writer)) (call $drop_writer (local.get $writer))",
        "(drop (call $write (local.get $promise) (i32.const 0) (i32.const 1)))",
    ] {
        let (bytes, error) = given(attack, whole).await;
        assert_eq!(bytes, 0, "{attack}");
        assert_says(&error, "the plugin hostile failed in read");
    }
}

/// More than its memory holds, and more than a stream takes at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_outside_of_its_memory_is_not_written() {
    for length in ["1048577", "268435455", "-1"] {
        let attack = format!("(drop (call $write (local.get $writer) (i32.const 0) (i32.const {length})))");
        let (bytes, error) = given(&attack, whole).await;
        assert_eq!(bytes, 0, "{length}");
        assert_says(&error, "the plugin hostile failed in read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_nothing_without_end_uses_up_the_plugins_own_time() {
    let nothing = "(loop $more (drop (call $read (local.get $stream) (i32.const 2048) (i32.const 0))) (br $more))";
    assert_says(&taken(nothing, 1).await, CPU);
}

/// It begins to read and thinks better of it, again and again: each time something is on its way, or nothing is.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_cancelled_while_it_waits_harms_nobody() {
    let cancelling = "(loop $more
        (if (i32.eq (i32.const -1) (call $begin_read (local.get $stream) (i32.const 2048) (i32.const 16)))
            (then (drop (call $cancel (local.get $stream)))))
        (br $more))";
    for pieces in [0, CAPACITY] {
        assert_says(&taken(cancelling, pieces).await, CPU);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_a_plugin_neither_reads_nor_lets_go_of_is_taken_from_it() {
    assert_says(&taken("(drop (call $read (local.get $stream) (i32.const 2048) (i32.const 16)))", 0).await, WALL);
    // Let go of in the middle: nothing was written, and the plugin may say so.
    let done = taken("(call $drop (local.get $stream))", CAPACITY).await;
    assert!(is_done(&done), "{done:?}");
}
