//! What is in large objects.
//!
//! Their pages are read from the catalogue itself, since a role that may read all data may not open them. A page that is
//! missing is a hole and stays one.

use crate::catalog::rows::Catalogue;
use crate::entry::Entry;
use crate::session::Session;
use cofferdam_sdk::engine::Summary;
use cofferdam_sdk::{Error, Reading, Result};
use serde::Deserialize;
use std::rc::Rc;

const SIZE: &str = include_str!("large_objects.sql");

/// Pages that one query reads; a page is 2 KiB, a quarter of the server's block size.
const PAGES: usize = 256;

#[derive(Deserialize)]
struct Size {
    bytes: u64,
}

/// What all of them take on the server's disk, in bytes; none if there are none.
pub async fn bytes(catalogue: Catalogue<'_>) -> Result<Option<u64>> {
    Ok(catalogue.rows::<Size>(SIZE).await?.first().map(|size| size.bytes))
}

/// Opens the stream of all their pages.
pub fn read(session: Rc<Session>) -> Reading {
    Reading::produced(|mut writer| async move {
        let mut rows = 0;
        let mut position = (String::from("0"), String::from("-1"));
        loop {
            let pages = pages(&session, &position).await?;
            let entries: Vec<Entry> = pages.iter().map(Page::entry).collect();
            rows += entries.len() as u64;
            writer.write(Entry::lines(&entries)?).await?;
            match pages.into_iter().next_back() {
                Some(last) => position = (last.object, last.number),
                None => return Ok(Summary { rows: Some(rows), ..Summary::default() }),
            }
        }
    })
}

struct Page {
    object: String,
    number: String,
    offset: String,
    hex: String,
}

async fn pages(session: &Session, after: &(String, String)) -> Result<Vec<Page>> {
    let query = format!(
        "SELECT loid, pageno, pageno::pg_catalog.int8 * (current_setting('block_size')::pg_catalog.int8 / 4),
             pg_catalog.encode(data, 'hex')
         FROM pg_catalog.pg_largeobject WHERE (loid, pageno) > ({}, {}) ORDER BY loid, pageno LIMIT {PAGES}",
        after.0, after.1
    );
    let rows = session.connection.rows(query).await.map_err(|error| error.while_doing("reading large objects"))?;
    rows.into_iter().map(Page::of).collect()
}

impl Page {
    fn of(row: Vec<Option<Vec<u8>>>) -> Result<Self> {
        let mut cells = row.into_iter().map(|cell| String::from_utf8(cell.unwrap_or_default()));
        let mut next = || cells.next().unwrap_or_else(|| Ok(String::new())).map_err(Error::from);
        Ok(Self { object: next()?, number: next()?, offset: next()?, hex: next()? })
    }

    fn entry(&self) -> Entry {
        let put = format!("SELECT pg_catalog.lo_put({}, {}, '\\x{}')", self.object, self.offset, self.hex);
        Entry::new(format!("LARGE OBJECT {}", self.object), vec![put])
    }
}
