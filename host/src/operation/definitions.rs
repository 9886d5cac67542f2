//! Definitions on their way through the host: which object each makes, and a digest of what it says.

use std::collections::BTreeMap;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use crate::error::{Error, Result};

/// The longest definition that is taken, in bytes; one of more is none that a person wrote.
const LONGEST: usize = 64 << 20;

/// What the definitions of one object say, as sums modulo 2^128 that don't depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// Of everything but owners and rights.
    pub(super) content: u128,
    /// Of owners and rights.
    pub(super) rights: u128,
}

/// Takes a unit of definitions apart as its pieces pass. Holds one line at most.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    open: Vec<u8>,
    found: BTreeMap<String, Definition>,
}

impl Definition {
    /// Whether nothing is said of the object but who may do what with it: it is there without being made.
    pub(super) fn is_implied(&self) -> bool {
        self.content == 0
    }
}

impl Definitions {
    /// Sees the next piece.
    ///
    /// # Errors
    /// If a line isn't a definition.
    pub(super) fn update(&mut self, piece: &[u8]) -> Result<()> {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            self.open.extend_from_slice(piece.get(start..end).unwrap_or_default());
            let line = std::mem::take(&mut self.open);
            self.line(&line)?;
            start = end + 1;
        }
        self.open.extend_from_slice(piece.get(start..).unwrap_or_default());
        if self.open.len() > LONGEST {
            return Err(Error::corrupt(format!("a definition is longer than {LONGEST} bytes")));
        }
        Ok(())
    }

    /// The objects, once the unit was seen to its end.
    pub(super) fn found(self) -> BTreeMap<String, Definition> {
        self.found
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        let broken = || Error::plugin("a line of a unit of definitions names no object");
        let Ok(Value::Object(mut members)) = serde_json::from_slice(line) else { return Err(broken()) };
        let Some(Value::String(object)) = members.remove("object") else { return Err(broken()) };
        let mut rights = members.remove("for_roles");
        for right in rights.iter_mut().filter_map(Value::as_array_mut).flatten().filter_map(Value::as_object_mut) {
            if right.contains_key("compare_as") {
                right.remove("sql");
            }
        }
        let content = match members.remove("compare_as") {
            // It makes nothing that stays in the database.
            Some(Value::String(instead)) if instead.is_empty() => None,
            Some(Value::String(instead)) => Some(instead),
            _ => Some(Value::Object(members).to_string()),
        };
        if content.is_none() && rights.is_none() {
            return Ok(());
        }
        let seen = self.found.entry(object).or_default();
        if let Some(content) = content {
            seen.content = seen.content.wrapping_add(xxh3_128(content.as_bytes()));
        }
        if let Some(rights) = rights {
            seen.rights = seen.rights.wrapping_add(xxh3_128(rights.to_string().as_bytes()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn of(lines: &str) -> BTreeMap<String, Definition> {
        let mut definitions = Definitions::default();
        definitions.update(lines.as_bytes()).unwrap();
        definitions.found()
    }

    #[test]
    fn lines_are_put_together_wherever_the_pieces_are_cut() {
        let text = "{\"object\":\"a\",\"sql\":[\"1\"]}\n{\"object\":\"b\"}\n";
        for cut in 0..text.len() {
            let mut definitions = Definitions::default();
            definitions.update(&text.as_bytes()[..cut]).unwrap();
            definitions.update(&text.as_bytes()[cut..]).unwrap();
            assert_eq!(definitions.found(), of(text));
        }
    }

    #[test]
    fn order_makes_no_difference_content_does_and_rights_are_told_apart() {
        let one = of("{\"object\":\"a\",\"sql\":[\"1\"]}\n{\"object\":\"a\",\"sql\":[\"2\"]}\n");
        assert_eq!(one, of("{\"object\":\"a\",\"sql\":[\"2\"]}\n{\"sql\":[\"1\"],\"object\":\"a\"}\n"));
        assert_ne!(one, of("{\"object\":\"a\",\"sql\":[\"1\"]}\n"));
        let owned = of("{\"object\":\"a\",\"sql\":[\"1\"],\"for_roles\":[{\"sql\":\"x\"}]}\n");
        let other = of("{\"object\":\"a\",\"sql\":[\"1\"],\"for_roles\":[{\"sql\":\"y\"}]}\n");
        assert_eq!(owned["a"].content, other["a"].content);
        assert_ne!(owned["a"].rights, other["a"].rights);
    }

    #[test]
    fn what_is_to_be_compared_instead_stands_for_the_rest() {
        let one = of("{\"object\":\"a\",\"sql\":[\"x, y\"],\"compare_as\":\"xy\"}\n");
        assert_eq!(one, of("{\"object\":\"a\",\"sql\":[\"y, x\"],\"compare_as\":\"xy\"}\n"));
        assert!(of("{\"object\":\"a\",\"sql\":[\"LOCK\"],\"compare_as\":\"\"}\n").is_empty());
        let implied = of("{\"object\":\"a\",\"sql\":[\"1\"],\"compare_as\":\"\",\"for_roles\":[{\"sql\":\"x\"}]}\n");
        assert!(implied["a"].is_implied() && implied["a"].rights != 0 && !one["a"].is_implied());
    }

    #[test]
    fn a_line_without_an_object_is_refused() {
        for line in ["{}\n", "[]\n", "CREATE TABLE\n"] {
            assert!(Definitions::default().update(line.as_bytes()).is_err(), "{line}");
        }
    }
}
