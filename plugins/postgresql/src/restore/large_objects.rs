//! Pages of large objects on their way in.
//!
//! COPY can't write large objects, and a statement for each page would cost a round trip's worth of parsing for every
//! 2 KiB. So the pages go into a table of the session, and one statement puts them all where they belong.

use super::marker::Marker;
use crate::session::Session;
use cofferdam_sdk::engine::{Complete, Data, Summary, Unit};
use cofferdam_sdk::{Error, Result};

/// The session's table of pages. It isn't logged and isn't written to the disk by commits.
pub const STAGE: &str = "CREATE TEMPORARY TABLE IF NOT EXISTS cofferdam_pages
    (oid pg_catalog.oid NOT NULL, start pg_catalog.int8 NOT NULL, data pg_catalog.bytea NOT NULL)";

/// How pages come into it.
pub const FILL: &str = "COPY pg_temp.cofferdam_pages FROM STDIN";

/// Puts every page of the session's table where it belongs.
pub const PUT: &str = "SELECT pg_catalog.count(pg_catalog.lo_put(oid, start, data)) FROM pg_temp.cofferdam_pages";

/// Writes a unit of pages and its mark in one transaction.
pub async fn write(session: &Session, marker: &Marker, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
    // A notice says that the table is there, from the second unit on.
    let begin = format!(
        "SET client_min_messages = warning; {STAGE} ON COMMIT DELETE ROWS; BEGIN; {}",
        marker.whole(&unit.name)
    );
    session.connection.run(begin).await?;
    let rows = put(session, data, complete).await?;
    session.connection.run("COMMIT").await?;
    Ok(Summary { rows: Some(rows), ..Summary::default() })
}

/// Writes pages within the transaction that the session is in.
pub async fn add(session: &Session, data: Data, complete: Complete) -> Result<Summary> {
    let begin = format!(
        "SET LOCAL client_min_messages = warning; {STAGE} ON COMMIT DELETE ROWS; TRUNCATE pg_temp.cofferdam_pages"
    );
    session.connection.run(begin).await?;
    Ok(Summary { rows: Some(put(session, data, complete).await?), ..Summary::default() })
}

async fn put(session: &Session, data: Data, complete: Complete) -> Result<u64> {
    let connection = &session.connection;
    let failed = |error: Error| error.while_doing("writing large objects");
    let rows = connection.copy_in(FILL.as_bytes().to_vec(), data, complete).await.map_err(failed)?;
    let put = connection.value(PUT).await.map_err(failed)?;
    if put.as_deref() != Some(rows.to_string().as_str()) {
        return Err(Error::corrupt(format!("{rows} pages of large objects came, and not all of them were put back")));
    }
    Ok(rows)
}
