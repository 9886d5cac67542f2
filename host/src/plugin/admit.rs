//! From bytes to a plugin that may run: read once, looked at, compiled, and held against what is served and granted.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use super::about::About;
use super::capability::Capability;
use super::digest::Digest;
use super::effort;
use super::permission::{self, Refusal};
use super::publisher::Publisher;
use super::runtime::Runtime;
use super::sandbox::{Exports, Tenant};
use super::signature;
use crate::error::{Error, Result};
use crate::services::wasi;

/// A larger file is no plugin: the largest known engine, an interpreter and its libraries in one component, has 40 MB.
pub const LARGEST: u64 = 64 << 20;

/// Compiling is bounded by the size, by what [`effort`] looks at and, for what is slow all the same, by this.
const COMPILE_TIME: Duration = Duration::from_secs(120);

/// What can be said of a component without running it.
#[derive(Debug)]
pub struct Inspection {
    /// Who it says it is.
    pub about: About,
    /// Who signed it, and so vouches for all of it; nobody if it isn't signed.
    pub publisher: Option<Publisher>,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// BLAKE3 of its bytes, in hex: its name in repositories.
    pub digest: String,
    /// Its exports that this host knows.
    pub capabilities: Vec<Capability>,
    /// Every interface that it imports, with its version.
    pub imports: Vec<String>,
    /// Its exports that this host doesn't know.
    pub unknown_exports: Vec<String>,
}

/// A component that was read, looked at and compiled, and hasn't got any rights yet.
pub struct Candidate {
    inspection: Inspection,
    bytes: Bytes,
    component: Component,
}

/// A plugin that may run.
#[derive(Clone)]
pub struct Plugin(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) runtime: Arc<Runtime>,
    pub(super) pre: InstancePre<Tenant>,
    inspection: Inspection,
    bytes: Bytes,
}

impl Candidate {
    /// Reads a component's file and looks at it; see [`read`] and [`Self::new`].
    ///
    /// # Errors
    /// As these two.
    pub fn read(runtime: &Runtime, path: &Path) -> Result<Self> {
        Self::new(runtime, read(path)?).map_err(|e| e.while_doing(format!("plugin {}", path.display())))
    }

    /// Looks at a component and compiles it, without running any of it.
    ///
    /// # Errors
    /// If it is too large, isn't a component, was compiled before, would be too much work to compile, or has a signature
    /// that isn't good.
    pub fn new(runtime: &Runtime, bytes: Bytes) -> Result<Self> {
        if bytes.len() as u64 > LARGEST {
            return Err(too_large(&"the file"));
        }
        if Engine::detect_precompiled(&bytes).is_some() {
            return Err(Error::plugin("the file holds compiled code, which can't be checked")
                .with_hint("use the component (.wasm) that it was compiled from"));
        }
        let about = About::of(&bytes)?;
        let publisher = signature::publisher(&bytes)?;
        let digest = blake3::hash(&bytes).to_hex().to_string();
        if !runtime.vetted.has(&digest) {
            effort::check(&bytes)?;
            runtime.vetted.add(&digest);
        }
        let component = compile(&runtime.engine, bytes.clone())?;
        let ty = component.component_type();
        let imports: Vec<String> = ty.imports(&runtime.engine).map(|(name, _)| name.to_owned()).collect();
        let exports: Vec<String> = ty.exports(&runtime.engine).map(|(name, _)| name.to_owned()).collect();
        let mut capabilities: Vec<Capability> = exports.iter().filter_map(|e| Capability::of_export(e)).collect();
        capabilities.sort_unstable();
        let unknown_exports = exports.into_iter().filter(|e| Capability::of_export(e).is_none()).collect();
        let sha256 = Digest::of(&bytes);
        let inspection = Inspection { about, publisher, sha256, digest, capabilities, imports, unknown_exports };
        Ok(Self { inspection, bytes, component })
    }

    /// What can be said of it.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// What stands between it and running, given these grants.
    #[must_use]
    pub fn refusals(&self, granted: &BTreeSet<String>) -> Vec<Refusal> {
        permission::refusals(self.inspection.imports.iter().map(String::as_str), granted)
    }

    /// Makes it a plugin.
    ///
    /// # Errors
    /// If it imports what isn't served or granted, or exports what this host can't call; the message says which, one
    /// sentence each.
    pub fn admit(self, runtime: &Arc<Runtime>, granted: &BTreeSet<String>) -> Result<Plugin> {
        let name = self.inspection.about.name.clone();
        let refusals = self.refusals(granted);
        if let Some(first) = refusals.first() {
            let reasons: Vec<String> = refusals.iter().map(|r| format!("{}: {}", r.import, r.reason)).collect();
            return Err(Error::permission_denied(format!("the plugin {name} can't be used: {}", reasons.join("; ")))
                .with_hint(first.remedy.clone()));
        }
        if !self.inspection.capabilities.contains(&Capability::Instance) {
            return Err(Error::plugin(format!("the plugin {name} doesn't export cofferdam:engine/instance@0.1"))
                .with_hint("every plugin exports it; build it with the SDK's `export!`"));
        }
        let mut linker = runtime.linker.clone();
        let linked = wasi::refuse_sockets(&mut linker, &self.component);
        let pre = linked.and_then(|()| linker.instantiate_pre(&self.component)).map_err(|e| {
            Error::plugin(format!("the plugin {name} doesn't fit what this host serves"))
                .with_cause(e.root_cause().to_string())
        })?;
        Exports::check(&pre, &self.inspection.capabilities).map_err(|e| {
            Error::plugin(format!("the plugin {name} exports what this host can't call")).with_cause(e.to_string())
        })?;
        let inner = Inner { runtime: Arc::clone(runtime), pre, inspection: self.inspection, bytes: self.bytes };
        Ok(Plugin(Arc::new(inner)))
    }
}

impl Plugin {
    /// What can be said of it.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.0.inspection
    }

    /// The component's bytes, as they were checked.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// Says that it has a capability.
    ///
    /// # Errors
    /// If it hasn't.
    pub fn require(&self, capability: Capability) -> Result<()> {
        if self.inspection().capabilities.contains(&capability) {
            return Ok(());
        }
        Err(Error::unsupported(format!(
            "the engine {} can't do this: its plugin has no {capability}",
            self.inspection().about.name
        )))
    }
}

/// Reads a component's file, once and not more than [`LARGEST`] bytes.
///
/// # Errors
/// "not-found", "permission-denied" or "storage" if it can't be read; "plugin" if it is larger.
pub fn read(path: &Path) -> Result<Bytes> {
    let failed = |e: io::Error| {
        let error = match e.kind() {
            io::ErrorKind::NotFound => Error::not_found,
            io::ErrorKind::PermissionDenied => Error::permission_denied,
            _ => Error::storage,
        };
        error(format!("the plugin {} can't be read", path.display())).with_cause(e)
    };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large(&path.display()));
    }
    Ok(bytes.into())
}

pub(crate) fn too_large(what: &dyn fmt::Display) -> Error {
    Error::plugin(format!("{what} is larger than {} MiB, so it is no plugin", LARGEST >> 20))
}

/// In a thread of its own, so that a component made to compile for ever can be left behind.
fn compile(engine: &Engine, bytes: Bytes) -> Result<Component> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let engine = engine.clone();
    thread::Builder::new()
        .name("compile".to_owned())
        .spawn(move || {
            // Nobody waits any more once the time is over.
            let _ = sender.send(Component::from_binary(&engine, &bytes));
        })
        .map_err(|e| Error::internal("no thread can be started to compile the plugin").with_cause(e))?;
    match receiver.recv_timeout(COMPILE_TIME) {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(e)) => {
            Err(Error::plugin("this isn't a valid WebAssembly component").with_cause(e.root_cause().to_string()))
        }
        Err(_) => Err(Error::plugin(format!("the plugin wasn't compiled within {} s", COMPILE_TIME.as_secs()))),
    }
}
