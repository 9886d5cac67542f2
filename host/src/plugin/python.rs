//! `cofferdam plugin build` of a folder with a `pyproject.toml`: componentize-py makes the component, and the interpreter is
//! in it.
//!
//! The engine's modules lie in `src`: `engine` with the class `Instance`, and a module for each interface with resources,
//! `backup` and `restore`, with a class `Session`. Its world, what it imports and exports, is `wit/world.wit`. The contract comes
//! from the program itself, so that the plugin is built against what this host serves.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::about::About;
use super::package;
use crate::error::{Error, Result};

/// The contract: a package in a folder each.
const CONTRACT: [(&str, &str); 5] = [
    ("host", include_str!("../../../wit/host/0.1.0/host.wit")),
    ("postgres", include_str!("../../../wit/postgres/0.1.0/postgres.wit")),
    ("mongodb", include_str!("../../../wit/mongodb/0.1.0/mongodb.wit")),
    ("tcp", include_str!("../../../wit/tcp/0.1.0/tcp.wit")),
    ("engine", include_str!("../../../wit/engine/0.1.0/engine.wit")),
];

/// What is read of `pyproject.toml`.
#[derive(Deserialize)]
struct Project {
    project: Identity,
}

#[derive(Deserialize)]
struct Identity {
    version: String,
}

/// Whether a folder holds a plugin in Python.
pub(super) fn is_one(folder: &Path) -> bool {
    folder.join("pyproject.toml").is_file()
}

/// The version in `pyproject.toml`.
///
/// # Errors
/// If there is none.
fn version(folder: &Path) -> Result<String> {
    let path = folder.join("pyproject.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Error::not_found(format!("{} can't be read", path.display())).with_cause(e))?;
    let read: Project = toml::from_str(&text).map_err(|e| {
        Error::invalid_options(format!("{} says no version", path.display()))
            .with_cause(e)
            .with_hint("it needs `version` under [project]")
    })?;
    Ok(read.project.version)
}

/// Makes the component, without its description.
///
/// # Errors
/// If componentize-py isn't there, or can't make it; it has said why.
fn component(folder: &Path) -> Result<Vec<u8>> {
    let work =
        tempfile::tempdir().map_err(|e| Error::storage("no folder can be made for the component").with_cause(e))?;
    let (made, wit) = (work.path().join("component.wasm"), work.path().join("wit"));
    lay_out(folder, &wit)?;
    let mut command = Command::new("componentize-py");
    command.arg("--wit-path").arg(&wit).args(["componentize", "engine", "--python-path"]).arg(folder.join("src"));
    command.arg("--output").arg(&made);
    let status = command.current_dir(work.path()).stdout(Stdio::null()).status().map_err(|e| {
        Error::not_found("componentize-py can't be run")
            .with_cause(e)
            .with_hint("pip install componentize-py, and have it on the PATH")
    })?;
    if !status.success() {
        return Err(Error::plugin(format!("componentize-py can't make a component of {}", folder.display())));
    }
    std::fs::read(&made).map_err(|e| Error::plugin("componentize-py made no component").with_cause(e))
}

/// The plugin's world in `wit`, and the contract where its packages are looked for.
fn lay_out(folder: &Path, wit: &Path) -> Result<()> {
    for (package, text) in CONTRACT {
        let home = wit.join("deps").join(package);
        std::fs::create_dir_all(&home)
            .and_then(|()| std::fs::write(home.join("package.wit"), text))
            .map_err(|e| Error::storage(format!("{} can't be written", home.display())).with_cause(e))?;
    }
    let world = folder.join("wit").join("world.wit");
    std::fs::copy(&world, wit.join("world.wit")).map(drop).map_err(|e| {
        Error::not_found(format!("{} can't be read", world.display()))
            .with_cause(e)
            .with_hint("it says in WIT what the plugin imports and exports")
    })
}

/// Where the component goes if nothing is said.
pub(super) fn output(folder: &Path, name: &str) -> PathBuf {
    folder.join("dist").join(format!("{name}.wasm"))
}

/// Reads the description and makes the whole component.
///
/// # Errors
/// As [`version`], [`package::describe`] and [`component`].
pub(super) fn build(folder: &Path) -> Result<(About, Vec<u8>)> {
    let about = package::describe(folder, &version(folder)?)?;
    let component = package::described(component(folder)?, &about)?;
    Ok((about, component))
}
