//! The long rows of a table: each is put together of several COPYs, to the line that a single one would have made.

use super::{copy, snapshot};
use crate::long_rows::{Column, Kind, LongRows, fits};
use crate::quote::{ident, idents, literal, qualified};
use crate::session::Session;
use crate::table::Table;
use cofferdam_sdk::engine::{Summary, Unit};
use cofferdam_sdk::postgres::statement;
use cofferdam_sdk::{Error, Reading, Result, StreamResult, Writer};
use std::rc::Rc;

/// A piece has so many times fewer characters, or bytes of a `bytea`, than a row's text may have bytes. A character may have
/// four, or two where it is escaped, and a byte has two digits, so that its text has no more than a row's.
const PIECES: u64 = 4;
/// Bytes that are taken of a COPY at once.
const READ: usize = 128 << 10;
/// What COPY writes before a `bytea`: a backslash, which is escaped, and an x.
const HEX: usize = 3;

/// Opens the stream of a table's long rows. `turn` is held until it was read: beside other reads of the session, its
/// statements would wait for streams that nobody takes before this one.
pub async fn read(session: Rc<Session>, unit: &Unit, leader: bool, turn: impl Sized + 'static) -> Result<Reading> {
    let table = Table::of(unit)?;
    let name = qualified(&table.schema, &table.name);
    let Some(fits) = fits(unit) else {
        return Err(Error::corrupt(format!("unit {} doesn't say which rows are long", unit.name)));
    };
    let what = format!("long rows of table {name}");
    // The leader holds its locks already.
    let begin = snapshot::before_read((!leader).then_some(name.as_str()));
    let places = format!("{begin}SELECT ctid FROM ONLY {name} WHERE NOT ({fits})");
    let places = match session.connection.column(places).await {
        Ok(places) => places,
        Err(error) => return Err(copy::after(&session, &what, error).await),
    };
    let rows = LongRows::of(unit)?;
    Ok(Reading::produced(|mut writer| async move {
        let copying = session.copying();
        let mut read = Ok(());
        for place in &places {
            let row = Row { session: &session, table: &name, rows: &rows, place };
            read = row.read(&mut writer).await;
            if read.is_err() {
                break;
            }
        }
        drop(copying);
        let done = match read {
            Ok(()) => Ok(Summary { rows: Some(places.len() as u64), ..Summary::default() }),
            Err(error) => Err(copy::after(&session, &what, error).await),
        };
        drop(turn);
        done
    }))
}

/// A row that is being read.
struct Row<'a> {
    session: &'a Session,
    table: &'a str,
    rows: &'a LongRows,
    /// Its place in the table, which doesn't change under the snapshot.
    place: &'a str,
}

/// Columns that are read by one COPY, or one that isn't.
#[derive(Debug, PartialEq, Eq)]
enum Segment<'a> {
    Short(Vec<&'a Column>),
    Long(&'a Column),
}

impl Row<'_> {
    async fn read(&self, writer: &mut Writer) -> Result<()> {
        let bounds: Vec<Option<String>> = self.rows.columns.iter().map(|c| c.bound(self.rows.limit)).collect();
        let list: Vec<&str> = bounds.iter().flatten().map(String::as_str).collect();
        let mut found = self.numbers(&list.join(", ")).await?.into_iter();
        let sizes: Vec<u64> = bounds.iter().map(|b| b.as_ref().and_then(|_| found.next()).unwrap_or(0)).collect();
        let segments = segments(&self.rows.columns, &sizes, self.rows.limit / PIECES);
        for (number, segment) in segments.into_iter().enumerate() {
            if number > 0 {
                writer.write(b"\t".to_vec()).await?;
            }
            match segment {
                Segment::Short(columns) => {
                    let list = idents(columns.into_iter().map(|column| &column.name));
                    let copied = self.copy(&list, 0, writer).await;
                    copied.map_err(|error| self.explained(error, &list))?;
                }
                Segment::Long(column) => {
                    let read = self.value(column, writer).await;
                    read.map_err(|error| self.explained(error, &ident(&column.name)))?;
                }
            }
        }
        writer.write(b"\n".to_vec()).await
    }

    /// A long value, piece by piece. What came is held against what the server says of the value's length.
    async fn value(&self, column: &Column, writer: &mut Writer) -> Result<()> {
        let (value, limit) = (column.value(), self.rows.limit);
        let length = format!("coalesce(pg_catalog.octet_length({value}), 0)");
        let total = self.numbers(&length).await?.into_iter().next().unwrap_or(0);
        let (mut from, mut read) = (1, 0);
        let step = (limit / PIECES).max(1);
        while read < total {
            let piece = format!("pg_catalog.substr({value}, {from}, {step})");
            let skipped = if column.kind == Kind::Bytes && from > 1 { HEX } else { 0 };
            let copied = self.copy(&piece, skipped, writer).await?;
            let bytes = match column.kind {
                Kind::Bytes if from == 1 => copied.bytes.saturating_sub(HEX as u64) / 2,
                Kind::Bytes => copied.bytes / 2,
                _ => copied.bytes - copied.escapes,
            };
            if bytes == 0 {
                break;
            }
            (from, read) = (from + step, read + bytes);
        }
        if read == total {
            return Ok(());
        }
        Err(Error::corrupt(format!("the server sent {read} bytes of a value, and says that it has {total}")))
    }

    /// The numbers that the expressions of a list have in the row.
    async fn numbers(&self, list: &str) -> Result<Vec<u64>> {
        let rows = self.session.connection.rows(format!("SELECT {list} {}", self.from())).await?;
        let Some(row) = rows.into_iter().next() else { return Err(self.gone()) };
        let number = |cell: Vec<u8>| String::from_utf8(cell)?.parse().map_err(Error::from);
        row.into_iter().flatten().map(number).collect()
    }

    /// Writes what COPY says of expressions, without its line's end, and without so many bytes at its beginning.
    async fn copy(&self, list: &str, mut skipped: usize, writer: &mut Writer) -> Result<Copied> {
        let encoding = literal(&self.rows.encoding);
        let sql = format!("COPY (SELECT {list} {}) TO STDOUT (ENCODING {encoding})", self.from());
        let (mut data, done) = self.session.connection.copy_out(statement(sql)).await?;
        let mut copied = Copied::default();
        loop {
            let (result, mut piece) = data.read(Vec::with_capacity(READ)).await;
            let now = skipped.min(piece.len());
            piece.drain(..now);
            skipped -= now;
            // Within the line it would be escaped.
            if piece.last() == Some(&b'\n') {
                piece.pop();
            }
            copied.count(&piece);
            if !piece.is_empty() {
                writer.write(piece).await?;
            }
            if !matches!(result, StreamResult::Complete(_)) {
                break;
            }
        }
        if done.await? == 1 { Ok(copied) } else { Err(self.gone()) }
    }

    fn from(&self) -> String {
        format!("FROM ONLY {} WHERE ctid = {}", self.table, literal(self.place))
    }

    fn gone(&self) -> Error {
        Error::corrupt(format!("the row at ctid {} of table {} can't be found again", self.place, self.table))
    }

    /// The error with the value that it is about.
    fn explained(&self, error: Error, columns: &str) -> Error {
        let what = format!("column {columns} of the row at ctid {} of table {}", self.place, self.table);
        let error = copy::too_long(error);
        error.while_doing(what)
    }
}

/// What was copied.
#[derive(Default)]
struct Copied {
    bytes: u64,
    /// Bytes of it that stand before another one to escape it.
    escapes: u64,
    escaping: bool,
}

impl Copied {
    fn count(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        let mut rest = piece;
        if self.escaping && !rest.is_empty() {
            self.escaping = false;
            rest = rest.get(1..).unwrap_or_default();
        }
        while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
            self.escapes += 1;
            self.escaping = at + 1 == rest.len();
            rest = rest.get(at + 2..).unwrap_or_default();
        }
    }
}

/// What is read together: neighbours of no more than about `most` bytes. One that has more itself is read alone.
fn segments<'a>(columns: &'a [Column], sizes: &[u64], most: u64) -> Vec<Segment<'a>> {
    let mut segments = Vec::new();
    let (mut open, mut together) = (Vec::new(), 0);
    for (column, &size) in columns.iter().zip(sizes) {
        if together + size > most && !open.is_empty() {
            segments.push(Segment::Short(std::mem::take(&mut open)));
            together = 0;
        }
        if size > most {
            segments.push(Segment::Long(column));
        } else {
            open.push(column);
            together += size;
        }
    }
    if !open.is_empty() {
        segments.push(Segment::Short(open));
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_read_together_and_long_values_alone() {
        let column = |name: &str| Column {
            name: name.to_owned(),
            base: "text".to_owned(),
            storage: "x".to_owned(),
            compression: None,
            output: String::new(),
            kind: Kind::Text,
        };
        let columns = ["a", "b", "c", "d", "e", "f"].map(column);
        let [a, b, c, d, e, f] = &columns;
        let segments = segments(&columns, &[6, 4, 1, 11, 0, 10], 10);
        assert_eq!(
            segments,
            [Segment::Short(vec![a, b]), Segment::Short(vec![c]), Segment::Long(d), Segment::Short(vec![e, f]),]
        );
    }

    #[test]
    fn an_escape_is_counted_once_wherever_the_text_is_cut() {
        let text = b"\\\\a\\n\\\\\\\\\\tb\\\\";
        for cut in 0..=text.len() {
            let mut copied = Copied::default();
            let (one, other) = text.split_at(cut);
            copied.count(one);
            copied.count(other);
            assert_eq!((copied.bytes, copied.escapes), (text.len() as u64, 6), "cut at {cut}");
        }
    }
}
