//! Attacks on addresses: a plugin has none. It connects to what it was handed, and nothing that it says is one.

use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use cofferdam::connection_url::ConnectionUrl;
use cofferdam::dial::{Address, Target, TlsMode};
use cofferdam::secrets::Secret;
use cofferdam::services::Endpoint;
use wit_component::StringEncoding;

use crate::component::{fixture, of_module, parameters_of_served};
use crate::host::{endpoint_at, inspected};

/// Every spelling of this machine, of a cloud's metadata, and of either inside of another address.
const SPELLINGS: [&str; 22] = [
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "0.0.0.0",
    "::",
    "::ffff:169.254.169.254",
    "169.254.169.254",
    "fd00:ec2::254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "localhost.",
    "localhost.example.org",
    "127.0.0.1.example.org",
    "metadata.google.internal",
    "ⓛocalhost",
    "ｌocalhost",
    "xn--localhost-",
    "me@localhost",
    "fe80::1%lo",
    "128.0.0.1",
];

#[test]
fn what_only_looks_like_this_machine_is_not_taken_for_it() {
    for host in SPELLINGS {
        let address = Address::Tcp { host: host.to_owned(), port: 1 };
        assert!(!address.is_local(), "{host}");
        assert_eq!(Target::new(address).tls.mode, TlsMode::VerifyFull, "{host}");
    }
}

/// There is no list of forbidden addresses to get round, since there is nowhere to say one.
#[test]
fn no_function_takes_an_address_or_an_endpoint_beside_a_connection() {
    let mut connecting = 0;
    for (name, parameters) in parameters_of_served() {
        for (parameter, _) in &parameters {
            let spoken = ["host", "address", "addr", "url", "uri", "port", "ip", "socket", "path", "server", "proxy"];
            assert!(!spoken.contains(&parameter.as_str()), "{name} takes `{parameter}`");
        }
        let endpoints = parameters.iter().filter(|(_, ty)| ty == "endpoint").count();
        let connections = parameters.iter().filter(|(_, ty)| ["connection", "client"].contains(&ty.as_str())).count();
        assert!(endpoints + connections <= 1, "{name} could use one endpoint's rights on another");
        connecting += endpoints;
    }
    // `info`, and a `connect` for each protocol.
    assert_eq!(connecting, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_but_its_own_handles_is_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = endpoint_at(listener.local_addr().unwrap().port(), "hunter2");
    for offset in [-1000, -2, -1, 1, 2, 3, 7, 100, 65_536, i32::MAX, i32::MIN] {
        let text = fixture("forge_handles").replace("%offset%", &offset.to_string());
        let refused = inspected(of_module(&text, StringEncoding::UTF8), &endpoint).await.unwrap_err();
        assert_eq!(refused.code(), "plugin", "{offset}: {refused:?}");
        assert!(refused.message().contains("handle"), "{offset}: {refused}");
    }
    assert!(listener.accept().is_err(), "something was connected to");
}

/// The one text that a plugin may say where it connects is a database's name. It goes to the server as it is, and to the
/// server that was meant.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_named_like_an_address_is_a_database() {
    for database in [
        "postgresql://elsewhere.invalid/shop",
        "host=elsewhere.invalid dbname=shop",
        "shop?host=elsewhere.invalid",
        "shop hostaddr=169.254.169.254 port=80",
        "@elsewhere.invalid/shop",
        "//elsewhere.invalid:5432/shop",
        "/../../run/postgresql",
        "service=elsewhere",
    ] {
        let text =
            fixture("name_database").replace("%database%", database).replace("%length%", &database.len().to_string());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let mut startup = [0; 1024];
            let (mut connection, _) = listener.accept().unwrap();
            let length = connection.read(&mut startup).unwrap();
            startup[..length].to_vec()
        });
        let url = format!("postgresql://me@127.0.0.1:{port}/shop?sslmode=disable&connect_timeout=5");
        let endpoint =
            Endpoint::new(ConnectionUrl::parse(&url).unwrap(), Some(Secret::new("hunter2".to_owned())), None);
        inspected(of_module(&text, StringEncoding::UTF8), &endpoint).await.unwrap_err();
        let startup = server.join().unwrap();
        let sent = [&b"database\0"[..], database.as_bytes(), b"\0"].concat();
        assert!(startup.windows(sent.len()).any(|window| window == sent), "{database}: {startup:?}");
    }
}

/// A NUL would end the name in the server's startup packet, and what follows would be parameters of the session.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_whose_name_holds_a_nul_is_refused() {
    let text = fixture("name_database").replace("%database%", "shop\\00user\\00postgres\\00").replace("%length%", "19");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "postgresql://me@127.0.0.1:{}/shop?sslmode=disable&connect_timeout=5",
        listener.local_addr().unwrap().port()
    );
    let server = std::thread::spawn(move || {
        listener.set_nonblocking(true).unwrap();
        for _ in 0..100 {
            if let Ok((mut connection, _)) = listener.accept() {
                let mut startup = Vec::new();
                let _ = connection.set_nonblocking(false);
                let _ = connection.set_read_timeout(Some(Duration::from_secs(1)));
                let _ = connection.read_to_end(&mut startup);
                return startup;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Vec::new()
    });
    let endpoint = Endpoint::new(ConnectionUrl::parse(&url).unwrap(), None, None);
    let refused = inspected(of_module(&text, StringEncoding::UTF8), &endpoint).await.unwrap_err();
    assert_eq!(refused.code(), "invalid-options", "{refused:?}");
    assert!(server.join().unwrap().is_empty(), "something was sent");
}
