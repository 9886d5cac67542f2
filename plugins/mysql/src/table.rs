//! Takes `SHOW CREATE TABLE` apart: what a table needs to take rows, and what is quicker made once they are in.

/// A table's definition, in the order in which it is made.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The statement without what follows.
    pub create: String,
    /// Keys, as `ALTER TABLE ... ADD` takes them.
    pub keys: Vec<String>,
    /// Foreign keys, as `ALTER TABLE ... ADD` takes them.
    pub foreign_keys: Vec<String>,
}

/// Takes a statement apart. One that doesn't look as expected stays whole, which is slower and as right.
pub fn take_apart(statement: &str) -> Parts {
    let whole = || Parts { create: statement.to_owned(), ..Parts::default() };
    let Some((head, items, tail)) = items(statement) else { return whole() };
    let primary = items.iter().find_map(|item| item.strip_prefix("PRIMARY KEY ")).unwrap_or_default();
    // A column that counts must lead a key from the beginning. The primary key's is there; any other key has to stay.
    let counting = items.iter().find(|item| counts(item)).map(|item| quoted_name(item));
    let keys_stay = counting.is_some_and(|column| !primary.starts_with(&format!("({column}")));
    let (mut parts, mut kept) = (Parts::default(), Vec::new());
    for item in items {
        if item.starts_with("CONSTRAINT ") && item.contains("FOREIGN KEY (") {
            parts.foreign_keys.push(item.to_owned());
        } else if !keys_stay
            && ["KEY ", "UNIQUE KEY ", "FULLTEXT KEY ", "SPATIAL KEY "].iter().any(|k| item.starts_with(k))
        {
            parts.keys.push(item.to_owned());
        } else {
            kept.push(item);
        }
    }
    parts.create = format!("{head}(\n  {}\n){tail}", kept.join(",\n  "));
    parts
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
        let parts = take_apart(ORDERS);
        assert_eq!(parts.keys, ["UNIQUE KEY `u` (`no,te`)", "KEY `k` (`id`,`no,te`)"]);
        assert_eq!(parts.foreign_keys, ["CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `x` (`id`)"]);
        assert!(parts.create.contains("CHECK (`id` > 0)") && parts.create.ends_with(") ENGINE=InnoDB COMMENT='(,)'"));
        assert!(parts.create.contains("'a,(''b\\''"), "{}", parts.create);
        assert!(!parts.create.contains("UNIQUE"));
    }

    #[test]
    fn a_column_that_counts_keeps_its_key() {
        let table = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL,\n  `n` int(11) NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`a`),\n  KEY `n` (`n`)\n) ENGINE=InnoDB";
        assert!(take_apart(table).keys.is_empty());
        assert!(take_apart(table).create.contains("KEY `n` (`n`)"));
        // A comment that speaks of it doesn't count.
        let table = "CREATE TABLE `t` (\n  `a` int(11) COMMENT ' AUTO_INCREMENT',\n  KEY `n` (`a`)\n) ENGINE=InnoDB";
        assert_eq!(take_apart(table).keys, ["KEY `n` (`a`)"]);
    }

    #[test]
    fn what_does_not_look_like_a_table_stays_whole() {
        for statement in ["CREATE SEQUENCE `s` start with 1", "CREATE TABLE `t` (", ""] {
            assert_eq!(take_apart(statement), Parts { create: statement.to_owned(), ..Parts::default() });
        }
    }

    #[test]
    fn a_name_with_a_backtick_is_read_to_its_end() {
        assert_eq!(quoted_name("`a``b` int"), "`a``b`");
    }
}
