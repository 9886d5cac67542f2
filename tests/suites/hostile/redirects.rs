//! Attacks by servers that send us elsewhere: nobody is connected to but who was named by the operator.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bson::doc;
use cofferdam::connection_url::ConnectionUrl;
use cofferdam::services::Endpoint;

use crate::component::of;
use crate::host::inspected;
use crate::mongodb::{hello, serve};

/// It says that it is a secondary of a set whose primary, and every other host, is at `elsewhere`.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_names_others_sends_us_nowhere() {
    let (server, other) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
    let (here, elsewhere) = (address(&server), address(&other));
    let url = format!("mongodb://{here}/shop?replicaSet=rs&connectTimeoutMS=3000");
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    serve(server, move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut reply = hello();
        reply.extend(doc! {
            "ismaster": false, "isWritablePrimary": false, "secondary": true, "setName": "rs", "setVersion": 1,
            "me": &here, "primary": &elsewhere, "hosts": [&here, &elsewhere], "passives": [&elsewhere],
        });
        reply
    });
    let endpoint = Endpoint::new(ConnectionUrl::parse(&url).unwrap(), None, None);
    let refused = inspected(of("connect_mongodb"), &endpoint).await.unwrap_err();
    assert!(asked.load(Ordering::SeqCst) > 0, "the server wasn't asked: {refused:?}");
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "the other one was connected to");
}
