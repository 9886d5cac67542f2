//! From which size on tables are read in parts.

use crate::quote::literal;
use crate::session::Session;
use cofferdam_sdk::{Error, Options, Result, options};

/// The setting's name.
const SETTING: &str = "split-size";

/// Bytes from which on a table is read in parts, if nothing else was said. A part of it takes a few seconds, so that the
/// last ones don't leave the other sessions idle for long, and a table of a terabyte has no more than 4,000.
const DEFAULT: u64 = 256 << 20;

/// What the setting says, or the default; none if tables aren't split.
pub async fn size(session: &Session, settings: &Options) -> Result<Option<u64>> {
    let Some(text) = options::get(settings, SETTING) else { return Ok(Some(DEFAULT)) };
    let invalid = || {
        Error::invalid_options(format!("{SETTING}={text} isn't a size"))
            .with_hint("write it as PostgreSQL does, like 256MB or 1GB; 0 splits no table")
    };
    let bytes = session.connection.value(format!("SELECT pg_catalog.pg_size_bytes({})", literal(text))).await;
    match bytes {
        Ok(Some(bytes)) => match bytes.parse() {
            Ok(0) => Ok(None),
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(invalid()),
        },
        // Invalid parameter value.
        Err(error) if !error.has_engine_code("22023") => Err(error),
        _ => Err(invalid()),
    }
}
