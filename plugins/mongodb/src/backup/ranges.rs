//! A large collection in ranges of `_id`, that several sessions read side by side.
//!
//! The ranges are of the index (`min`, `max` and a hint) and not of values (`$gte`, `$lt`): comparisons see only values of
//! their own type, and would lose documents where `_id` is of several types.

use super::consistency::Consistency;
use crate::bson::{self, Builder, Document};
use crate::catalog::{Collection, Kind, Size};
use crate::server::Server;
use cofferdam_sdk::{Error, Options, Result, options};

/// Bytes of documents that one range holds, about.
const BYTES: u64 = 64 << 20;

/// Most ranges of one collection.
const MOST: u64 = 1000;

/// `_id`s that are looked at for each border, so that ranges come out about equally large.
const SAMPLED: u64 = 20;

/// What a unit notes that is read by `_id`.
const BY_ID: &str = "by-id";

/// A part of a collection: from the `_id` in `min`, up to and without the one in `max`; without either, all that there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    min: Option<Document>,
    max: Option<Document>,
    /// Whether documents are read in the order of their `_id`, and not as they lie.
    by_id: bool,
}

impl Range {
    /// The command with this range. Without one a capped collection is read in the order in which it was filled (MongoDB
    /// manual, "Query a Capped Collection"); a hint at that order isn't needed, and not every relative of MongoDB takes it.
    pub fn apply(&self, command: Builder, kind: Kind) -> Builder {
        let by_id = Builder::new().int("_id", 1).finish();
        let is_part = self.min.is_some() || self.max.is_some();
        let hinted = is_part || (self.by_id && kind == Kind::Plain);
        let mut command = if hinted { command.document("hint", &by_id) } else { command };
        for (name, border) in [("min", &self.min), ("max", &self.max)] {
            if let Some(border) = border {
                command = command.document(name, border);
            }
        }
        command
    }

    /// What a unit notes of it.
    pub fn extra(&self) -> Options {
        let noted =
            |name: &str, border: &Option<Document>| border.as_ref().map(|border| (name.to_owned(), hex(border)));
        let by_id = self.by_id.then(|| (BY_ID.to_owned(), "yes".to_owned()));
        [noted("min", &self.min), noted("max", &self.max), by_id].into_iter().flatten().collect()
    }

    /// Reads what a unit noted.
    pub fn of(extra: &Options) -> Result<Self> {
        let border = |name: &str| options::get(extra, name).map(unhex).transpose();
        Ok(Self { min: border("min")?, max: border("max")?, by_id: options::get(extra, BY_ID).is_some() })
    }
}

/// Whether documents have to be read by `_id`: without a snapshot one that is deleted and inserted again while its collection is
/// read lies at the end, and would come twice. A server that can't do it reads them as they lie.
pub async fn by_id(server: &Server, collections: &[Collection], consistency: Consistency) -> bool {
    let snapshot = matches!(consistency, Consistency::Snapshot(_));
    let Some(collection) = collections.iter().find(|each| each.kind == Kind::Plain && !snapshot) else { return false };
    let whole = Range { by_id: true, ..Range::default() };
    let find = whole.apply(Builder::new().text("find", &collection.name), Kind::Plain).int("limit", 1);
    server.documents(&collection.database, find.truth("singleBatch", true)).await.is_ok()
}

/// The ranges of a collection; one if it is small, or nothing is gained.
pub async fn of(
    server: &Server,
    collection: &Collection,
    size: Size,
    consistency: Consistency,
    by_id: bool,
) -> Vec<Range> {
    let by_id = by_id && collection.kind == Kind::Plain;
    let wanted = size.bytes.unwrap_or(0).div_ceil(BYTES).min(MOST);
    // Strings of a collection with a collation lie in its order, which a border must not be held against another's.
    let plain = collection.kind == Kind::Plain && bson::get(&collection.options, "collation").is_none();
    if wanted < 2 || !plain {
        return vec![Range { by_id, ..Range::default() }];
    }
    match sample(server, collection, wanted, consistency).await {
        Ok(sampled) => between(&sampled, wanted),
        // A server that can't sample is read in one piece.
        Err(_) => vec![Range { by_id, ..Range::default() }],
    }
}

async fn sample(
    server: &Server,
    collection: &Collection,
    ranges: u64,
    consistency: Consistency,
) -> Result<Vec<Document>> {
    let size = i32::try_from(ranges * SAMPLED).map_err(|_| Error::internal("too many ranges"))?;
    let id = Builder::new().int("_id", 1).finish();
    let stages = [
        Builder::new().document("$sample", &Builder::new().int("size", size).finish()).finish(),
        Builder::new().document("$project", &id).finish(),
        Builder::new().document("$sort", &id).finish(),
    ];
    let cursor = Builder::new().finish();
    let command =
        Builder::new().text("aggregate", &collection.name).array("pipeline", &stages).document("cursor", &cursor);
    server.documents(&collection.database, consistency.apply(command, collection.kind)).await
}

/// Ranges with about as many samples in each, from `_id`s in their order.
fn between(sampled: &[Document], ranges: u64) -> Vec<Range> {
    let step = sampled.len() as u64 / ranges.max(1);
    let mut borders: Vec<Document> = (1..ranges)
        .filter_map(|n| sampled.get(usize::try_from(n * step).ok()?))
        .filter_map(|document| Some(Builder::new().element(&bson::get(document, "_id")?).finish()))
        .collect();
    borders.dedup();
    let mut made = Vec::with_capacity(borders.len() + 1);
    let mut min = None;
    for border in borders {
        made.push(Range { min: min.take(), max: Some(border.clone()), by_id: true });
        min = Some(border);
    }
    made.push(Range { min, max: None, by_id: true });
    made
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.map(|pair| byte(pair).ok_or_else(|| Error::corrupt("a unit's range can't be read"))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn id(n: i32) -> Document {
        Builder::new().int("_id", n).finish()
    }

    #[test]
    fn ranges_meet_and_leave_nothing_out() {
        let sampled: Vec<Document> = (0..100).map(id).collect();
        let ranges = between(&sampled, 5);
        assert_eq!(ranges.len(), 5);
        assert_eq!((&ranges[0].min, &ranges[4].max), (&None, &None));
        for pair in ranges.windows(2) {
            assert!(pair[0].max.is_some() && pair[0].max == pair[1].min);
        }
    }

    #[test]
    fn samples_that_are_all_one_make_ranges_that_are_still_whole() {
        let sampled = vec![id(7); 40];
        assert_eq!(
            between(&sampled, 4),
            [Range { min: None, max: Some(id(7)), by_id: true }, Range { min: Some(id(7)), max: None, by_id: true }]
        );
        assert_eq!(between(&[], 4), [Range { by_id: true, ..Range::default() }]);
    }

    #[test]
    fn a_capped_collection_is_read_as_it_lies_and_without_a_hint() {
        let range = Range { by_id: true, ..Range::default() };
        let has_hint = |kind: Kind| bson::get(&range.apply(Builder::new(), kind).finish(), "hint").is_some();
        assert!(has_hint(Kind::Plain) && !has_hint(Kind::Capped));
    }

    #[test]
    fn a_range_comes_back_from_its_unit() {
        let range = Range { min: Some(id(1)), max: None, by_id: true };
        assert_eq!(Range::of(&range.extra()).unwrap(), range);
        assert!(Range::of(&vec![("min".to_owned(), "x".to_owned())]).is_err());
    }
}
