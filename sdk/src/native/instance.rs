//! An instance that exists in a test only.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;

use super::mongodb::MongodbServer;
use super::pipe::Peer;
use super::postgres::PostgresServer;
use crate::bindings::services::cofferdam::host::endpoint::ConnectionInfo;

type Handler = Rc<dyn Fn(Peer) -> Pin<Box<dyn Future<Output = ()>>>>;

/// An instance for a test: what the operator would configure, and the server behind it.
///
/// ```
/// use cofferdam_sdk::tcp::Connection;
/// use cofferdam_sdk::testing::{self, Instance};
///
/// testing::run(async {
///     let instance = Instance::new().tcp(|peer| async move {
///         peer.expect(b"hello\n").await;
///         peer.write(b"good day\n");
///     });
///     let connection = Connection::connect(&instance.endpoint()).await.unwrap();
///     connection.write(b"hello\n".to_vec()).await.unwrap();
///     assert_eq!(connection.read(100).await.unwrap(), b"good day\n");
/// });
/// ```
#[derive(Clone)]
pub struct Instance {
    pub(super) info: ConnectionInfo,
    pub(super) password: Option<String>,
    pub(super) tls: String,
    pub(super) overheard: bool,
    pub(super) handler: Option<Handler>,
    pub(super) postgres: Option<PostgresServer>,
    pub(super) mongodb: Option<MongodbServer>,
    connections: Rc<Cell<usize>>,
}

impl Default for Instance {
    fn default() -> Self {
        Self::new()
    }
}

impl Instance {
    /// An instance at `localhost:1`, without database, user, password or server.
    #[must_use]
    pub fn new() -> Self {
        let info = ConnectionInfo {
            host: "localhost".to_owned(),
            port: 1,
            database: None,
            user: None,
            parameters: Vec::new(),
        };
        let (handler, postgres, mongodb) = (None, None, None);
        let connections = Rc::default();
        let tls = "disable".to_owned();
        Self { info, password: None, tls, overheard: false, handler, postgres, mongodb, connections }
    }

    /// The database that its URL names.
    #[must_use]
    pub fn database(mut self, name: &str) -> Self {
        self.info.database = Some(name.to_owned());
        self
    }

    /// The user that its URL names.
    #[must_use]
    pub fn user(mut self, name: &str) -> Self {
        self.info.user = Some(name.to_owned());
        self
    }

    /// Its secret, which the operator calls "password". An engine can use it and never sees it.
    #[must_use]
    pub fn password(mut self, secret: &str) -> Self {
        self.password = Some(secret.to_owned());
        self
    }

    /// What the operator wants of TLS: "disable", as it is anyway, "prefer" or "require".
    #[must_use]
    pub fn tls(mut self, wanted: &str) -> Self {
        self.tls = wanted.to_owned();
        self
    }

    /// It is on another machine, and its TLS checks nobody: its secret isn't sent there.
    #[must_use]
    pub fn overheard(mut self) -> Self {
        self.overheard = true;
        self
    }

    /// The server for `cofferdam:tcp`: it is run once for each connection, beside the test, with its own end of it.
    #[must_use]
    pub fn tcp<F>(mut self, server: impl Fn(Peer) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        self.handler = Some(Rc::new(move |peer| Box::pin(server(peer))));
        self
    }

    /// A handle to it, as the host lends one to every session.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint(self.clone())
    }

    /// How many connections to it are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.get()
    }

    pub(super) fn opened(&self) -> Open {
        self.connections.set(self.connections.get() + 1);
        Open(Rc::clone(&self.connections))
    }
}

/// A connection, counted while it is open.
pub(super) struct Open(Rc<Cell<usize>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// The fake of `cofferdam:host/endpoint.endpoint`.
pub struct Endpoint(pub(super) Instance);

impl Endpoint {
    /// The configured connection, without its secrets.
    #[must_use]
    pub fn info(&self) -> ConnectionInfo {
        self.0.info.clone()
    }
}
