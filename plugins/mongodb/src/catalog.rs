//! What is in databases: collections with their options and indexes, and views.

use crate::bson::{self, Builder, Document};
use crate::namespace::{BUCKETS, is_users_collection, object};
use crate::server::Server;
use cofferdam_sdk::{Error, Result, join_all};

/// Questions that are asked at once.
pub const AT_ONCE: usize = 16;

/// What a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Documents by their `_id`.
    Plain,
    /// Documents in the order in which they came, the oldest given up for new ones.
    Capped,
    /// A query.
    View,
    /// Measurements.
    TimeSeries,
    /// Where the measurements of a time series are.
    Buckets,
}

impl Kind {
    /// What a collection is, by the type and the options that a server or a dump tells.
    pub fn of(name: &str, told: Option<&str>, options: &[u8]) -> Self {
        match told {
            Some("view") => Self::View,
            Some("timeseries") => Self::TimeSeries,
            _ if name.starts_with(BUCKETS) => Self::Buckets,
            _ if bson::get(options, "capped").is_some_and(|capped| capped.truth()) => Self::Capped,
            _ => Self::Plain,
        }
    }
}

/// A collection or a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it was made with.
    pub options: Document,
    /// What tells it from another of the same name; not every server has it.
    pub uuid: Option<Vec<u8>>,
    /// Its indexes, without the one that every collection has.
    pub indexes: Vec<Document>,
}

impl Collection {
    /// Its name as patterns know it.
    pub fn object(&self) -> String {
        object(&self.database, &self.name)
    }

    /// Whether fields of it are encrypted by Queryable Encryption (MongoDB manual, `create`, `encryptedFields`).
    pub fn is_encrypted(&self) -> bool {
        bson::get(&self.options, "encryptedFields").is_some()
    }

    /// Whether it is made and filled under its own name, since the server renames none such: a time series (MongoDB manual,
    /// "Time Series Collection Limitations"), and one with encrypted fields (the server's `jstests/fle2`,
    /// "Cannot rename an encrypted collection").
    pub fn is_made_in_place(&self) -> bool {
        self.kind == Kind::TimeSeries || self.is_encrypted()
    }

    fn read(database: &str, listed: &[u8]) -> Option<Self> {
        let name = bson::get(listed, "name")?.text()?.to_owned();
        let options = bson::get(listed, "options")
            .and_then(|o| o.document())
            .map_or_else(|| Builder::new().finish(), <[u8]>::to_vec);
        let kind = Kind::of(&name, bson::get(listed, "type").and_then(|t| t.text()), &options);
        let uuid = bson::path(listed, "info.uuid").and_then(|uuid| uuid.binary()).map(<[u8]>::to_vec);
        Some(Self { database: database.to_owned(), name, kind, options, uuid, indexes: Vec::new() })
    }
}

/// Everything of users in these databases, by name.
pub async fn read(server: &Server, databases: &[String]) -> Result<Vec<Collection>> {
    let mut collections = Vec::new();
    for database in databases {
        collections.extend(list(server, database).await?);
    }
    let mut with_indexes = Vec::with_capacity(collections.len());
    for some in collections.chunks(AT_ONCE) {
        with_indexes.extend(join_all(some.iter().map(|collection| indexes(server, collection))).await);
    }
    let with_indexes: Result<Vec<Vec<Document>>> = with_indexes.into_iter().collect();
    for (collection, indexes) in collections.iter_mut().zip(with_indexes?) {
        collection.indexes = indexes;
    }
    Ok(collections)
}

/// Collections and views of a database, without their indexes.
pub async fn list(server: &Server, database: &str) -> Result<Vec<Collection>> {
    let cursor = Builder::new().finish();
    let listed = server.documents(database, Builder::new().int("listCollections", 1).document("cursor", &cursor)).await;
    let listed = listed.map_err(|error| error.while_doing(format!("listing the collections of {database}")))?;
    let mut collections: Vec<Collection> = listed
        .iter()
        .map(|each| {
            Collection::read(database, each)
                .ok_or_else(|| Error::corrupt("the server lists a collection without a name"))
        })
        .collect::<Result<_>>()?;
    collections.retain(|collection| is_users_collection(database, &collection.name));
    collections.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(collections)
}

async fn indexes(server: &Server, collection: &Collection) -> Result<Vec<Document>> {
    if matches!(collection.kind, Kind::View | Kind::Buckets) {
        return Ok(Vec::new());
    }
    let cursor = Builder::new().finish();
    let command = Builder::new().text("listIndexes", &collection.name).document("cursor", &cursor);
    match server.documents(&collection.database, command).await {
        Ok(indexes) => made(&indexes),
        // Dropped since it was listed; listing again tells.
        Err(error) if error.has_engine_code("NamespaceNotFound") => Ok(Vec::new()),
        Err(error) => Err(error.while_doing(format!("listing the indexes of {}", collection.object()))),
    }
}

/// Those of a collection's indexes that have to be made, as createIndexes takes them.
pub fn made(indexes: &[Document]) -> Result<Vec<Document>> {
    indexes.iter().filter(|index| !is_implied(index)).map(|index| restorable(index)).collect()
}

/// Whether an index comes with its collection: the one of `_id` (but not one more on it, as `{ _id: "hashed" }`), and that
/// of a clustered collection.
fn is_implied(index: &[u8]) -> bool {
    let by_id = || {
        let key = bson::get(index, "key")?.document()?;
        let fields = bson::elements(key).ok()?;
        let [only] = fields.as_slice() else { return None };
        Some(only.is("_id") && only.number() == Some(1))
    };
    bson::get(index, "clustered").is_some_and(|clustered| clustered.truth()) || by_id() == Some(true)
}

/// The index on `_id` that comes with a collection of these options; none with a clustered one. It has the collection's
/// collation (MongoDB manual, "Collation").
pub fn id_index(options: &[u8]) -> Option<Document> {
    if bson::get(options, "clusteredIndex").is_some() {
        return None;
    }
    let key = Builder::new().int("_id", 1).finish();
    let index = Builder::new().int("v", 2).document("key", &key).text("name", "_id_");
    Some(bson::get(options, "collation").iter().fold(index, Builder::element).finish())
}

/// An index as createIndexes takes it: with the order of its keys and the types of its numbers as they are, and without
/// what older servers list and newer ones refuse.
fn restorable(index: &[u8]) -> Result<Document> {
    let old = bson::get(index, "v").and_then(|v| v.number()).is_some_and(|v| v < 1);
    let refused: &[&str] = if old { &["ns", "background", "v"] } else { &["ns", "background"] };
    Ok(Builder::new().all_but(index, refused)?.finish())
}

/// Bytes and documents of a collection, as far as the server says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Bytes of its documents.
    pub bytes: Option<u64>,
    /// Documents.
    pub documents: Option<u64>,
}

/// The sizes of collections, in their order. A server that doesn't tell is no failure: nothing depends on it but the order
/// of work.
pub async fn sizes(server: &Server, collections: &[Collection]) -> Vec<Size> {
    let mut sizes = Vec::with_capacity(collections.len());
    for some in collections.chunks(AT_ONCE) {
        sizes.extend(join_all(some.iter().map(|collection| size(server, collection))).await);
    }
    sizes
}

async fn size(server: &Server, collection: &Collection) -> Size {
    if collection.kind == Kind::View {
        return Size::default();
    }
    let Ok(stats) = server.run(&collection.database, Builder::new().text("collStats", &collection.name)).await else {
        return Size::default();
    };
    let number = |name: &str| bson::get(&stats, name).and_then(|n| u64::try_from(n.number()?).ok());
    Size { bytes: number("size"), documents: number("count") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn index(key: Builder) -> Document {
        Builder::new().int("v", 2).document("key", &key.finish()).text("name", "x").finish()
    }

    #[test]
    fn only_the_index_that_every_collection_has_is_implied() {
        assert!(is_implied(&index(Builder::new().int("_id", 1))));
        assert!(!is_implied(&index(Builder::new().text("_id", "hashed"))));
        assert!(!is_implied(&index(Builder::new().int("_id", -1))));
        assert!(!is_implied(&index(Builder::new().int("_id", 1).int("a", 1))));
        assert!(is_implied(&Builder::new().truth("clustered", true).finish()));
    }

    #[test]
    fn the_index_on_ids_has_the_collections_collation_and_a_clustered_collection_has_none() {
        let german = Builder::new().text("locale", "de").finish();
        let made = id_index(&Builder::new().document("collation", &german).finish()).unwrap();
        assert!(is_implied(&made) && bson::get(&made, "collation").unwrap().document() == Some(&german[..]));
        assert!(bson::get(&id_index(&Builder::new().finish()).unwrap(), "collation").is_none());
        assert_eq!(id_index(&Builder::new().document("clusteredIndex", &german).finish()), None);
    }

    #[test]
    fn an_index_keeps_everything_but_what_servers_refuse() {
        let listed =
            Builder::new().int("v", 2).text("ns", "a.b").truth("background", true).truth("hidden", true).finish();
        assert_eq!(restorable(&listed).unwrap(), Builder::new().int("v", 2).truth("hidden", true).finish());
        assert_eq!(restorable(&Builder::new().int("v", 0).finish()).unwrap(), Builder::new().finish());
    }

    #[test]
    fn a_collection_that_a_relative_lists_with_little_is_a_plain_one() {
        let plain = Collection::read("d", &Builder::new().text("name", "c").finish()).unwrap();
        assert_eq!((plain.kind, plain.uuid), (Kind::Plain, None));
        let options = Builder::new().truth("capped", true).finish();
        let capped = Builder::new().text("name", "c").document("options", &options).finish();
        assert_eq!(Collection::read("d", &capped).unwrap().kind, Kind::Capped);
        assert!(Collection::read("d", &Builder::new().finish()).is_none());
    }
}
