//! `cofferdam plugin build`: a crate becomes a component; a plugin in Python too (`python.rs`).
//!
//! The target is `wasm32-unknown-unknown`, which imports nothing that wasn't asked for. Where rustup's toolchain has it,
//! that one builds; else Debian's packages do, which bring the standard library's source.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::about::About;
use super::{package, python};
use crate::error::{Error, Result};

const TARGET: &str = "wasm32-unknown-unknown";

/// A component that was built.
#[derive(Debug)]
pub struct Built {
    /// Who it says it is.
    pub about: About,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
}

/// Builds the plugin whose crate lies in `folder`, into `output` or `target/plugins/NAME.wasm`; one in Python into
/// `dist/NAME.wasm` beside it.
///
/// # Errors
/// If no toolchain for the target is there, the plugin doesn't build, or it is none.
pub fn build(folder: &Path, output: Option<&Path>) -> Result<Built> {
    let folder = folder
        .canonicalize()
        .map_err(|e| Error::not_found(format!("{} isn't there", folder.display())).with_cause(e))?;
    if python::is_one(&folder) {
        let (about, component) = python::build(&folder)?;
        let path = output.map_or_else(|| python::output(&folder, &about.name), Path::to_owned);
        write(&path, &component)?;
        return Ok(Built { about, path, bytes: component.len() as u64 });
    }
    let metadata = metadata(&folder)?;
    let manifest = folder.join("Cargo.toml");
    let package = metadata
        .packages
        .into_iter()
        .find(|p| p.manifest_path == manifest)
        .ok_or_else(|| Error::not_found(format!("{} is no crate", folder.display())))?;
    let about = package::describe(&folder, &package.version)?;
    let toolchain = Toolchain::find()?;
    // A workspace may have a profile of its own for plugins; elsewhere it is `release`.
    let profile = if has_profile(&metadata.workspace_root) { "plugin" } else { "release" };
    toolchain.build(&folder, &package.name, profile)?;
    let module =
        metadata.target_directory.join(TARGET).join(profile).join(format!("{}.wasm", package.name.replace('-', "_")));
    let module = std::fs::read(&module).map_err(|e| {
        Error::plugin(format!("the crate {} made no {}", package.name, module.display()))
            .with_cause(e)
            .with_hint("its Cargo.toml needs `crate-type = [\"cdylib\"]`")
    })?;
    let component = package::component(&module, &about)?;
    let path = match output {
        Some(path) => path.to_owned(),
        None => metadata.target_directory.join("plugins").join(format!("{}.wasm", about.name)),
    };
    write(&path, &component)?;
    Ok(Built { about, path, bytes: component.len() as u64 })
}

fn write(path: &Path, component: &[u8]) -> Result<()> {
    let written = match path.parent() {
        Some(folder) => std::fs::create_dir_all(folder),
        None => Ok(()),
    };
    written
        .and_then(|()| std::fs::write(path, component))
        .map_err(|e| Error::storage(format!("{} can't be written", path.display())).with_cause(e))
}

fn metadata(folder: &Path) -> Result<Metadata> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Error::not_found("cargo can't be run").with_cause(e).with_hint("install Rust from rustup.rs"))?;
    if !output.status.success() {
        return Err(Error::invalid_options(format!("cargo can't read the crate in {}", folder.display())));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Error::internal("cargo's description of the crate can't be read").with_cause(e))
}

fn has_profile(workspace: &Path) -> bool {
    let text = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap_or_default();
    let read: Option<toml::Table> = toml::from_str(&text).ok();
    read.and_then(|t| t.get("profile")?.get("plugin").cloned()).is_some()
}

/// What builds for the target.
enum Toolchain {
    /// The active toolchain has the target.
    Active,
    /// Debian's packages, with the linker that is there.
    Debian { linker: PathBuf },
}

/// Where Debian's rust-web-src puts the standard library.
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/Cargo.toml";

impl Toolchain {
    fn find() -> Result<Self> {
        let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().ok();
        let sysroot = sysroot.and_then(|o| String::from_utf8(o.stdout).ok()).unwrap_or_default();
        if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
            return Ok(Self::Active);
        }
        let there = ["/usr/bin/cargo", "/usr/bin/rustc", DEBIAN_SOURCE].iter().all(|p| Path::new(p).exists());
        match debian_linker() {
            Some(linker) if there => Ok(Self::Debian { linker }),
            _ => Err(Error::not_found(format!("no Rust toolchain here builds for {TARGET}")).with_hint(format!(
                "run `rustup target add {TARGET}`; where rustup can't fetch it, Debian's packages \
                 rustc-web, cargo-web, rust-web-src and lld-NN do"
            ))),
        }
    }

    fn build(&self, folder: &Path, package: &str, profile: &str) -> Result<()> {
        let mut command = match self {
            Self::Active => Command::new("cargo"),
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    // Building the standard library is unstable in name; it is how Debian's packages reach the target.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .env_remove("RUSTUP_TOOLCHAIN");
                command
            }
        };
        command.args(["build", "--profile", profile, "--target", TARGET, "--package", package]).current_dir(folder);
        if matches!(self, Self::Debian { .. }) {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        let status = command
            // Results go to standard output, and cargo's progress isn't one.
            .stdout(Stdio::null())
            .status()
            .map_err(|e| Error::not_found("cargo can't be run").with_cause(e))?;
        if status.success() { Ok(()) } else { Err(Error::plugin(format!("the crate {package} doesn't build"))) }
    }
}

/// The newest `wasm-ld` of Debian's lld packages.
fn debian_linker() -> Option<PathBuf> {
    let version = |name: &OsString| name.to_str()?.strip_prefix("llvm-")?.parse::<u32>().ok();
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| entry.ok().map(|e| e.file_name()));
    let newest = folders
        .filter_map(|name| version(&name))
        .filter(|v| Path::new(&format!("/usr/lib/llvm-{v}/bin/wasm-ld")).exists())
        .max()?;
    Some(PathBuf::from(format!("/usr/lib/llvm-{newest}/bin/wasm-ld")))
}
