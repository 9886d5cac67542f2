//! WASI 0.2 for plugins that weren't built for the bare target: interpreters and C libraries import it whether they need
//! it or not. Each interface is linked by itself, over a context that is empty: no environment, no arguments, no
//! directory, nothing to read on standard input. What is said on standard output and error goes to the operator.
//!
//! `wasi:sockets` isn't linked. A component that names it gets functions that end the plugin when they are called,
//! because a C library names it also where nothing is ever connected. `wasi:http` and everything else is refused.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waker, Poll};

use tokio::io::AsyncWrite;
use wasmtime::Engine;
use wasmtime::component::types::{self, ComponentItem};
use wasmtime::component::{Component, HasData, Linker, ResourceTable, ResourceType};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io as wasi_io, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::{Context, report};

/// What a component may name and never use.
const NEVER: &str = "wasi:sockets/";

/// Random bytes that one call gets, at most.
const MOST_RANDOM: u64 = 65_536;

/// Handles of WASI's: streams, clocks to wait for.
const MAX_HANDLES: usize = 1024;

/// One sandbox's empty context and its handles.
pub(super) struct Wasi {
    context: WasiCtx,
    handles: ResourceTable,
}

impl Wasi {
    pub(super) fn new(context: &Arc<Context>, budget: &report::Shared) -> Self {
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(MAX_HANDLES);
        let said = Said { context: Arc::clone(context), budget: Arc::clone(budget) };
        let context = WasiCtx::builder()
            .stdout(said.clone())
            .stderr(said)
            .max_random_size(MOST_RANDOM)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Self { context, handles }
    }

    pub(super) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.context, table: &mut self.handles }
    }
}

/// Serves the interfaces that can do no harm.
///
/// # Errors
/// If one is served twice.
pub(super) fn add_to_linker<T: WasiView + 'static>(l: &mut Linker<T>) -> wasmtime::Result<()> {
    wasi_io::error::add_to_linker::<T, Handles>(l, |t| t.ctx().table)?;
    wasi_io::poll::add_to_linker::<T, Handles>(l, |t| t.ctx().table)?;
    wasi_io::streams::add_to_linker::<T, Handles>(l, |t| t.ctx().table)?;
    clocks::wall_clock::add_to_linker::<T, WasiClocks>(l, T::clocks)?;
    clocks::monotonic_clock::add_to_linker::<T, WasiClocks>(l, T::clocks)?;
    random::random::add_to_linker::<T, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    random::insecure::add_to_linker::<T, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<T, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    cli::environment::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::exit::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::stdin::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::stdout::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::stderr::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_input::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_output::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_stdin::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_stdout::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_stderr::add_to_linker::<T, WasiCli>(l, T::cli)?;
    filesystem::preopens::add_to_linker::<T, WasiFilesystem>(l, T::filesystem)?;
    filesystem::types::add_to_linker::<T, WasiFilesystem>(l, T::filesystem)
}

/// Gives a component a function that ends it for each one of `wasi:sockets` that it names. They are made of the
/// component's own list, so that no code that opens a socket is linked.
///
/// # Errors
/// If the linker has them already.
pub(crate) fn refuse_sockets<T: 'static>(linker: &mut Linker<T>, component: &Component) -> wasmtime::Result<()> {
    let engine = component.engine().clone();
    let ty = component.component_type();
    let interfaces = || {
        ty.imports(&engine).filter_map(|(name, item)| match item.ty {
            ComponentItem::ComponentInstance(instance) => Some((name, instance)),
            _ => None,
        })
    };
    // What an interface takes over from another one, a clock to wait for, is linked there.
    let linked: Vec<ResourceType> = interfaces()
        .filter(|(name, _)| !name.starts_with(NEVER))
        .flat_map(|(_, instance)| resources(&instance, &engine))
        .collect();
    for (interface, functions) in interfaces().filter(|(name, _)| name.starts_with(NEVER)) {
        let mut instance = linker.instance(interface)?;
        for (name, item) in functions.exports(&engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let refusal = format!("it called {interface}#{name}, and plugins have no sockets");
                    instance.func_new(name, move |_, _, _, _| Err(wasmtime::Error::msg(refusal.clone())))?;
                }
                ComponentItem::Resource(ty) if !linked.contains(&ty) => {
                    instance.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn resources(interface: &types::ComponentInstance, engine: &Engine) -> Vec<ResourceType> {
    let resource = |item| if let ComponentItem::Resource(ty) = item { Some(ty) } else { None };
    interface.exports(engine).filter_map(|(_, item)| resource(item.ty)).collect()
}

/// Where `wasi:io` finds its handles.
struct Handles;

impl HasData for Handles {
    type Data<'a> = &'a mut ResourceTable;
}

/// Standard output and error: told to the operator line by line, under the same bound as everything that a plugin says.
#[derive(Clone)]
struct Said {
    context: Arc<Context>,
    budget: report::Shared,
}

impl IsTerminal for Said {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Said {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines { said: self.clone(), line: Vec::new() })
    }
}

/// A longer line is told in parts.
const LONGEST_LINE: usize = 4096;

struct Lines {
    said: Said,
    line: Vec<u8>,
}

impl Lines {
    fn end(&mut self) {
        if !self.line.is_empty() {
            let text = String::from_utf8_lossy(&self.line).into_owned();
            report::say(&self.said.context, &self.said.budget, "debug", "plugin", &text);
            self.line.clear();
        }
    }
}

impl AsyncWrite for Lines {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Waker<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        for byte in bytes {
            if *byte == b'\n' || self.line.len() >= LONGEST_LINE {
                self.end();
            }
            if *byte != b'\n' {
                self.line.push(*byte);
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Waker<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Waker<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.end();
    }
}
