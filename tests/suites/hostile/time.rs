//! Attacks on time: none outlives its budget, and none takes the host's threads with it.

use std::time::Duration;

use cofferdam::plugin::{Limits, Sandbox};
use tokio::task::JoinSet;
use wit_component::StringEncoding;

use crate::component::{fixture, of, of_module};
use crate::host::{LIMITS, admitted, assert_ends, assert_gone, assert_unharmed, is_done, nowhere, operation};

const CPU: &str = "it used up its CPU time (`cpu` in [limits])";
const WALL: &str = "it ran for longer than 4 s (`wall` in [limits])";

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_spins_in_an_export_is_ended() {
    assert_ends(of("spin_in_export"), CPU).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_spins_while_it_is_started_is_ended() {
    assert_ends(of("spin_in_start"), "can't be started: it didn't start in time").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_spins_where_the_host_asks_for_memory_is_ended() {
    let (context, _) = operation();
    let plugin = admitted(of("spin_in_realloc")).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    let error = sandbox.check(&nowhere(), "backup", Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains(CPU), "{error}");
    drop(sandbox);
    assert_gone(&context).await;
    assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_spins_after_its_result_was_read_is_ended() {
    assert_ends(of("spin_in_post_return"), CPU).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_spins_in_a_destructor_is_ended() {
    assert_ends(of("spin_in_destructor"), CPU).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_waits_for_ever_is_ended() {
    assert_ends(of("sleep_for_ever"), WALL).await;
}

/// A future that only it could write, a stream that only it could fill or read, a set that nothing is in.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_waits_for_itself_is_ended() {
    let mut beside = JoinSet::new();
    for waiting in [
        "(local.set $end (i32.wrap_i64 (call $future)))
            (drop (call $waited (local.get $end) (call $read_future (local.get $end) (i32.const 2048))))",
        "(local.set $end (i32.wrap_i64 (call $stream)))
            (drop (call $waited (local.get $end) (call $read_stream (local.get $end) (i32.const 2048) (i32.const 16))))",
        "(local.set $end (i32.wrap_i64 (i64.shr_u (call $stream) (i64.const 32))))
            (drop (call $waited (local.get $end) (call $write_stream (local.get $end) (i32.const 0) (i32.const 16))))",
        "(drop (call $wait (call $new_set) (i32.const 3000)))",
    ] {
        let text = fixture("await_itself").replace("%waiting%", waiting);
        beside.spawn(async move { assert_ends(of_module(&text, StringEncoding::UTF8), WALL).await });
    }
    beside.join_all().await;
}

/// It has returned from its code and says what it waits for: nothing that there is, or only its next turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_gives_its_thread_back_and_never_answers_is_ended() {
    for (next, words) in [("(i32.or (i32.const 2) (i32.shl (call $set) (i32.const 4)))", WALL), ("(i32.const 1)", CPU)]
    {
        let text = fixture("wait_or_yield").replace("%next%", next);
        assert_ends(of_module(&text, StringEncoding::UTF8), words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_lets_no_call_in_is_ended() {
    let (context, _) = operation();
    let plugin = admitted(of("let_nobody_in")).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    assert!(is_done(&sandbox.inspect(&nowhere()).await.unwrap_err()));
    let error = sandbox.inspect(&nowhere()).await.unwrap_err();
    assert!(error.to_string().contains(WALL), "{error}");
    drop(sandbox);
    assert_gone(&context).await;
    assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_asks_the_host_without_end_is_ended() {
    assert_ends(of("ask_without_end"), CPU).await;
}

/// One instruction can't be interrupted; what it can do is bounded by the memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fills_all_its_memory_without_end_is_ended() {
    assert_ends(of("fill_without_end"), CPU).await;
}

/// It has answered, but doesn't let anybody see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_goes_on_running_after_its_answer_is_ended() {
    assert_ends(of("spin_after_return"), CPU).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_plugin_does_outlives_its_operation() {
    for fixture in ["spin_in_export", "spin_after_return", "sleep_for_ever"] {
        let (context, _) = operation();
        let plugin = admitted(of(fixture)).unwrap();
        // No limit ends it in time.
        let limits = Limits { cpu: Duration::from_secs(3600), wall: Duration::from_secs(3600), ..LIMITS };
        let sandbox = Sandbox::start(&plugin, &context, &limits).await.unwrap();
        let asked = tokio::time::timeout(Duration::from_millis(300), sandbox.inspect(&nowhere())).await;
        assert!(asked.is_err(), "it has answered");
        drop(sandbox);
        assert_gone(&context).await;
    }
}
