//! Aligned columns for lists.

use std::fmt;

use crate::secrets::sanitize;

/// A table of texts. What a cell holds can't break out of it: control characters are shown as escapes.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Column {
    title: &'static str,
    right: bool,
}

impl Table {
    /// An empty table. A title with a leading `>` makes its column right-aligned, as numbers are.
    #[must_use]
    pub fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => Column { title, right: true },
            None => Column { title, right: false },
        };
        Self { columns: titles.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.columns.len(), "a cell for each column");
        self.rows.push(cells.iter().map(|cell| sanitize(cell).into_owned()).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles: Vec<String> = self.columns.iter().map(|c| c.title.to_owned()).collect();
        let lines = || std::iter::once(&titles).chain(&self.rows);
        let mut widths = vec![0; self.columns.len()];
        for line in lines() {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(console::measure_text_width(cell));
            }
        }
        for (n, line) in lines().enumerate() {
            let mut text = String::new();
            for ((cell, width), column) in line.iter().zip(&widths).zip(&self.columns) {
                let gap = " ".repeat(width.saturating_sub(console::measure_text_width(cell)));
                let (before, after) = if column.right { (gap, String::new()) } else { (String::new(), gap) };
                text.push_str(&format!("{before}{cell}{after}  "));
            }
            let end = if n < self.rows.len() { "\n" } else { "" };
            write!(f, "{}{end}", text.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_blank_end() {
        let mut table = Table::new(&["NAME", ">SIZE", "NOTE"]);
        table.row(["a".into(), "12 MB".into(), String::new()]);
        table.row(["表".into(), "1 B".into(), "wide".into()]);
        assert_eq!(table.to_string(), "NAME   SIZE  NOTE\na     12 MB\n表      1 B  wide");
    }

    #[test]
    fn a_cell_cannot_make_a_line_of_its_own() {
        let mut table = Table::new(&["NAME"]);
        table.row(["a\nfake\u{1b}[2J".into()]);
        assert_eq!(table.to_string(), "NAME\na\\nfake\\u{1b}[2J");
    }
}
