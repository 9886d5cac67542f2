//! Attacks on memory and handles: each has a limit, all memories of a plugin share one, and nothing is left behind.

use std::net::TcpListener;
use std::time::Instant;

use cofferdam::plugin::Sandbox;

use crate::component::{nested, of, section, written_out};
use crate::host::{
    BOUND, LIMITS, admitted, assert_ends, assert_gone, assert_unharmed, endpoint_at, inspected, is_done, nowhere,
    operation,
};

const MEMORY: &str = "it wanted more memory than its 64 MiB (`memory` in [limits])";

/// So many core instances of a module, in one component.
fn instances(module: &str, count: usize) -> Vec<u8> {
    let instances = "(core instance (instantiate $m))".repeat(count);
    written_out(&format!("(component (core module $m {module}) {instances})"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_grows_without_end_is_told_by_its_limit() {
    assert_ends(of("grow_memory"), MEMORY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_begins_with_all_memory_is_not_started() {
    assert_ends(of("large_memory"), "exceeds memory limits").await;
}

/// 50 memories of 2 MiB, each far below the limit.
#[tokio::test(flavor = "multi_thread")]
async fn many_small_memories_share_one_limit() {
    assert_ends(instances("(memory 32)", 50), "exceeds memory limits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_many_instances_is_not_started() {
    assert_ends(instances("", 100), "can't be started: resource limit exceeded: instance count too high").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memories_and_objects_that_no_limit_counts_are_refused_before_anything_runs() {
    for module in [
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(memory 1) (memory 1)",
        "(type (struct (field i32)))",
        "(func (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))",
    ] {
        let component = instances(module, 1);
        let refused = admitted(component).err().expect(module);
        assert_eq!(refused.code(), "plugin", "{module}: {refused:?}");
        assert!(refused.to_string().contains("isn't a valid WebAssembly component"), "{module}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_does_not_grow_beyond_its_limit() {
    assert!(is_done(&inspected(of("grow_table"), &nowhere()).await.unwrap_err()));
    assert_ends(instances("(table 10000000 funcref)", 1), "can't be started").await;
    // 40 tables of 10,000 elements share one limit.
    assert_ends(instances("(table 10000 funcref)", 40), "can't be started").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_streams_futures_and_calls_are_bounded() {
    for (fixture, words) in [
        ("many_handles", "store handle limit exceeded"),
        ("many_streams", "resource table has no free keys"),
        ("many_futures", "resource table has no free keys"),
        ("many_calls", "resource table has no free keys"),
    ] {
        assert_ends(of(fixture), words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_and_closed_when_the_plugin_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = endpoint_at(listener.local_addr().unwrap().port(), "hunter2");
    let refused = inspected(of("many_connections"), &endpoint).await.unwrap_err();
    assert_eq!(refused.code(), "conflict", "{refused:?}");
    listener.set_nonblocking(true).unwrap();
    let open: Vec<_> = std::iter::from_fn(|| listener.accept().ok()).collect();
    assert_eq!(open.len(), 16);
    for (mut stream, _) in open {
        stream.set_nonblocking(false).unwrap();
        assert_eq!(std::io::Read::read(&mut stream, &mut [0]).unwrap(), 0, "a connection is still open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dropped_makes_room_for_the_next() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = endpoint_at(listener.local_addr().unwrap().port(), "hunter2");
    let accepting = std::thread::spawn(move || (0..200).for_each(|_| drop(listener.accept().unwrap())));
    let done = inspected(of("drop_connections"), &endpoint).await.unwrap_err();
    assert!(is_done(&done), "{done:?}");
    accepting.join().unwrap();
}

/// The same megabyte a hundred thousand times would be 100 GB in the host.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_larger_than_the_memory_it_lies_in_is_refused() {
    let (context, _) = operation();
    let plugin = admitted(of("amplified_list")).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    let began = Instant::now();
    let error = sandbox.check(&nowhere(), "backup", Vec::new()).await.unwrap_err();
    assert_eq!(error.code(), "plugin", "{error:?}");
    assert!(error.to_string().contains("fuel"), "{error}");
    assert!(began.elapsed() < BOUND);
    drop(sandbox);
    assert_gone(&context).await;
    assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_text_is_cut_and_its_plugin_ended() {
    assert_ends(of("huge_string"), "it used up its CPU time").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_stack_overflows_is_told_by_that() {
    assert_ends(of("overflow_stack"), "its stack overflowed").await;
}

#[test]
fn components_within_components_end_somewhere() {
    let refused = admitted([nested(300), section(b"{}")].concat()).err().unwrap();
    assert_eq!(refused.code(), "plugin", "{refused:?}");
}
