//! Attacks on secrets: a plugin uses one where it belongs, by the name that it has, and never sees it.

use std::io::Read;
use std::net::TcpListener;

use cofferdam::connection_url::ConnectionUrl;
use cofferdam::secrets::Secret;
use cofferdam::services::Endpoint;
use sha1::{Digest, Sha1};
use wit_component::StringEncoding;

use crate::component::{fixture, of, of_module};
use crate::host::{endpoint_at, inspected, is_done};

/// A plugin that asks for an answer to a challenge by this name, so many times on one connection.
fn asking(name: &str, times: u32) -> Vec<u8> {
    let text = fixture("ask_for_secret")
        .replace("%name%", name)
        .replace("%length%", &name.len().to_string())
        .replace("%times%", &times.to_string());
    of_module(&text, StringEncoding::UTF8)
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_but_the_instances_own_finds_a_secret() {
    let (_listener, port) = listener();
    let endpoint = endpoint_at(port, "hunter2");
    for name in [
        "",
        "*",
        "%",
        ".",
        "..",
        "/",
        "../password",
        "Password",
        "PASSWORD",
        "password ",
        " password",
        "passwor",
        "password0",
        "password/../password",
        "root",
        "writer-key",
        "recovery-key",
        "PGPASSWORD",
        "HOME",
        "instances.other.password",
        "other",
        "other/password",
        "/etc/shadow",
        "file:///etc/passwd",
        "env:HOME",
    ] {
        let refused = inspected(asking(name, 1), &endpoint).await.unwrap_err();
        assert_eq!(refused.code(), "not-found", "{name:?}: {refused:?}");
        // The refusal is the same for all, so it tells nothing about what there is.
        assert_eq!(refused.message(), "the instance has no secret of that name", "{name:?}");
    }
    let without = Endpoint::new(ConnectionUrl::parse(&format!("x://me@127.0.0.1:{port}/d")).unwrap(), None, None);
    let refused = inspected(asking("password", 1), &without).await.unwrap_err();
    assert_eq!(refused.message(), "the instance has no secret of that name");
}

/// Two instances with a secret each: what goes out on a connection is made of the secret of where it leads.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_answered_for_with_its_own_instances_secret() {
    for password in ["hunter2", "swordfish"] {
        let (listener, port) = listener();
        let done = inspected(asking("password", 1), &endpoint_at(port, password)).await.unwrap_err();
        assert!(is_done(&done), "{done:?}");
        let mut answer = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut answer).unwrap();
        let once = Sha1::digest(password);
        let key = Sha1::new().chain_update(b"abcdefghijklmnopqrst").chain_update(Sha1::digest(once)).finalize();
        let expected: Vec<u8> = once.iter().zip(key).map(|(a, b)| a ^ b).collect();
        assert_eq!(answer, expected);
    }
}

/// Answers to challenges of one's own choice are something to guess by.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_counted() {
    let (_listener, port) = listener();
    let endpoint = endpoint_at(port, "hunter2");
    assert!(is_done(&inspected(asking("password", 3), &endpoint).await.unwrap_err()));
    let refused = inspected(asking("password", 4), &endpoint).await.unwrap_err();
    assert_eq!(refused.code(), "permission-denied", "{refused:?}");
}

/// Whatever means this machine stays on it; everything else could be somebody else's, also what looks like it.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_sent_in_the_clear_to_nobody_but_this_machine() {
    let (listener, port) = listener();
    assert!(is_done(&inspected(of("send_secret"), &endpoint_at(port, "hunter2")).await.unwrap_err()));
    let mut sent = Vec::new();
    listener.accept().unwrap().0.read_to_end(&mut sent).unwrap();
    assert_eq!(sent, b"hunter2");
    // These lead to this machine too, by ways that the host doesn't take for certain.
    for host in ["127.1", "0.0.0.0", "2130706433"] {
        let (listener, port) = self::listener();
        let url = ConnectionUrl::parse(&format!("x://me@{host}:{port}/d?sslmode=disable")).unwrap();
        let endpoint = Endpoint::new(url, Some(Secret::new("hunter2".to_owned())), None);
        let refused = inspected(of("send_secret"), &endpoint).await.unwrap_err();
        assert!(["permission-denied", "unreachable"].contains(&refused.code()), "{host}: {refused:?}");
        listener.set_nonblocking(true).unwrap();
        if let Ok((mut connection, _)) = listener.accept() {
            let mut sent = Vec::new();
            connection.set_nonblocking(false).unwrap();
            connection.read_to_end(&mut sent).unwrap();
            assert!(sent.is_empty(), "{host} got {sent:?}");
        }
    }
}
