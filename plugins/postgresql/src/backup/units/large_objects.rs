//! Units of large objects: two for each range of them, what they are and what is in them.

use super::{Building, LARGE_OBJECT_PAGES, LARGE_OBJECTS, PRE_DATA};
use crate::catalog::large_objects::Range;
use crate::entry::FORMAT;
use crate::selection;
use cofferdam_sdk::engine::Unit;

/// What the definition of one takes, in bytes, roughly.
const DEFINITION: u64 = 60;

impl Building {
    pub(super) fn large_objects(&mut self, ranges: &[Range]) {
        for (number, range) in (1..).zip(ranges) {
            let extra =
                [("first", range.first), ("last", range.last)].map(|(key, oid)| (key.to_owned(), oid.to_string()));
            let of = ("of".to_owned(), selection::LARGE_OBJECTS.to_owned());
            let definitions = Unit {
                name: format!("{LARGE_OBJECTS}definitions/{number}"),
                format: FORMAT.to_owned(),
                framing: "definitions".to_owned(),
                objects: Vec::new(),
                after: vec![PRE_DATA.to_owned()],
                estimated_bytes: Some(u64::from(range.last - range.first + 1).min(1000) * DEFINITION),
                estimated_rows: None,
                leader: false,
                external: false,
                extra: extra.into_iter().chain([of]).collect(),
            };
            let pages = Unit {
                name: format!("{LARGE_OBJECTS}pages/{number}"),
                format: LARGE_OBJECT_PAGES.to_owned(),
                framing: "lines".to_owned(),
                after: vec![definitions.name.clone()],
                // Bytes are written as hexadecimal digits.
                estimated_bytes: Some(range.bytes.saturating_mul(2)),
                ..definitions.clone()
            };
            self.units.extend([definitions, pages]);
        }
    }
}
