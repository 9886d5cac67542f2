//! What is in large objects, and what they are.
//!
//! Their pages are read from the catalogue itself, since a role that may read all data may not open them. A page that is
//! missing is a hole and stays one.

use super::copy;
use crate::catalog::large_objects::{Comment, DEFINITIONS, Definition, Group};
use crate::catalog::rows;
use crate::entry::Entry;
use crate::session::Session;
use cofferdam_sdk::engine::{Summary, Unit};
use cofferdam_sdk::{Error, Reading, Result, options};
use std::rc::Rc;

/// Opens the stream of a range's pages: oid, where the page begins, and its bytes. A page has a quarter of the server's
/// block size, which another server may have chosen otherwise, so its place is told in bytes.
pub async fn pages(session: Rc<Session>, unit: &Unit) -> Result<Reading> {
    let (first, last) = range(unit)?;
    let sql = format!(
        "COPY (SELECT loid, pageno::pg_catalog.int8 * (pg_catalog.current_setting('block_size')::pg_catalog.int8 / 4), data
         FROM pg_catalog.pg_largeobject WHERE loid BETWEEN {first} AND {last}) TO STDOUT"
    );
    copy::stream(session, format!("large objects {first} to {last}"), None, sql, None).await
}

/// The entries of a range.
pub async fn definitions(session: Rc<Session>, unit: &Unit) -> Result<Reading> {
    let (first, last) = range(unit)?;
    // One statement for both: a second one would wait behind the rows of reads that were begun meanwhile, and those for the
    // end of this one.
    let query = DEFINITIONS.replace("$first", &first.to_string()).replace("$last", &last.to_string());
    match rows::at_once::<Definition>(&session, &query).await {
        Ok(found) => {
            let (groups, comments): (Vec<_>, Vec<_>) = found.into_iter().map(|row| (row.group, row.comment)).unzip();
            let groups = groups.into_iter().flatten().flat_map(Group::into_entries);
            let entries: Vec<_> = groups.chain(comments.into_iter().flatten().map(Comment::into_entry)).collect();
            Ok(Reading::from_bytes(Entry::lines(&entries)?, Summary::default()))
        }
        Err(error) => Err(copy::after(&session, &format!("large objects {first} to {last}"), error).await),
    }
}

fn range(unit: &Unit) -> Result<(u32, u32)> {
    let oid = |key| {
        let value = options::get(&unit.extra, key);
        value
            .ok_or_else(|| Error::corrupt(format!("unit {} doesn't say its {key}", unit.name)))?
            .parse()
            .map_err(Error::from)
    };
    Ok((oid("first")?, oid("last")?))
}
