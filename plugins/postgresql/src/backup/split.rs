//! From which size on tables are read in parts, and rows in pieces.

use crate::quote::literal;
use crate::session::Session;
use cofferdam_sdk::{Error, Options, Result, options};

const SPLIT: &str = "split-size";
const LONG_ROW: &str = "long-row";

/// Bytes from which on a table is read in parts, if nothing else was said. A part of it takes a few seconds, so that the
/// last ones don't leave the other sessions idle for long, and a table of a terabyte has no more than 4,000.
const DEFAULT: u64 = 256 << 20;

/// Bytes of text that a row may have at most to be read by COPY. The server makes it in a buffer of 1 GiB, in which there is
/// to be room for what isn't looked at.
const LONGEST: u64 = 1_000_000_000;

/// From how many bytes on a table is read in parts; none if tables aren't split.
pub async fn size(session: &Session, settings: &Options) -> Result<Option<u64>> {
    bytes(session, settings, SPLIT, DEFAULT).await
}

/// How many bytes of text a row may have to be read by COPY; none if no rows are looked for that have more.
pub async fn long_row(session: &Session, settings: &Options) -> Result<Option<u64>> {
    match bytes(session, settings, LONG_ROW, LONGEST).await? {
        Some(bytes) if bytes > LONGEST => Err(Error::invalid_options(format!("{LONG_ROW} can't be {bytes} bytes"))
            .with_hint(format!("no server makes a row's text of more than about {LONGEST} bytes"))),
        bytes => Ok(bytes),
    }
}

async fn bytes(session: &Session, settings: &Options, setting: &str, default: u64) -> Result<Option<u64>> {
    let Some(text) = options::get(settings, setting) else { return Ok(Some(default)) };
    let invalid = || {
        Error::invalid_options(format!("{setting}={text} isn't a size"))
            .with_hint("write it as PostgreSQL does, like 256MB or 1GB; 0 is for never")
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
