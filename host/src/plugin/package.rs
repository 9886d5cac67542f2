//! From a compiled core module to a component that says who it is.

use std::path::Path;

use serde::Deserialize;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::ComponentEncoder;

use super::about::{About, SECTION, Setting};
use crate::error::{Error, Result};

/// `plugin.toml`, beside the crate's `Cargo.toml`; the version is the crate's.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Description {
    name: String,
    title: String,
    #[serde(default)]
    server_versions: String,
    default_port: Option<u16>,
    #[serde(default)]
    settings: Vec<Setting>,
}

/// Reads a plugin's description.
///
/// # Errors
/// If the file isn't there, or doesn't describe a plugin.
pub fn describe(crate_folder: &Path, version: &str) -> Result<About> {
    let path = crate_folder.join("plugin.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Error::not_found(format!("{} can't be read", path.display())).with_cause(e))?;
    let read: Description = toml::from_str(&text)
        .map_err(|e| Error::invalid_options(format!("{} doesn't describe a plugin", path.display())).with_cause(e))?;
    About {
        name: read.name,
        title: read.title,
        version: version.to_owned(),
        server_versions: read.server_versions,
        default_port: read.default_port,
        settings: read.settings,
    }
    .checked()
}

/// Makes the component.
///
/// # Errors
/// If the module wasn't built with the SDK, or isn't valid.
pub fn component(module: &[u8], about: &About) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default()
        .module(module)
        .map(|encoder| encoder.validate(true))
        .and_then(|encoder| encoder.encode())
        .map_err(|e| {
            Error::plugin(format!("{}: the module can't be made a component", about.name)).with_cause(format!("{e:#}"))
        })?;
    described(component, about)
}

/// A component with its description.
///
/// # Errors
/// If that can't be written.
pub(super) fn described(mut component: Vec<u8>, about: &About) -> Result<Vec<u8>> {
    let data = serde_json::to_vec(about)
        .map_err(|e| Error::plugin(format!("{}: its description can't be written", about.name)).with_cause(e))?;
    CustomSection { name: SECTION.into(), data: data.into() }.append_to_component(&mut component);
    Ok(component)
}
