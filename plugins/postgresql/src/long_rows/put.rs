//! The statements that put long rows together again, one after the other. They are the same for a restore and for psql.
//!
//! A value's pieces go into a table of the session, and are joined there. So is the row: in the column's own table a trigger
//! or a constraint would see it half-done. Each long value comes into the row by a statement of its own, since the server
//! makes a row in one buffer of at most 1 GB, in which values that are in TOAST already take a few bytes.

use super::columns::{Column, Kind, LongRows};
use crate::quote::{ident, idents, literal};

/// How pieces come into the session's table of them.
pub const FILL: &str = "COPY pg_temp.cofferdam_pieces FROM STDIN";

/// Makes room for the next row.
pub const EMPTY: &str = "TRUNCATE pg_temp.cofferdam_pieces, pg_temp.cofferdam_row";

/// Takes the session's tables away.
pub const UNSTAGE: &str = "DROP TABLE pg_temp.cofferdam_pieces, pg_temp.cofferdam_row";

/// Makes the session's tables: one of pieces, and one of the row, whose columns have the types below domains, without
/// anything that a value must fulfil.
pub fn stage(table: &LongRows) -> Vec<String> {
    let columns = table.columns.iter().map(|column| format!("{} {}", ident(&column.name), column.base));
    let storage: Vec<String> = table.columns.iter().flat_map(stored).collect();
    let mut statements = vec![
        "CREATE TEMPORARY TABLE cofferdam_pieces (field pg_catalog.int4 NOT NULL, number pg_catalog.int8 NOT NULL, \
         data pg_catalog.bytea NOT NULL)"
            .to_owned(),
        "ALTER TABLE pg_temp.cofferdam_pieces ALTER COLUMN data SET STORAGE EXTERNAL".to_owned(),
        format!("CREATE TEMPORARY TABLE cofferdam_row ({})", columns.collect::<Vec<_>>().join(", ")),
    ];
    if !storage.is_empty() {
        statements.push(format!("ALTER TABLE pg_temp.cofferdam_row {}", storage.join(", ")));
    }
    statements
}

/// What makes a column store its values as the table does: they are taken over as they are stored here.
fn stored(column: &Column) -> Vec<String> {
    let storage = match column.storage.as_str() {
        "e" => "EXTERNAL",
        "m" => "MAIN",
        "x" => "EXTENDED",
        _ => return Vec::new(),
    };
    let alter = |how: String| format!("ALTER COLUMN {} SET {how}", ident(&column.name));
    let compression = column.compression.iter().map(|method| format!("COMPRESSION {method}"));
    std::iter::once(format!("STORAGE {storage}")).chain(compression).map(alter).collect()
}

/// How the line of a row's short values comes into its table.
pub fn short(table: &LongRows) -> String {
    let encoding = literal(&table.encoding);
    format!("COPY pg_temp.cofferdam_row ({}) FROM STDIN (ENCODING {encoding})", idents(table.names()))
}

/// Joins the row's long values, and puts the row into the table `name`. Values of identity columns are as they were.
pub fn put(table: &LongRows, name: &str, long: &[usize]) -> Vec<String> {
    let columns = long.iter().filter_map(|number| Some((number, table.columns.get(*number)?)));
    let mut statements: Vec<String> = columns
        .map(|(number, column)| {
            let joined = format!(
                "(SELECT pg_catalog.string_agg(data, ''::pg_catalog.bytea ORDER BY number) \
                 FROM pg_temp.cofferdam_pieces WHERE field = {number})"
            );
            let value = match column.kind {
                Kind::Bytes => joined,
                _ => format!("pg_catalog.convert_from({joined}, {})::{}", literal(&table.encoding), column.base),
            };
            format!("UPDATE pg_temp.cofferdam_row SET {} = {value}", ident(&column.name))
        })
        .collect();
    let names = idents(table.names());
    statements.push(format!(
        "INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM pg_temp.cofferdam_row"
    ));
    statements
}
