//! What is on the disk.

use std::fs;
use std::path::Path;

use crate::error::Result;

/// Bytes of all files below a folder.
///
/// # Errors
/// If it can't be read.
pub fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { size(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}
