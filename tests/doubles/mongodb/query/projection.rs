//! Projections of top-level fields (MongoDB manual, "Project Fields to Return from Query").

use bson::{Bson, Document};
use bytes::Bytes;

use super::truth;
use crate::doubles::mongodb::bson::{Writer, fields};
use crate::doubles::mongodb::failure::{Failure, Result};

/// What a projection leaves of a document; without a projection the document as it is.
///
/// # Errors
/// For anything but including or excluding top-level fields.
pub fn project(document: &Bytes, projection: &Document) -> Result<Bytes> {
    if projection.is_empty() {
        return Ok(document.clone());
    }
    for (name, wanted) in projection {
        if name.contains(['.', '$']) || matches!(wanted, Bson::Document(_) | Bson::Array(_) | Bson::String(_)) {
            return Err(Failure::not_modelled(&format!("the projection {{ {name}: {wanted} }}")));
        }
    }
    let includes = projection.iter().any(|(name, wanted)| truth(wanted) && (name != "_id" || projection.len() == 1));
    let mut left = Writer::default();
    for element in fields(document) {
        let name = String::from_utf8_lossy(element.name);
        let kept = projection.get(&*name).map_or(!includes || name == "_id", truth);
        if kept {
            left.raw(element.tag, element.name, element.value);
        }
    }
    Ok(left.finish().into())
}
