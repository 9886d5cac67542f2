//! The custom sections of a component, read without running anything.

use std::ops::Range;

use wasmparser::{Parser, Payload};

use crate::error::{Error, Result};

/// A custom section.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// What it holds.
    pub data: &'a [u8],
    /// Where its name and data lie in the file.
    pub range: Range<u64>,
}

/// The custom sections called `name` of the outermost component; what is nested in it can't speak for it.
///
/// # Errors
/// If the bytes aren't a whole component.
pub(super) fn outermost<'a>(component: &'a [u8], name: &str) -> Result<Vec<Section<'a>>> {
    let mut sections = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|e| Error::plugin("this isn't a whole WebAssembly component").with_cause(e))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == name => {
                sections.push(Section { data: section.data(), range: section.range() });
            }
            _ => {}
        }
    }
    Ok(sections)
}
