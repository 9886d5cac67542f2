//! Plugins that a test publishes: versions of one that was built here, signed with keys of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cofferdam::Cofferdam;
use crate::error::Result;

const BOUND: Duration = Duration::from_secs(150);

/// Somebody with a key, whose files lie in a folder of the test.
#[derive(Debug)]
pub struct Publisher<'a> {
    cofferdam: &'a Cofferdam,
    /// What the private key's file and the published ones are called after.
    name: String,
    /// The public key, as it is shown.
    pub key: String,
}

impl<'a> Publisher<'a> {
    /// Somebody new.
    ///
    /// # Errors
    /// If no key can be made.
    pub fn new(cofferdam: &'a Cofferdam, name: &str) -> Result<Self> {
        let file = format!("{name}.key");
        let key = cofferdam.succeed(&["plugin", "keygen", &file], BOUND)?.stdout.trim().to_owned();
        Ok(Self { cofferdam, name: name.to_owned(), key })
    }

    /// Signs a copy of `component` that says that it has `version`, which is as long as "0.1.0". Gives the file.
    ///
    /// # Errors
    /// If the component doesn't say "0.1.0", or can't be signed.
    pub fn publish(&self, component: &Path, version: &str) -> Result<PathBuf> {
        let file = self.cofferdam.folder().join(format!("{}-{version}.wasm", self.name));
        fs::write(&file, with_version(&fs::read(component)?, version)?)?;
        let key = format!("{}.key", self.name);
        let shown = file.display().to_string();
        self.cofferdam.succeed(&["plugin", "sign", &shown, "--key", &key], BOUND)?;
        Ok(file)
    }
}

/// A component of version "0.1.0" that says that it has another one, which is as long.
///
/// # Errors
/// If it doesn't say so.
pub fn with_version(component: &[u8], version: &str) -> Result<Vec<u8>> {
    with_text(component, "\"version\":\"0.1.0\"", &format!("\"version\":\"{version}\""))
}

/// A component with another text of the same length in its description, which is its end.
///
/// # Errors
/// If it hasn't the old one.
pub fn with_text(component: &[u8], old: &str, new: &str) -> Result<Vec<u8>> {
    let mut component = component.to_vec();
    let at = component.windows(old.len()).rposition(|window| window == old.as_bytes());
    match at.and_then(|at| component.get_mut(at..at + old.len())) {
        Some(place) if old.len() == new.len() => place.copy_from_slice(new.as_bytes()),
        _ => return Err(format!("{old} can't become {new}").into()),
    }
    Ok(component)
}
