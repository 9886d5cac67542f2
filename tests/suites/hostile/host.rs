//! A host in this process, and plugins that are run in it.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use cofferdam::connection_url::ConnectionUrl;
use cofferdam::error::{Error, Result};
use cofferdam::operation::event::{Event, Sink};
use cofferdam::plugin::{Candidate, Limits, Plugin, Runtime, Sandbox, permission};
use cofferdam::secrets::{Redactor, Secret};
use cofferdam::services::{Causes, Context, Endpoint};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::component;

pub static RUNTIME: LazyLock<Arc<Runtime>> = LazyLock::new(|| Arc::new(Runtime::new(None).unwrap()));

/// What the plugins here may use up.
pub const LIMITS: Limits = Limits { memory: 64 << 20, cpu: Duration::from_secs(1), wall: Duration::from_secs(4) };

/// Longer than any of these limits lets a plugin live, on a machine that is busy.
pub const BOUND: Duration = Duration::from_secs(40);

/// Every event that was told.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<Event>>);

impl Sink for Heard {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// An operation to run plugins in, and what was heard of it.
pub fn operation() -> (Arc<Context>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let context = Context {
        operation: "0123456789ab".to_owned(),
        sink: heard.clone(),
        redactor: Redactor::default(),
        causes: Causes::default(),
        cancel: CancellationToken::new(),
        running: TaskTracker::new(),
        let_in: AtomicBool::new(false),
    };
    (Arc::new(context), heard)
}

/// Everything that can be granted.
pub fn everything() -> BTreeSet<String> {
    permission::SERVED.iter().filter_map(|served| served.grant).map(str::to_owned).collect()
}

/// An instance at this port of this machine, with its password.
pub fn endpoint_at(port: u16, password: &str) -> Endpoint {
    let url = ConnectionUrl::parse(&format!("x://me@127.0.0.1:{port}/shop?sslmode=disable")).unwrap();
    Endpoint::new(url, Some(Secret::new(password.to_owned())), None)
}

/// An instance that nobody answers for.
pub fn nowhere() -> Endpoint {
    endpoint_at(9, "hunter2")
}

/// Makes it a plugin that has every grant.
pub fn admitted(component: Vec<u8>) -> Result<Plugin> {
    Candidate::new(&RUNTIME, component.into())?.admit(&RUNTIME, &everything())
}

/// Has the plugin inspect an instance, and says what came of it.
pub async fn inspected(component: Vec<u8>, endpoint: &Endpoint) -> Result<()> {
    let (context, _) = operation();
    let plugin = admitted(component)?;
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await?;
    let result = sandbox.inspect(endpoint).await.map(|_| ());
    drop(sandbox);
    assert_gone(&context).await;
    result
}

/// The store of every sandbox of this operation is gone, and with it all that it held.
pub async fn assert_gone(context: &Arc<Context>) {
    let began = Instant::now();
    while Arc::strong_count(context) > 1 {
        assert!(began.elapsed() < BOUND, "something of the sandbox is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The attack of this fixture ends in time, with an error that says these words, and the host serves the next plugin.
pub async fn assert_ends(component: Vec<u8>, words: &str) {
    let began = Instant::now();
    let error = inspected(component, &nowhere()).await.unwrap_err();
    assert_eq!(error.code(), "plugin", "{error:?}");
    assert!(error.to_string().contains(words), "{words:?} isn't in {error}");
    assert!(began.elapsed() < BOUND, "it took {:?}", began.elapsed());
    assert_unharmed().await;
}

/// A plugin that does nothing wrong gets its turn.
pub async fn assert_unharmed() {
    let error = inspected(component::of("good"), &nowhere()).await.unwrap_err();
    assert!(is_done(&error), "{error:?}");
}

/// Whether the plugin came to its own end: it returned the error that fixtures return when nothing stopped them.
pub fn is_done(error: &Error) -> bool {
    error.message() == "done"
}
