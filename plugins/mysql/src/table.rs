//! Takes `SHOW CREATE TABLE` apart: what a table needs to take rows, and what is quicker made once they are in.

use crate::sql;

/// A table's definition, in the order in which it is made.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The statement without what follows.
    pub create: String,
    /// Keys, as `ALTER TABLE ... ADD` takes them.
    pub keys: Vec<String>,
    /// Foreign keys, as `ALTER TABLE ... ADD` takes them.
    pub foreign_keys: Vec<String>,
    /// Defaults that take the next value of a sequence, as `ALTER TABLE ... ALTER COLUMN` takes them. They name the
    /// database of the sequence.
    pub defaults: Vec<String>,
    /// How many keys the first statement makes.
    pub kept_keys: u64,
}

/// Takes a statement apart, with `keys` into keys too. One that doesn't look as expected stays whole, which is slower and as
/// right.
pub fn take_apart(statement: &str, keys: bool) -> Parts {
    let whole = || Parts { create: statement.to_owned(), ..Parts::default() };
    let Some((head, items, tail)) = items(statement) else { return whole() };
    let primary = items.iter().find_map(|item| item.strip_prefix("PRIMARY KEY ")).unwrap_or_default();
    // A column that counts must lead a key from the beginning. The primary key's is there; any other key has to stay.
    let counting = items.iter().find(|item| counts(item)).map(|item| quoted_name(item));
    let keys_stay = !keys || counting.is_some_and(|column| !primary.starts_with(&format!("({column}")));
    let (mut parts, mut kept) = (Parts::default(), Vec::new());
    for item in items {
        if item.starts_with("CONSTRAINT ") && item.contains("FOREIGN KEY (") {
            parts.foreign_keys.push(item.to_owned());
        } else if !keys_stay && is_key(item) {
            parts.keys.push(item.to_owned());
        } else if let Some((column, default)) = sequence_default(item) {
            parts.defaults.push(default);
            kept.push(column);
        } else {
            parts.kept_keys += u64::from(is_key(item) || item.starts_with("PRIMARY KEY "));
            kept.push(item.to_owned());
        }
    }
    parts.create = format!("{head}(\n  {}\n){tail}", kept.join(",\n  "));
    parts
}

fn is_key(item: &str) -> bool {
    ["KEY ", "UNIQUE KEY ", "FULLTEXT KEY ", "SPATIAL KEY "].iter().any(|kind| item.starts_with(kind))
}

/// A column whose default takes a value of a sequence, without it, and the clause that sets it.
fn sequence_default(item: &str) -> Option<(String, String)> {
    let bare = String::from_utf8(sql::bare(item)).ok()?;
    if !item.starts_with('`') || !["nextval(", "lastval(", "setval("].iter().any(|call| bare.contains(call)) {
        return None;
    }
    let start = bare.find(" DEFAULT ")?;
    let from = start + " DEFAULT ".len();
    let mut depth = 0;
    let length = bare.get(from..)?.bytes().position(|byte| {
        depth += match byte {
            b'(' => 1,
            b')' => -1,
            _ => 0,
        };
        byte == b')' && depth == 0
    })?;
    let end = from + length + 1;
    let column = format!("{}{}", item.get(..start)?, item.get(end..)?);
    Some((column, format!("ALTER COLUMN {} SET DEFAULT ({})", quoted_name(item), item.get(from..end)?)))
}

/// A statement without the counter of AUTO_INCREMENT, which moves without anybody altering the table.
pub fn without_counter(statement: &str) -> String {
    let bare = String::from_utf8(sql::bare(statement)).unwrap_or_default();
    let Some(start) = bare.rfind(" AUTO_INCREMENT=") else { return statement.to_owned() };
    let from = start + " AUTO_INCREMENT=".len();
    let digits = bare.get(from..).unwrap_or_default().bytes().take_while(u8::is_ascii_digit).count();
    format!("{}{}", statement.get(..start).unwrap_or_default(), statement.get(from + digits..).unwrap_or_default())
}

/// What stands before the brackets, the items between them, and what stands behind.
fn items(statement: &str) -> Option<(&str, Vec<&str>, &str)> {
    let mut depth = 0;
    let (mut opened, mut began) = (None, 0);
    let mut items = Vec::new();
    let mut quote = None;
    let mut bytes = statement.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(b'\'' | b'"'), b'\\') => drop(bytes.next()),
            // A doubled quote closes and opens again, which comes to the same.
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'`' | b'\'' | b'"') => quote = Some(byte),
            (None, b'(') => {
                depth += 1;
                if depth == 1 {
                    (opened, began) = (Some(at), at + 1);
                }
            }
            (None, b',') if depth == 1 => {
                items.push(statement.get(began..at)?.trim());
                began = at + 1;
            }
            (None, b')') => {
                depth -= 1;
                if depth == 0 {
                    items.push(statement.get(began..at)?.trim());
                    return Some((statement.get(..opened?)?, items, statement.get(at + 1..)?));
                }
            }
            (None, _) => {}
        }
    }
    None
}

/// Whether an item is a column with AUTO_INCREMENT.
fn counts(item: &str) -> bool {
    item.starts_with('`') && item.split('\'').step_by(2).any(|outside| outside.contains(" AUTO_INCREMENT"))
}

/// The quoted name that an item begins with.
fn quoted_name(item: &str) -> &str {
    let mut end = 1;
    let bytes = item.as_bytes();
    while end < bytes.len() {
        if bytes.get(end) == Some(&b'`') {
            if bytes.get(end + 1) != Some(&b'`') {
                break;
            }
            end += 1;
        }
        end += 1;
    }
    item.get(..=end).unwrap_or(item)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const ORDERS: &str = "CREATE TABLE `orders` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `no,te` varchar(9) DEFAULT 'a,(''b\\'' COMMENT 'KEY `x`',\n  \
        PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`no,te`),\n  KEY `k` (`id`,`no,te`),\n  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `x` (`id`),\n  \
        CONSTRAINT `c` CHECK (`id` > 0)\n) ENGINE=InnoDB COMMENT='(,)'";

    #[test]
    fn keys_wait_and_checks_stay() {
        let parts = take_apart(ORDERS, true);
        assert_eq!(parts.keys, ["UNIQUE KEY `u` (`no,te`)", "KEY `k` (`id`,`no,te`)"]);
        assert_eq!(parts.foreign_keys, ["CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `x` (`id`)"]);
        assert!(parts.create.contains("CHECK (`id` > 0)") && parts.create.ends_with(") ENGINE=InnoDB COMMENT='(,)'"));
        assert!(parts.create.contains("'a,(''b\\''"), "{}", parts.create);
        assert!(!parts.create.contains("UNIQUE"));
        assert_eq!((take_apart(ORDERS, false).keys.len(), take_apart(ORDERS, false).kept_keys), (0, 3));
    }

    #[test]
    fn a_column_that_counts_keeps_its_key() {
        let table = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL,\n  `n` int(11) NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`a`),\n  KEY `n` (`n`)\n) ENGINE=InnoDB";
        assert!(take_apart(table, true).keys.is_empty());
        assert!(take_apart(table, true).create.contains("KEY `n` (`n`)"));
        // A comment that speaks of it doesn't count.
        let table = "CREATE TABLE `t` (\n  `a` int(11) COMMENT ' AUTO_INCREMENT',\n  KEY `n` (`a`)\n) ENGINE=InnoDB";
        assert_eq!(take_apart(table, true).keys, ["KEY `n` (`a`)"]);
    }

    #[test]
    fn what_does_not_look_like_a_table_stays_whole() {
        for statement in ["CREATE SEQUENCE `s` start with 1", "CREATE TABLE `t` (", ""] {
            assert_eq!(take_apart(statement, true), Parts { create: statement.to_owned(), ..Parts::default() });
        }
    }

    #[test]
    fn a_default_out_of_a_sequence_comes_later() {
        let table = "CREATE TABLE `t` (\n  `a` bigint(20) NOT NULL DEFAULT nextval(`shop`.`s`) COMMENT 'x',\n  \
            `b` int(11) DEFAULT (nextval(`shop`.`s`) + (1)),\n  `c` text DEFAULT 'nextval(1)',\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB";
        let parts = take_apart(table, true);
        assert_eq!(
            parts.defaults,
            [
                "ALTER COLUMN `a` SET DEFAULT (nextval(`shop`.`s`))",
                "ALTER COLUMN `b` SET DEFAULT ((nextval(`shop`.`s`) + (1)))"
            ]
        );
        assert!(parts.create.contains("`a` bigint(20) NOT NULL COMMENT 'x'"), "{}", parts.create);
        assert!(parts.create.contains("DEFAULT 'nextval(1)'"), "{}", parts.create);
        assert_eq!(parts.kept_keys, 1);
    }

    #[test]
    fn only_the_tables_own_counter_goes() {
        assert_eq!(
            without_counter(
                "CREATE TABLE `t` (`a` int AUTO_INCREMENT) ENGINE=InnoDB AUTO_INCREMENT=12 COMMENT=' AUTO_INCREMENT=3'"
            ),
            "CREATE TABLE `t` (`a` int AUTO_INCREMENT) ENGINE=InnoDB COMMENT=' AUTO_INCREMENT=3'"
        );
        assert_eq!(without_counter("CREATE TABLE `t` (`a` int)"), "CREATE TABLE `t` (`a` int)");
    }

    #[test]
    fn a_name_with_a_backtick_is_read_to_its_end() {
        assert_eq!(quoted_name("`a``b` int"), "`a``b`");
    }
}
