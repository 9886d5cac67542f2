//! Plugins from the web: https to the end, bounded, and the file that was asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::time::Duration;

use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin};
use cofferdam_tests::command::{Output, run};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::https::Https;

const BOUND: Duration = Duration::from_secs(150);

// The exit codes of `cofferdam --help`.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const UNREACHABLE: i32 = 4;
const CORRUPT: i32 = 5;

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

/// A server with a plugin, and with everything that a server may do wrong.
fn server() -> Https {
    let plugin = fs::read(faulty_plugin().unwrap()).unwrap();
    let length = plugin.len();
    Https::start(Box::new(move |path| match path {
        "/faulty.wasm" | "/faulty.wasm?token=hunter2" => {
            answer(&format!("200 OK\r\nContent-Length: {length}"), &plugin)
        }
        "/chunked" => {
            let mut body: Vec<u8> = Vec::new();
            for piece in plugin.chunks(10_000) {
                body.extend(format!("{:x}\r\n", piece.len()).bytes().chain(piece.iter().copied()).chain(*b"\r\n"));
            }
            answer("200 OK\r\nTransfer-Encoding: chunked", &[&body, b"0\r\n\r\n".as_slice()].concat())
        }
        "/to-the-end" => answer("200 OK", &plugin),
        "/moved" => answer("302 Found\r\nLocation: /once-more\r\nContent-Length: 0", b""),
        "/once-more" => answer("308 Permanent Redirect\r\nLocation: faulty.wasm\r\nContent-Length: 4", b"here"),
        "/round" => answer("302 Found\r\nLocation: /round\r\nContent-Length: 0", b""),
        "/in-the-clear" => answer("301 Moved Permanently\r\nLocation: http://localhost/faulty.wasm", b""),
        "/to-a-file" => answer("301 Moved Permanently\r\nLocation: file:///etc/passwd", b""),
        "/cut" => answer(&format!("200 OK\r\nContent-Length: {length}"), &plugin[..length / 2]),
        "/packed" => answer(&format!("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}"), &plugin),
        "/large" => answer("200 OK", &vec![0; (64 << 20) + 1]),
        "/endless-head" => answer(&format!("200 OK\r\nX: {}", "x".repeat(1 << 20)), b""),
        "/endless-chunk" => {
            answer("200 OK\r\nTransfer-Encoding: chunked", format!("5;x={}", "x".repeat(1 << 20)).as_bytes())
        }
        "/forbidden" => answer("403 Forbidden\r\nContent-Length: 0", b""),
        "/noise" => b"\x1b[2J what is this?".repeat(10_000),
        _ => answer("404 Not Found\r\nContent-Length: 0", b""),
    }))
    .unwrap()
}

/// Adds what is at an address, trusting the server's authority.
fn fetch(cofferdam: &Cofferdam, server: &Https, url: &str, more: &[&str]) -> Output {
    let arguments = [&["plugin", "add", url, "--yes", "--allow-unsigned", "-q"], more].concat();
    run(cofferdam.command(&arguments).env("SSL_CERT_FILE", server.authority()), BOUND).unwrap()
}

#[test]
fn a_plugin_comes_over_https_however_it_is_sent() {
    let (cofferdam, server) = (Cofferdam::new().unwrap(), server());
    for path in ["/faulty.wasm", "/chunked", "/to-the-end", "/moved"] {
        let output = fetch(&cofferdam, &server, &server.url(path), &[]);
        assert!(output.status.success(), "{path}: {}", output.stderr);
        assert!(output.stdout.contains("faulty 0.1.0"), "{}", output.stdout);
        cofferdam.succeed(&["plugin", "remove", "faulty"], BOUND).unwrap();
    }
}

#[test]
fn what_a_server_does_wrong_is_told_and_nothing_is_installed() {
    let (cofferdam, server) = (Cofferdam::new().unwrap(), server());
    for (path, code, words) in [
        ("/nowhere", REFUSED, "404"),
        ("/forbidden", REFUSED, "403"),
        ("/round", UNREACHABLE, "more than 5 times"),
        ("/in-the-clear", USAGE, "only https"),
        ("/to-a-file", USAGE, "only https"),
        ("/cut", UNREACHABLE, "connection"),
        ("/packed", UNREACHABLE, "packs the file"),
        ("/large", FAILED, "larger than 64 MiB"),
        ("/endless-head", UNREACHABLE, "server"),
        ("/endless-chunk", UNREACHABLE, "server"),
        ("/noise", UNREACHABLE, "server"),
    ] {
        let output = fetch(&cofferdam, &server, &server.url(path), &[]);
        assert_fails(&output, code, &[words, "fetching https://localhost"]);
    }
    assert!(!fs::read_to_string(cofferdam.folder().join("cofferdam.lock")).unwrap().contains("faulty"));
}

#[test]
fn another_file_than_the_digest_names_is_refused() {
    let (cofferdam, server) = (Cofferdam::new().unwrap(), server());
    let digest = format!("sha256:{}", "0".repeat(64));
    let output = fetch(&cofferdam, &server, &server.url("/faulty.wasm?token=hunter2"), &["--digest", &digest]);
    assert_fails(&output, CORRUPT, &[&digest, "/faulty.wasm"]);
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_listened_to() {
    let (cofferdam, server, other) = (Cofferdam::new().unwrap(), server(), server());
    let output = fetch(&cofferdam, &other, &server.url("/faulty.wasm"), &[]);
    assert_fails(&output, UNREACHABLE, &["TLS", "hint: "]);
    // The certificate is for its name.
    let output = fetch(&cofferdam, &server, &server.url("/faulty.wasm").replace("localhost", "127.0.0.1"), &[]);
    assert_fails(&output, UNREACHABLE, &["TLS", "hint: "]);
}

#[test]
fn an_address_in_the_clear_or_with_a_password_is_not_even_tried() {
    let cofferdam = Cofferdam::new().unwrap();
    for url in ["http://localhost:1/x.wasm", "http://127.0.0.1:1/x.wasm", "https://me:hunter2@localhost:1/x.wasm"] {
        let output = cofferdam.run(&["plugin", "add", url, "--yes"], BOUND).unwrap();
        assert_fails(&output, USAGE, &["hint: ", "get the file by other means"]);
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    }
}
