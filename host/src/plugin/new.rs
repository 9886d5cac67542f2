//! `cofferdam plugin new`: a crate with an engine that works, to be changed into another.
//!
//! The SDK and the contract go into the crate: a plugin is built against those of the program that wrote it, wherever the
//! crate lies, and without any registry that has them.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::about;
use crate::error::{Error, Result};

/// Every file of the template, the SDK and the contract, by its path in Cofferdam's own repository.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/plugin_files.rs"));
/// Where the versions of what the SDK depends on stand.
const WORKSPACE: &str = include_str!("../../../Cargo.toml");

/// Writes the crate of a new engine into the folder `name` in `parent`.
///
/// # Errors
/// If the name is none for an engine or a crate, the folder is there already, or can't be written.
pub fn create(parent: &Path, name: &str) -> Result<PathBuf> {
    if !about::is_name(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(Error::invalid_options(format!("{name:?} is no name for an engine"))
            .with_hint("a name has 1 to 64 lower-case letters, digits and hyphens, and begins with a letter"));
    }
    let folder = parent.join(name);
    if folder.exists() {
        return Err(Error::already_exists(format!("{} is there already", folder.display())));
    }
    let failed = |e: std::io::Error| Error::storage(format!("{} can't be written", folder.display())).with_cause(e);
    // Written beside its name, so that half a crate never bears it.
    let building = tempfile::Builder::new().prefix(&format!(".{name}.")).tempdir_in(parent).map_err(failed)?;
    for (path, text) in files(name)? {
        let path = building.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
    }
    readable(building.path()).and_then(|()| fs::rename(building.path(), &folder)).map_err(failed)?;
    Ok(folder)
}

/// A temporary folder is its owner's alone; a crate needn't be.
#[cfg(unix)]
fn readable(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The files of a new crate, by their paths in it.
fn files(name: &str) -> Result<Vec<(PathBuf, String)>> {
    let workspace: DocumentMut = WORKSPACE.parse().map_err(|e| own("the workspace", &e))?;
    let serde_json = shared(&workspace, "dependencies", "serde_json")?.as_str().unwrap_or("1").to_owned();
    let fill = |text: &str| {
        text.replace("{{name}}", name)
            .replace("{{version}}", env!("CARGO_PKG_VERSION"))
            .replace("{{serde_json}}", &serde_json)
    };
    let mut files = Vec::new();
    for (path, text) in FILES {
        let (target, text) = match *path {
            // The template is a crate of Cofferdam's workspace itself, so that it is tested.
            "sdk/template/Cargo.toml" => continue,
            "sdk/template/gitignore.new" => (".gitignore".to_owned(), fill(text)),
            "sdk/template/vendored.md.new" => ("cofferdam/README.md".to_owned(), fill(text)),
            "sdk/Cargo.toml" => (format!("cofferdam/{path}"), alone(text, &workspace)?),
            _ => match path.strip_prefix("sdk/template/") {
                Some(own) => (own.trim_end_matches(".new").to_owned(), fill(text)),
                None => (format!("cofferdam/{path}"), (*text).to_owned()),
            },
        };
        files.push((PathBuf::from(target), text));
    }
    Ok(files)
}

/// A manifest that takes nothing from a workspace: what it took is written out.
fn alone(manifest: &str, workspace: &DocumentMut) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse().map_err(|e| own("the SDK's manifest", &e))?;
    for table in ["package", "dependencies"] {
        let Some(entries) = manifest.get_mut(table).and_then(Item::as_table_mut) else { continue };
        for (key, entry) in entries.iter_mut() {
            if entry.get("workspace").is_some() {
                *entry = shared(workspace, table, key.get())?.clone();
            }
        }
    }
    // What Cofferdam asks of its own code isn't asked of the author's; but they know the same conditions.
    manifest.remove("lints");
    let conditions = shared(workspace, "lints", "rust")?.get("unexpected_cfgs").and_then(Item::as_value);
    let conditions = conditions.map(|conditions| format!("\n[lints.rust]\nunexpected_cfgs ={conditions}\n"));
    Ok(manifest.to_string() + &conditions.unwrap_or_default())
}

/// What the workspace says of a key that its members may take over.
fn shared<'a>(workspace: &'a DocumentMut, table: &str, key: &str) -> Result<&'a Item> {
    let found = workspace.get("workspace").and_then(|w| w.get(table)?.get(key));
    found.ok_or_else(|| Error::internal(format!("the workspace of this program has no {key} in its {table}")))
}

fn own(what: &str, error: &toml_edit::TomlError) -> Error {
    Error::internal(format!("{what} of this program can't be read")).with_cause(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_written_takes_nothing_from_our_workspace() {
        let files = files("my-engine").unwrap();
        let text = |path: &str| &files.iter().find(|(name, _)| name == Path::new(path)).unwrap().1;
        for manifest in ["Cargo.toml", "cofferdam/sdk/Cargo.toml"] {
            let manifest = text(manifest);
            assert!(!manifest.contains("workspace = true") && !manifest.contains("{{"), "{manifest}");
            manifest.parse::<DocumentMut>().unwrap();
        }
        assert!(text("cofferdam/sdk/Cargo.toml").contains("wit-bindgen = { version"));
        assert!(text("plugin.toml").contains("name = \"my-engine\""));
        for (path, text) in &files {
            assert!(!text.contains("{{name}}"), "{}", path.display());
        }
        for there in ["src/lib.rs", "toy/main.rs", ".gitignore", "cofferdam/wit/engine/0.1.0/engine.wit"] {
            text(there);
        }
    }

    #[test]
    fn a_name_that_is_none_and_a_folder_that_is_there_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "../up", "Upper", "9lives", "a b"] {
            assert_eq!(create(folder.path(), name).unwrap_err().code(), "invalid-options", "{name}");
        }
        create(folder.path(), "twice").unwrap();
        assert_eq!(create(folder.path(), "twice").unwrap_err().code(), "already-exists");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left beside it");
    }
}
