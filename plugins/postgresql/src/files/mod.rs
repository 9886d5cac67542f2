//! A backup as files that psql loads alone: a script that includes all others, scripts of definitions, and a file for
//! each unit of rows. The rows go in as COPY gave them, past the plugin.

mod long_rows;
mod master;
mod order;
mod text;

use crate::backup::units::{COPY, LARGE_OBJECT_PAGES, note};
use crate::entry::{Entry, FORMAT, LONGEST};
use crate::globals;
use crate::long_rows::FORMAT as LONG_ROWS;
use crate::quote::{idents, literal, qualified};
use crate::restore::Facts;
use crate::restore::large_objects::{FILL, PUT, STAGE};
use crate::table::Table;
use cofferdam_sdk::engine::{Complete, Data, File, FilesOptions, Layout, Part, Source, Summary, Unit};
use cofferdam_sdk::{Error, Lines, Reading, Result};
use text::{Fence, comment, last_line, statements};

/// Text is handed on in pieces of about so many bytes.
const PIECE: usize = 64 << 10;
/// Bytes of a unit's name that its file's name has. The number in front makes it unique.
const LONGEST_LABEL: usize = 120;

/// The files of a backup.
pub fn lay_out(source: Source, options: &FilesOptions) -> Result<Layout> {
    if !(options.only.is_empty() && options.except.is_empty()) {
        return Err(Error::unsupported("files are made of a whole backup")
            .with_hint("choose objects when the backup is made, or when it is restored"));
    }
    let facts = Facts::of(&source)?;
    let (globals, units): (Vec<Unit>, Vec<Unit>) =
        source.units.iter().cloned().partition(|unit| unit.name == globals::UNIT);
    let units = order::order(units)?;
    let mut files: Vec<File> = Vec::new();
    for run in units.chunk_by(|a, b| a.format == FORMAT && b.format == FORMAT && folder(a) == folder(b)) {
        let number = files.len() + 1;
        files.extend(match run {
            [] => None,
            [unit] if unit.format == COPY => Some(rows(number, unit, &facts)?),
            [unit] if unit.format == LONG_ROWS => Some(long_rows::file(number, unit)?),
            [unit] if unit.format == LARGE_OBJECT_PAGES => Some(pages(number, unit)),
            [first, rest @ ..] if first.format == FORMAT => Some(definitions(number, first, rest)),
            [unit, ..] => {
                return Err(Error::unsupported(format!(
                    "unit {} is of the format {}, unknown here",
                    unit.name, unit.format
                ))
                .with_hint("use the plugin that made the backup, or a newer one"));
            }
        });
    }
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let script = master::script(&source, &facts, &paths, &Fence::new());
    files.push(File { path: master::NAME.to_owned(), parts: vec![Part::Bytes(script.into_bytes())] });
    let reason = "roles with their passwords, and what else is the server's, never become files";
    Ok(Layout { files, notes: globals.iter().map(|unit| note("left-out", unit.name.clone(), reason)).collect() })
}

/// A unit's stream as it belongs into its file.
pub fn convert(unit: &Unit, data: Data, complete: Complete) -> Result<Reading> {
    if unit.format == COPY || unit.format == LARGE_OBJECT_PAGES {
        return Ok(Reading::passed_on(data, complete));
    }
    if unit.format == LONG_ROWS {
        return long_rows::convert(unit, data, complete);
    }
    Ok(Reading::produced(|mut writer| async move {
        let mut lines = Lines::new(data, LONGEST);
        let mut piece = String::new();
        while let Some(line) = lines.next().await? {
            piece.push_str(&statements(&Entry::parse(&line)?));
            if piece.len() >= PIECE {
                writer.write(std::mem::take(&mut piece).into_bytes()).await?;
            }
        }
        complete.await?;
        writer.write(piece.into_bytes()).await?;
        Ok(Summary::default())
    }))
}

/// A table's rows, as psql reads them from the script itself up to a line with `\.` (psql documentation, `\copy`); in a
/// row that would be `\\.`, so that no row ends them.
fn rows(number: usize, unit: &Unit, facts: &Facts) -> Result<File> {
    let table = Table::of(unit)?;
    let name = qualified(&table.schema, &table.name);
    let columns = if table.columns.is_empty() { String::new() } else { format!(" ({})", idents(&table.columns)) };
    let fence = Fence::new();
    let head = format!(
        "{}{}COPY {name}{columns} FROM stdin (ENCODING {});\n",
        comment(&format!("Rows of table {name}")),
        fence.begin(),
        literal(&facts.encoding)
    );
    let parts = vec![
        Part::Bytes(head.into_bytes()),
        Part::Unit(unit.name.clone()),
        Part::Bytes(format!("\\.\n{}{}", fence.end(), last_line(number)).into_bytes()),
    ];
    Ok(data_file(number, unit, parts))
}

/// A file of rows, named after what they are of.
fn data_file(number: usize, unit: &Unit, parts: Vec<Part>) -> File {
    let label = unit.name.split_once('/').map_or(unit.name.as_str(), |(_, label)| label);
    File { path: format!("data/{}", file_name(number, label)), parts }
}

/// What is in large objects: rows of a table of the session, put where they belong by one statement.
fn pages(number: usize, unit: &Unit) -> File {
    let fence = Fence::new();
    let head = format!("{}{}{STAGE};\n{FILL};\n", comment("What is in large objects"), fence.begin());
    let end = format!("\\.\n{PUT};\nDROP TABLE pg_temp.cofferdam_pages;\n{}{}", fence.end(), last_line(number));
    let parts = vec![Part::Bytes(head.into_bytes()), Part::Unit(unit.name.clone()), Part::Bytes(end.into_bytes())];
    File { path: format!("data/{}", file_name(number, &unit.name)), parts }
}

/// Units of definitions that come one behind the other.
fn definitions(number: usize, first: &Unit, rest: &[Unit]) -> File {
    let fence = Fence::new();
    let mut parts = vec![Part::Bytes(fence.begin().into_bytes()), Part::Unit(first.name.clone())];
    parts.extend(rest.iter().map(|unit| Part::Unit(unit.name.clone())));
    parts.push(Part::Bytes((fence.end() + &last_line(number)).into_bytes()));
    let label = if rest.is_empty() { first.name.as_str() } else { folder(first) };
    File { path: file_name(number, label), parts }
}

fn folder(unit: &Unit) -> &str {
    unit.name.split('/').next().unwrap_or_default()
}

/// A name for people to read, of characters that mean nothing to psql, a shell or a file system.
fn file_name(number: usize, label: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '%') { c } else { '-' };
    let label: String = label.chars().map(safe).take(LONGEST_LABEL).collect();
    format!("{number:05}-{label}.sql")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    pub(super) fn unit(name: &str, format: &str) -> Unit {
        Unit {
            name: name.to_owned(),
            format: format.to_owned(),
            framing: "none".to_owned(),
            objects: Vec::new(),
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: false,
            external: false,
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_file_name_means_nothing_to_anybody() {
        assert_eq!(file_name(7, "public.a%2Fb/3"), "00007-public.a%2Fb-3.sql");
        assert_eq!(file_name(123_456, "'; \\! x\n\"`$HOME`"), "123456-------x----HOME-.sql");
        assert!(file_name(1, &"n".repeat(1000)).len() < 140);
    }
}
