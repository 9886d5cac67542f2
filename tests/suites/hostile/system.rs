//! Attacks through WASI: what C libraries and interpreters import is there, and there is nothing behind it.

use std::collections::BTreeSet;

use cofferdam::plugin::wasi::WASI;

use crate::component::of;
use crate::host::{assert_ends, inspected, is_done, nowhere};

/// Everything of WASI that can be imported, and what is behind it. One that is served besides fails the test.
#[rustfmt::skip]
const TABLE: [(&str, &str); 27] = [
    ("wasi:io/error", "handles only"), ("wasi:io/poll", "handles only"), ("wasi:io/streams", "handles only"),
    ("wasi:clocks/wall-clock", "the time"), ("wasi:clocks/monotonic-clock", "the time"),
    ("wasi:random/random", "random bytes"), ("wasi:random/insecure", "random bytes"),
    ("wasi:random/insecure-seed", "random bytes"),
    ("wasi:cli/environment", "nothing"), ("wasi:cli/stdin", "nothing"), ("wasi:cli/exit", "its own end"),
    ("wasi:cli/stdout", "the log"), ("wasi:cli/stderr", "the log"),
    ("wasi:cli/terminal-input", "nothing"), ("wasi:cli/terminal-output", "nothing"),
    ("wasi:cli/terminal-stdin", "nothing"), ("wasi:cli/terminal-stdout", "nothing"),
    ("wasi:cli/terminal-stderr", "nothing"),
    ("wasi:filesystem/preopens", "nothing"), ("wasi:filesystem/types", "nothing"),
    ("wasi:sockets/network", "its own end"), ("wasi:sockets/instance-network", "its own end"),
    ("wasi:sockets/ip-name-lookup", "its own end"), ("wasi:sockets/tcp", "its own end"),
    ("wasi:sockets/tcp-create-socket", "its own end"), ("wasi:sockets/udp", "its own end"),
    ("wasi:sockets/udp-create-socket", "its own end"),
];

#[test]
fn nothing_of_the_system_is_served_but_what_is_known_to_be_empty() {
    let served: BTreeSet<&str> = WASI.iter().map(|served| served.interface).collect();
    assert_eq!(served, TABLE.iter().map(|row| row.0).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_variable_no_argument_and_no_directory() {
    let done = inspected(of("look_around"), &nowhere()).await.unwrap_err();
    assert!(is_done(&done), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_opens_a_socket_is_ended() {
    assert_ends(of("open_socket"), "plugins have no sockets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_exits_ends_itself_and_nothing_else() {
    assert_ends(of("exit"), "it ended itself with the status 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_are_had_only_so_many_at_once() {
    assert_ends(of("much_random"), "requested len").await;
}
