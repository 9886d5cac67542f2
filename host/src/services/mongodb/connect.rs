//! From an endpoint to a member of the deployment.
//!
//! The driver opens sockets of its own, so it is given one host at a time, as a direct connection: it can't follow a
//! server to hosts that only the server names. Each host is dialled by [`dial`] first, which is where a rule about
//! addresses is checked, and where an address that nobody listens at is told apart from a server that says no.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bson::doc;
use futures::future::join_all;
use mongodb::options::{
    AuthMechanism, ClientOptions, Credential, ReadPreference, SelectionCriteria, ServerAddress, TlsOptions,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::driver::{self, Thread};
use super::error::from_driver;
use super::member::{Hello, Preference, choose};
use super::url::{Location, Mechanism, Tls, parse_url};
use crate::dial::{self, Address, Target};
use crate::error::{Error, Result};
use crate::services::{Context, Endpoint};

/// How long cursors may take to be closed on the server, and then the driver to end its sessions there.
const LETTING_GO: Duration = Duration::from_secs(3);
const FAREWELL: Duration = Duration::from_secs(2);

/// How long a set may take to elect a primary, which a server's own clients wait for as long (driver specification "Server
/// Selection", serverSelectionTimeoutMS), and how often it is looked for.
const ELECTION: Duration = Duration::from_secs(30);
const LOOKED_FOR: Duration = Duration::from_millis(500);

/// A member that we talk to. Its connections are closed once the last copy of this is gone.
#[derive(Clone)]
pub struct Member {
    pub(super) client: mongodb::Client,
    pub(super) hello: Hello,
    /// For a mongos, which chooses among the members behind it.
    pub(super) reads: SelectionCriteria,
    /// Shown in errors.
    pub(super) server: String,
    _open: Arc<DropGuard>,
}

/// Connects to every host that the endpoint names, and keeps the one that is wanted.
///
/// # Errors
/// If the URL can't be used, no host can be reached or lets us in, or none is what is wanted.
pub(super) async fn connect(endpoint: &Endpoint, writes: bool, context: &Context) -> Result<Member> {
    let location = parse_url(endpoint.url().as_str())?;
    let connecting = async {
        let (hosts, set) = hosts(&location).await?;
        let credential = credential(&location, endpoint);
        let begun = Instant::now();
        loop {
            let reached = join_all(hosts.iter().map(|host| reach(host, &location, credential.clone(), context))).await;
            if !writes || location.direct || !electing(&reached) || begun.elapsed() > ELECTION {
                return select(reached, set.as_deref(), writes, &location);
            }
            sleep(LOOKED_FOR).await;
        }
    };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(Error::cancelled("cancelled")),
        connected = connecting => {
            let member = connected?;
            context.let_in.store(true, Ordering::Relaxed);
            Ok(member)
        }
    }
}

/// Whether members of a set were reached and none of them knows a primary: that is over soon.
fn electing(reached: &[Result<Member>]) -> bool {
    let mut hellos = reached.iter().flatten().map(|member| &member.hello).peekable();
    hellos.peek().is_some() && hellos.all(|hello| hello.set.is_some() && hello.primary.is_none())
}

fn select(reached: Vec<Result<Member>>, set: Option<&str>, writes: bool, location: &Location) -> Result<Member> {
    let mut members = Vec::new();
    let mut failure = None;
    for member in reached {
        match member {
            Ok(member) => members.push(member),
            // Somebody who isn't let in anywhere wants to know that, and not that a third host is down.
            Err(error) if failure.is_none() || error.code() == "authentication-failed" => failure = Some(error),
            Err(_) => {}
        }
    }
    if members.is_empty() {
        return Err(failure.unwrap_or_else(|| Error::invalid_options("the MongoDB URL names no host")));
    }
    if let Some(set) = set
        && let Some(member) = members.iter().find(|member| member.hello.set.as_deref() != Some(set))
    {
        let found = member.hello.set.as_deref().unwrap_or("none");
        return Err(Error::invalid_options(format!(
            "{} is of the replica set {found}, and the MongoDB URL says {set}",
            member.server
        )));
    }
    let hellos: Vec<Hello> = members.iter().map(|member| member.hello.clone()).collect();
    let chosen = choose(&hellos, writes, location.preference, location.direct).map_err(|error| match failure {
        Some(failure) => error.with_cause(failure),
        None => error,
    })?;
    Ok(members.swap_remove(chosen))
}

/// The hosts that the URL names, or the SRV record of the name in it, and their replica set.
async fn hosts(location: &Location) -> Result<(Vec<Address>, Option<String>)> {
    let Some(name) = &location.srv else {
        return Ok((location.hosts.clone(), location.replica_set.clone()));
    };
    let unresolved = |cause: String| {
        Error::unreachable(format!("the SRV record of \"{name}\" can't be had"))
            .with_cause(cause)
            .with_hint("check the name, and that this machine's DNS server answers")
            .retryable(true)
    };
    let parsing = ClientOptions::parse(format!("mongodb+srv://{name}/"));
    let options = match timeout(location.connect_timeout, parsing).await {
        Ok(options) => options.map_err(|cause| unresolved(cause.to_string()))?,
        Err(_) => return Err(unresolved("nothing answered in time".to_owned())),
    };
    let hosts = options.hosts.iter().filter_map(|host| match host {
        ServerAddress::Tcp { host, port } => Some(Address::Tcp { host: host.clone(), port: port.unwrap_or(27017) }),
        _ => None,
    });
    Ok((hosts.collect(), location.replica_set.clone().or(options.repl_set_name)))
}

fn credential(location: &Location, endpoint: &Endpoint) -> Option<Credential> {
    if location.user.is_none() && location.mechanism != Mechanism::X509 {
        return None;
    }
    let mut credential = Credential::default();
    credential.username.clone_from(&location.user);
    credential.mechanism = match location.mechanism {
        Mechanism::Negotiated => None,
        Mechanism::ScramSha1 => Some(AuthMechanism::ScramSha1),
        Mechanism::ScramSha256 => Some(AuthMechanism::ScramSha256),
        Mechanism::X509 => Some(AuthMechanism::MongoDbX509),
    };
    let external = location.mechanism == Mechanism::X509;
    let source = if external { "$external".to_owned() } else { location.source() };
    credential.source = Some(source);
    credential.password = endpoint.password().filter(|_| !external).map(|password| password.expose().to_owned());
    Some(credential)
}

impl Location {
    /// The database that knows the user: what authSource says, else the URL's own database, else admin.
    fn source(&self) -> String {
        self.auth_source.clone().or_else(|| self.database.clone()).unwrap_or_else(|| "admin".to_owned())
    }
}

async fn reach(
    host: &Address,
    location: &Location,
    credential: Option<Credential>,
    context: &Context,
) -> Result<Member> {
    let server = host.to_string();
    let target = Target { connect_timeout: location.connect_timeout, ..Target::new(host.clone()) };
    let dialled = dial::connect(&target).await?.peer();
    if credential.as_ref().is_some_and(|c| c.password.is_none() && location.mechanism != Mechanism::X509) {
        return Err(Error::invalid_options("the instance has a user and no password")
            .with_hint("add a `password` reference beside its URL"));
    }
    let reads = criteria(location.preference);
    let host = driver::server(host, dialled, &location.tls);
    let (client, thread) = driver::client(options(host, location, credential, reads.clone(), context))?;
    let client = client.map_err(|error| from_driver(&error, &server))?;
    let open = held(client.clone(), thread, context);
    let admin = client.database("admin");
    let hello = match timeout(location.connect_timeout, admin.run_command(doc! { "hello": 1 })).await {
        Ok(hello) => hello.map_err(|error| from_driver(&error, &server))?,
        Err(_) => {
            return Err(Error::unreachable(format!(
                "{server} took the connection but didn't let us in within {} s",
                location.connect_timeout.as_secs()
            ))
            .with_hint("check that it is a MongoDB server and not overloaded, or raise connectTimeoutMS")
            .retryable(true));
        }
    };
    Ok(Member { hello: Hello::read(&hello), client, reads, server, _open: open })
}

fn options(
    host: ServerAddress,
    location: &Location,
    credential: Option<Credential>,
    reads: SelectionCriteria,
    context: &Context,
) -> ClientOptions {
    let mut options = ClientOptions::default();
    options.hosts = vec![host];
    options.direct_connection = Some(true);
    // By the operation's id in it the operator finds what is ours.
    options.app_name = Some(format!("cofferdam {}", context.operation));
    options.connect_timeout = Some(location.connect_timeout);
    options.server_selection_timeout = Some(location.connect_timeout);
    options.credential = credential;
    options.selection_criteria = Some(reads);
    if let Tls::On { authorities, certificate, unchecked } = &location.tls {
        let mut tls = TlsOptions::default();
        tls.ca_file_path.clone_from(authorities);
        tls.cert_key_file_path.clone_from(certificate);
        tls.allow_invalid_certificates = unchecked.then_some(true);
        options.tls = Some(tls.into());
    }
    options
}

fn criteria(preference: Preference) -> SelectionCriteria {
    let options = None;
    SelectionCriteria::ReadPreference(match preference {
        Preference::Primary => ReadPreference::Primary,
        Preference::PrimaryPreferred => ReadPreference::PrimaryPreferred { options },
        Preference::Secondary => ReadPreference::Secondary { options },
        Preference::SecondaryPreferred => ReadPreference::SecondaryPreferred { options },
        Preference::Nearest => ReadPreference::Nearest { options },
    })
}

/// Closes the driver's connections and its sessions on the server once the operation is cancelled or nobody holds it.
fn held(client: mongodb::Client, thread: Thread, context: &Context) -> Arc<DropGuard> {
    let abandoned = CancellationToken::new();
    let (cancelled, gone) = (context.cancel.clone(), abandoned.clone());
    context.running.spawn(async move {
        tokio::select! {
            () = cancelled.cancelled() => {}
            () = gone.cancelled() => {}
        }
        // Whoever reads a cursor lets go of it now, and the driver closes it on the server before it ends.
        if timeout(LETTING_GO, client.clone().shutdown()).await.is_err() {
            // A connection that can't even be closed is as good as closed.
            let _ = timeout(FAREWELL, client.shutdown().immediate(true)).await;
        }
        drop(thread);
    });
    Arc::new(abandoned.drop_guard())
}
