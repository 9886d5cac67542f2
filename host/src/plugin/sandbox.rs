//! One plugin, instantiated once, in a store of its own.
//!
//! A sandbox is a task that owns the store and polls it for as long as anybody holds a [`Sandbox`]. Calls are sent to
//! it and may overlap. When the plugin traps, runs out of time or breaks a limit, the task ends, every call that
//! waits gets the same clear error, and the store is gone; the process goes on. So it does when a function of the
//! host's panics, which is told as our fault and not as the plugin's.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};
use wasmtime::component::{Accessor, Instance, InstancePre};
use wasmtime::{Store, Trap};
use wasmtime_wasi::{I32Exit, WasiCtxView, WasiView};

use super::admit::Plugin;
use super::capability::Capability;
use super::limits::{Limiter, Limits};
use crate::error::{Error, Result};
use crate::services::bindings::exports::cofferdam::engine;
use crate::services::{Context, Services};

/// What a store holds.
pub struct Tenant {
    pub(crate) services: Services,
    limiter: Limiter,
}

impl WasiView for Tenant {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.services.wasi()
    }
}

/// Bytes that one call may hand from the plugin to the host, strings and lists together: a plan of 100,000 units fits.
const HOSTCALL_BYTES: usize = 128 << 20;
/// Streams, futures and tasks that may be open at once.
const CONCURRENT: usize = 10_000;
/// Handles that the plugin may hold.
const HANDLES: usize = 10_000;

/// The exported interfaces of an instance.
pub struct Exports {
    pub(super) instance: engine::instance::Guest,
    pub(super) backup: Option<engine::backup::Guest>,
    pub(super) restore: Option<engine::restore::Guest>,
    pub(super) clone: Option<engine::clone::Guest>,
    pub(super) to_files: Option<engine::to_files::Guest>,
    pub(super) from_files: Option<engine::from_files::Guest>,
}

impl Exports {
    /// Whether every capability's functions are there, by name.
    pub(super) fn check(pre: &InstancePre<Tenant>, capabilities: &[Capability]) -> wasmtime::Result<()> {
        for capability in capabilities {
            match capability {
                Capability::Instance => engine::instance::GuestIndices::new(pre).map(|_| ())?,
                Capability::Backup => engine::backup::GuestIndices::new(pre).map(|_| ())?,
                Capability::Restore => engine::restore::GuestIndices::new(pre).map(|_| ())?,
                Capability::ToFiles => engine::to_files::GuestIndices::new(pre).map(|_| ())?,
                Capability::FromFiles => engine::from_files::GuestIndices::new(pre).map(|_| ())?,
                Capability::Clone => engine::clone::GuestIndices::new(pre).map(|_| ())?,
                Capability::External => {}
            }
        }
        Ok(())
    }

    fn load(plugin: &Plugin, store: &mut Store<Tenant>, instance: &Instance) -> wasmtime::Result<Self> {
        let has = |capability| plugin.inspection().capabilities.contains(&capability);
        let pre = &plugin.0.pre;
        let loaded = Self {
            instance: engine::instance::GuestIndices::new(pre)?.load(&mut *store, instance)?,
            backup: has(Capability::Backup)
                .then(|| engine::backup::GuestIndices::new(pre)?.load(&mut *store, instance))
                .transpose()?,
            restore: has(Capability::Restore)
                .then(|| engine::restore::GuestIndices::new(pre)?.load(&mut *store, instance))
                .transpose()?,
            clone: has(Capability::Clone)
                .then(|| engine::clone::GuestIndices::new(pre)?.load(&mut *store, instance))
                .transpose()?,
            to_files: has(Capability::ToFiles)
                .then(|| engine::to_files::GuestIndices::new(pre)?.load(&mut *store, instance))
                .transpose()?,
            from_files: has(Capability::FromFiles)
                .then(|| engine::from_files::GuestIndices::new(pre)?.load(&mut *store, instance))
                .transpose()?,
        };
        Ok(loaded)
    }
}

type Job = Box<dyn for<'a> FnOnce(&'a Accessor<Tenant>, &'a Exports) -> BoxFuture<'a, wasmtime::Result<()>> + Send>;

/// Why a sandbox is no more.
#[derive(Clone)]
enum End {
    /// By what the plugin did.
    Plugin(String),
    /// A function of the host's panicked.
    Host,
}

/// A running plugin. Dropping the last clone ends it.
#[derive(Clone)]
pub struct Sandbox {
    name: Arc<str>,
    jobs: mpsc::Sender<Job>,
    fate: watch::Receiver<Option<End>>,
}

impl Sandbox {
    /// Starts a plugin.
    ///
    /// # Errors
    /// If it traps or breaks a limit while it is instantiated.
    pub async fn start(plugin: &Plugin, context: &Arc<Context>, limits: &Limits) -> Result<Self> {
        let name: Arc<str> = plugin.inspection().about.name.as_str().into();
        let mut store = store(plugin, context, limits);
        let instantiated = async {
            let instance = plugin.0.pre.instantiate_async(&mut store).await?;
            Exports::load(plugin, &mut store, &instance)
        };
        let exports = AssertUnwindSafe(tokio::time::timeout(limits.cpu, instantiated))
            .catch_unwind()
            .await
            .map_err(|_| fault_of_ours(&name, "its start"))?
            .unwrap_or_else(|_| Err(wasmtime::Error::msg("it didn't start in time")))
            .map_err(|e| Error::plugin(format!("the plugin {name} can't be started: {}", fate(&e))))?;
        let (sender, jobs) = mpsc::channel(64);
        let (tell, fate) = watch::channel(None);
        let limits = *limits;
        context.running.spawn(async move {
            let serving = AssertUnwindSafe(serve(store, exports, jobs, limits)).catch_unwind();
            let why = tokio::select! {
                // The store went while the panic unwound, and with it all that the panic could have left half done.
                served = serving => served.map_or(End::Host, End::Plugin),
                // Watched from outside: while the plugin's code runs, nothing inside is polled, and it would go on
                // until its budget is used up.
                () = tell.closed() => return,
            };
            // Those who still wait read it; if nobody does, it ended as it should.
            let _ = tell.send(Some(why));
        });
        Ok(Self { name, jobs: sender, fate })
    }

    /// Calls into the plugin; calls may overlap.
    ///
    /// # Errors
    /// If the plugin traps or breaks a limit, in this call or in another one of the same sandbox.
    pub async fn call<R, F>(&self, what: &str, call: F) -> Result<R>
    where
        R: Send + 'static,
        F: for<'a> FnOnce(&'a Accessor<Tenant>, &'a Exports) -> BoxFuture<'a, wasmtime::Result<R>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |accessor, exports| {
            Box::pin(async move {
                let result = call(accessor, exports).await?;
                // The caller may have gone.
                let _ = sender.send(result);
                Ok(())
            })
        });
        if self.jobs.send(job).await.is_err() {
            return Err(self.ended(what).await);
        }
        match receiver.await {
            Ok(result) => Ok(result),
            Err(_) => Err(self.ended(what).await),
        }
    }

    /// The plugin's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it can't be called any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Why a call got no answer.
    pub(super) async fn ended(&self, what: &str) -> Error {
        let mut fate = self.fate.clone();
        let why = fate.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        let why = match why {
            Some(End::Host) => return fault_of_ours(&self.name, what),
            Some(End::Plugin(why)) => why,
            None => "it ended".to_owned(),
        };
        Error::plugin(format!("the plugin {} failed in {what}: {why}", self.name))
            .with_hint("this is a fault of the plugin; tell its author, with the message")
    }
}

fn fault_of_ours(plugin: &str, what: &str) -> Error {
    Error::internal(format!("Cofferdam itself failed while it served the plugin {plugin} in {what}")).with_hint(
        "this is a fault of Cofferdam and not of the plugin; please report it, with the place that was named",
    )
}

fn store(plugin: &Plugin, context: &Arc<Context>, limits: &Limits) -> Store<Tenant> {
    let services = Services::new(Arc::clone(context));
    let tenant = Tenant { services, limiter: Limiter::new(limits) };
    let mut store = Store::new(&plugin.0.runtime.engine, tenant);
    store.limiter(|tenant| &mut tenant.limiter);
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.set_max_component_handles(HANDLES);
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(CONCURRENT);
    }
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

/// Polls the store until nobody wants anything of it any more. The time-out stands outside `run_concurrent`: inside,
/// it wouldn't fire while a host function is busy.
async fn serve(mut store: Store<Tenant>, exports: Exports, mut jobs: mpsc::Receiver<Job>, limits: Limits) -> String {
    let Limits { cpu, wall, memory } = limits;
    let running = store.run_concurrent(async |accessor| -> wasmtime::Result<()> {
        let mut calls = FuturesUnordered::new();
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => calls.push(job(accessor, &exports)),
                    None => return Ok(()),
                },
                Some(done) = calls.next() => done?,
            }
        }
    });
    match tokio::time::timeout(wall, metered(running, cpu)).await {
        Ok(Ok(Ok(()))) => "it was ended".to_owned(),
        Ok(Ok(Err(_)) | Err(_)) if store.data().limiter.refused_memory() => {
            format!("it wanted more memory than its {} MiB (`memory` in [limits])", memory >> 20)
        }
        Ok(Ok(Err(e)) | Err(e)) => fate(&e),
        Err(_) => format!("it ran for longer than {} s (`wall` in [limits])", wall.as_secs()),
    }
}

/// Ends `running` once it was busy for longer than `cpu`. Every tick it yields, so that it is seen here. Time is taken
/// around each poll: a plugin that waits most of the time is busy for microseconds whenever it wakes up, and charging it
/// a tick each time would end long operations that do nothing wrong.
async fn metered<T>(running: impl Future<Output = wasmtime::Result<T>>, cpu: Duration) -> wasmtime::Result<T> {
    let mut running = pin!(running);
    let mut left = cpu;
    poll_fn(|context| {
        let began = Instant::now();
        let polled = running.as_mut().poll(context);
        left = left.saturating_sub(began.elapsed());
        match polled {
            Poll::Pending if left.is_zero() => {
                Poll::Ready(Err(wasmtime::Error::msg("it used up its CPU time (`cpu` in [limits])")))
            }
            polled => polled,
        }
    })
    .await
}

/// wasmtime's first line is the backtrace; what happened stands at the root.
fn fate(error: &wasmtime::Error) -> String {
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return format!("it ended itself with the status {status}");
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => "it panicked".to_owned(),
        Some(Trap::StackOverflow) => "its stack overflowed".to_owned(),
        Some(trap) => format!("it trapped: {trap}"),
        None => error.root_cause().to_string(),
    }
}
