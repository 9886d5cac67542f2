//! Every function that the linker serves, called without a grant and called without a handle. A function that is served
//! and isn't in [`TABLE`] fails the tests.

use std::collections::BTreeSet;
use std::net::TcpListener;

use cofferdam::plugin::{Candidate, Sandbox, permission};
use wit_component::StringEncoding;

use crate::component::{Imported, of_module, served_functions};
use crate::host::{LIMITS, RUNTIME, admitted, assert_gone, endpoint_at, everything, is_done, operation};

/// What stands in a function's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// Nothing: it can do no harm.
    Harmless,
    /// It works on handles that only the host gives, and needs no grant besides.
    Handle,
    /// The operator has to grant its interface; then it still works on handles only.
    Grant(&'static str),
}

use Without::{Grant, Handle, Harmless};

#[rustfmt::skip]
const TABLE: [(&str, &str, Without); 32] = [
    ("cofferdam:host/endpoint", "[method]endpoint.info", Handle),
    ("cofferdam:host/endpoint", "[resource-drop]endpoint", Handle),
    ("cofferdam:host/time", "now", Harmless),
    ("cofferdam:host/time", "sleep", Harmless),
    ("cofferdam:host/random", "bytes", Harmless),
    ("cofferdam:host/report", "log", Harmless),
    ("cofferdam:host/report", "progress", Harmless),
    ("cofferdam:postgres/postgres", "[static]connection.connect", Grant("postgres")),
    ("cofferdam:postgres/postgres", "[method]connection.execute", Grant("postgres")),
    ("cofferdam:postgres/postgres", "[method]connection.query", Grant("postgres")),
    ("cofferdam:postgres/postgres", "[method]connection.copy-out", Grant("postgres")),
    ("cofferdam:postgres/postgres", "[method]connection.copy-in", Grant("postgres")),
    ("cofferdam:postgres/postgres", "[resource-drop]connection", Grant("postgres")),
    ("cofferdam:tcp/tcp", "[static]connection.connect", Grant("tcp")),
    ("cofferdam:tcp/tcp", "[method]connection.tls", Grant("tcp")),
    ("cofferdam:tcp/tcp", "[method]connection.start-tls", Grant("tcp")),
    ("cofferdam:tcp/tcp", "[method]connection.read", Grant("tcp")),
    ("cofferdam:tcp/tcp", "[method]connection.write", Grant("tcp")),
    ("cofferdam:tcp/tcp", "[method]connection.write-stream", Grant("tcp")),
    ("cofferdam:tcp/tcp", "[resource-drop]connection", Grant("tcp")),
    ("cofferdam:tcp/secrets", "respond", Grant("secrets")),
    ("cofferdam:tcp/secret-write", "write-secret", Grant("secret-write")),
    ("cofferdam:mongodb/mongodb", "[static]client.connect", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[method]client.run-command", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[method]client.read", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[method]client.documents", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[method]client.follow", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[method]follower.next", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[resource-drop]follower", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[method]client.insert", Grant("mongodb")),
    ("cofferdam:mongodb/mongodb", "[resource-drop]client", Grant("mongodb")),
    // Holds types alone; the linker serves it all the same.
    ("cofferdam:host/types", "", Harmless),
];

/// Without its version.
fn plain(interface: &str) -> &str {
    interface.split('@').next().unwrap()
}

fn row(imported: &Imported) -> Without {
    TABLE.iter().find(|row| (row.0, row.1) == (plain(&imported.interface), &imported.name)).unwrap().2
}

/// A plugin that calls the function as soon as it is asked anything, with zeros: no handle has that number.
fn calling(imported: &Imported) -> Vec<u8> {
    let Imported { interface, name, signature: (parameters, results) } = imported;
    let zeros: String = parameters.iter().map(|ty| format!("({ty}.const 0)")).collect();
    let drops = "(drop)".repeat(results.len());
    let (parameters, results) = (parameters.join(" "), results.join(" "));
    // The fixture's own way to let go of its endpoint is one of the functions.
    let id = if name == "[resource-drop]endpoint" { "$drop_endpoint" } else { "$f" };
    let text = format!(
        "(module
            (import \"{interface}\" \"{name}\" (func {id} (param {parameters}) (result {results})))
            (func $inspect (param i32) (result i32) (call {id} {zeros}) {drops} (i32.const 1024)))"
    );
    of_module(&text, StringEncoding::UTF8)
}

#[test]
fn every_function_that_is_served_has_a_row_and_every_row_is_served() {
    let served: BTreeSet<(String, String)> =
        served_functions().into_iter().map(|f| (plain(&f.interface).to_owned(), f.name)).collect();
    let rows: BTreeSet<(String, String)> = TABLE
        .iter()
        .filter(|row| !row.1.is_empty())
        .map(|(interface, name, _)| ((*interface).to_owned(), (*name).to_owned()))
        .collect();
    assert_eq!(served, rows);
    // What can be imported is what is in the host's own table, so nothing else needs a row.
    let interfaces: BTreeSet<&str> = permission::SERVED.iter().map(|served| served.interface).collect();
    assert_eq!(interfaces, TABLE.iter().map(|row| row.0).collect());
    for (interface, _, without) in TABLE {
        let grant = permission::SERVED.iter().find(|served| served.interface == interface).unwrap().grant;
        let expected = if let Grant(grant) = without { Some(grant) } else { None };
        assert_eq!(grant, expected, "{interface}");
    }
}

#[test]
fn a_function_whose_grant_is_missing_is_refused_before_anything_runs() {
    for imported in served_functions() {
        let Grant(grant) = row(&imported) else { continue };
        // Every other grant doesn't help.
        let mut granted = everything();
        assert!(granted.remove(grant));
        let candidate = Candidate::new(&RUNTIME, calling(&imported).into()).unwrap();
        let refused = candidate.admit(&RUNTIME, &granted).err().expect(&imported.name);
        assert_eq!(refused.code(), "permission-denied", "{refused:?}");
        assert!(refused.message().contains(&imported.interface), "{refused}");
        assert!(refused.hint().unwrap().contains(&format!("--grant {grant}")), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_without_a_handle_of_the_hosts_does_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = endpoint_at(listener.local_addr().unwrap().port(), "hunter2");
    for imported in served_functions() {
        let (context, heard) = operation();
        let plugin = admitted(calling(&imported)).unwrap();
        let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
        let told = sandbox.inspect(&endpoint).await.unwrap_err();
        drop(sandbox);
        assert_gone(&context).await;

        let name = format!("{} {}", imported.interface, imported.name);
        if row(&imported) == Harmless {
            assert!(is_done(&told), "{name}: {told}");
        } else {
            assert_eq!(told.code(), "plugin", "{name}: {told:?}");
            assert!(told.message().contains("handle"), "{name}: {told}");
        }
        // Only what is there to be heard is heard, and nobody was connected to.
        let events = heard.0.lock().unwrap().len();
        assert_eq!(events, usize::from(imported.interface.contains("/report@")), "{name}");
        assert!(listener.accept().is_err(), "{name} connected");
        assert!(!context.let_in.load(std::sync::atomic::Ordering::SeqCst), "{name}");
    }
}
