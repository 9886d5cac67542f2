//! The wasmtime engine that all plugins of a process run in, its compiled-code cache, and the clock that interrupts.

use std::path::Path;
use std::thread;
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Config, Engine};

use super::sandbox::Tenant;
use super::vetted::Vetted;
use crate::error::{Error, Result};
use crate::services;

/// How often a plugin that is running is interrupted and asked whether it still may.
const TICK: Duration = Duration::from_millis(10);

/// The engine and the linker; one for a process is enough.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Tenant>,
    pub(super) vetted: Vetted,
}

impl Runtime {
    /// A runtime; compiled plugins are kept in `cache`, if given.
    ///
    /// # Errors
    /// If the cache's folder can be written by somebody else, or the engine can't be made here.
    pub fn new(cache: Option<&Path>) -> Result<Self> {
        let mut config = Config::new();
        config.wasm_component_model_async(true);
        config.epoch_interruption(true);
        // Nothing that an engine needs, and each would be one more thing to bound.
        config.wasm_memory64(false).wasm_relaxed_simd(false).wasm_multi_memory(false);
        if let Some(folder) = cache {
            own(folder)?;
            config.cache(Some(compiled(&folder.join("compiled"))?));
        }
        let engine = Engine::new(&config)
            .map_err(|e| Error::internal("the WebAssembly engine can't be made on this machine").with_cause(e))?;
        let mut linker = Linker::new(&engine);
        services::add_to_linker(&mut linker, |tenant: &mut Tenant| &mut tenant.services)
            .map_err(|e| Error::internal("the services can't be linked").with_cause(e))?;
        tick(&engine)?;
        let vetted = Vetted::within(cache.map(|folder| folder.join("vetted")).as_deref());
        Ok(Self { engine, linker, vetted })
    }
}

/// Makes a folder of ours alone. Compiled code runs as part of us: one that somebody else can write to would be a way in.
fn own(folder: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| refused(format!("the cache folder {} can't be made", folder.display())).with_cause(e))?;
    let found = std::fs::symlink_metadata(folder)
        .map_err(|e| refused(format!("the cache folder {} can't be read", folder.display())).with_cause(e))?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0 {
        return Err(refused(format!("the cache folder {} isn't ours alone", folder.display())));
    }
    Ok(())
}

fn compiled(folder: &Path) -> Result<Cache> {
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Cache::new(config).map_err(|e| refused(format!("the cache in {} can't be used", folder.display())).with_cause(e))
}

fn refused(what: String) -> Error {
    Error::permission_denied(what).with_hint("choose another folder with XDG_CACHE_HOME")
}

/// Its own thread: an executor whose threads are all busy in a plugin would never tick.
fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("epoch".to_owned())
        .stack_size(64 << 10)
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })
        .map(drop)
        .map_err(|e| Error::internal("the clock for plugins can't be started").with_cause(e))
}
