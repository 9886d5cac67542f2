//! What an event of a change stream means for a backup (MongoDB manual, "Change Events"). Pure.

use super::token;
use crate::bson;
use crate::oplog::{Id, Touched, Tracked, refuse};
use cofferdam_sdk::{Error, Result};

/// What an event touches is added.
///
/// `until` is the moment that documents are going to be read at, if it is known: what happens to collections behind it isn't
/// of this backup. Gives the event's cluster time.
///
/// # Errors
/// "conflict" for what can't be made good by reading documents again.
pub fn judge(tracked: &Tracked, event: &[u8], until: Option<u64>, touched: &mut Touched) -> Result<u64> {
    let text = |path: &str| bson::path(event, path).and_then(|value| value.text()).unwrap_or_default();
    let at = bson::get(event, "clusterTime").and_then(|at| at.timestamp());
    let at = at.ok_or_else(|| Error::corrupt("an event of the change stream has no time"))?;
    let said = bson::get(event, "_id").and_then(|id| id.document()).and_then(token::time);
    if said != Some(at) {
        return Err(Error::unsupported("the change stream's resume tokens aren't as they are known"));
    }
    let late = until.is_some_and(|until| at > until);
    let database = text("ns.db");
    let of = format!("{database}.{}", text("ns.coll"));
    match text("operationType") {
        "insert" | "update" | "replace" | "delete" => {
            if tracked.reads(&of) {
                let key = bson::get(event, "documentKey").and_then(|key| key.document()).and_then(Id::of);
                let id = key.ok_or_else(|| Error::corrupt(format!("an event of {of} names no _id")))?;
                touched.entry(of).or_default().insert(id);
            }
            Ok(at)
        }
        _ if late => Ok(at),
        "invalidate" => refuse("what is backed up was dropped or renamed".to_owned()),
        "dropDatabase" if tracked.is_in(database) => refuse(format!("the database {database} was dropped")),
        "rename" => {
            let to = format!("{}.{}", text("to.db"), text("to.coll"));
            match [of, to].into_iter().find(|name| tracked.has(name)) {
                Some(name) => refuse(format!("a collection was renamed: {name}")),
                None => Ok(at),
            }
        }
        "drop" if tracked.has(&of) => refuse(format!("{of} was dropped")),
        "create" if tracked.has(&of) => refuse(format!("{of} was made anew")),
        "modify" if tracked.has(&of) => refuse(format!("options of {of} were changed")),
        "createIndexes" if tracked.has(&of) => refuse(format!("an index of {of} was made")),
        "dropIndexes" if tracked.has(&of) => refuse(format!("an index of {of} was dropped")),
        "shardCollection" | "refineCollectionShardKey" | "reshardCollection" if tracked.has(&of) => {
            refuse(format!("{of} was sharded, or sharded otherwise"))
        }
        "dropDatabase"
        | "drop"
        | "create"
        | "modify"
        | "createIndexes"
        | "dropIndexes"
        | "shardCollection"
        | "refineCollectionShardKey"
        | "reshardCollection" => Ok(at),
        // What nobody here knows might do anything.
        other if tracked.is_in(database) || database.is_empty() => {
            refuse(format!("an event {other:?} that isn't known came of {of}"))
        }
        _ => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::{Builder, Document};
    use crate::catalog::{Collection, Kind};

    const AT: u64 = 7 << 32 | 1;

    fn tracked() -> Tracked {
        let collection = |database: &str, name: &str, kind: Kind| Collection {
            database: database.to_owned(),
            name: name.to_owned(),
            kind,
            options: Builder::new().finish(),
            uuid: None,
            indexes: Vec::new(),
        };
        Tracked::new(&[
            collection("shop", "orders", Kind::Plain),
            collection("shop", "log", Kind::Capped),
            collection("shop", "v", Kind::View),
        ])
    }

    fn namespace(database: &str, name: &str) -> Document {
        Builder::new().text("db", database).text("coll", name).finish()
    }

    fn event(kind: &str, database: &str, name: &str) -> Builder {
        let token = Builder::new().text("_data", "8200000007000000012B0229296E04").finish();
        let event = Builder::new().document("_id", &token).text("operationType", kind).timestamp("clusterTime", AT);
        event.document("ns", &namespace(database, name))
    }

    fn touched(event: Builder) -> usize {
        let mut touched = Touched::new();
        assert_eq!(judge(&tracked(), &event.finish(), None, &mut touched).unwrap(), AT);
        touched.values().flatten().count()
    }

    fn refused(event: Builder) -> String {
        let error = judge(&tracked(), &event.finish(), None, &mut Touched::new()).unwrap_err();
        assert_eq!(error.code, "conflict");
        error.message
    }

    #[test]
    fn of_a_document_the_id_counts_whatever_the_shard_key() {
        let key = Builder::new().text("region", "EU").int("_id", 3).finish();
        let mut found = Touched::new();
        let update = event("update", "shop", "orders").document("documentKey", &key).finish();
        judge(&tracked(), &update, None, &mut found).unwrap();
        let id = Id { kind: 0x10, value: vec![3, 0, 0, 0] };
        assert_eq!(found, Touched::from([("shop.orders".to_owned(), [id].into())]));
        for kind in ["insert", "replace", "delete"] {
            assert_eq!(touched(event(kind, "shop", "orders").document("documentKey", &key)), 1, "{kind}");
        }
        for name in ["log", "v", "new"] {
            assert_eq!(touched(event("insert", "shop", name).document("documentKey", &key)), 0, "{name}");
        }
        let nameless = judge(&tracked(), &event("insert", "shop", "orders").finish(), None, &mut Touched::new());
        assert_eq!(nameless.unwrap_err().code, "corrupt");
    }

    #[test]
    fn what_reading_again_does_not_make_good_is_refused_by_its_name() {
        for (kind, said) in [
            ("drop", "shop.orders was dropped"),
            ("create", "shop.orders was made anew"),
            ("modify", "options of shop.orders were changed"),
            ("createIndexes", "an index of shop.orders was made"),
            ("dropIndexes", "an index of shop.orders was dropped"),
            ("reshardCollection", "shop.orders was sharded"),
            ("rename", "a collection was renamed: shop.orders"),
            ("invalidate", "what is backed up was dropped"),
            ("dropDatabase", "the database shop was dropped"),
            ("somethingNew", "an event \"somethingNew\" that isn't known came of shop.orders"),
        ] {
            assert!(refused(event(kind, "shop", "orders")).contains(said), "{kind}");
        }
        for kind in ["drop", "create", "modify", "createIndexes", "dropIndexes", "shardCollection", "rename"] {
            assert_eq!(touched(event(kind, "shop", "other")), 0, "{kind}");
        }
        assert_eq!(touched(event("somethingNew", "bank", "orders")) + touched(event("dropDatabase", "bank", "")), 0);
        let taken = event("rename", "shop", "new").document("to", &namespace("shop", "orders"));
        assert!(refused(taken).contains("renamed: shop.orders"));
    }

    #[test]
    fn what_happens_to_a_collection_behind_the_moment_is_not_of_this_backup() {
        let (drop, mut touched) = (event("drop", "shop", "orders").finish(), Touched::new());
        judge(&tracked(), &drop, Some(AT - 1), &mut touched).unwrap();
        assert!(judge(&tracked(), &drop, Some(AT), &mut touched).is_err());
    }

    #[test]
    fn a_token_that_says_another_time_than_its_event_is_not_trusted() {
        let token = Builder::new().text("_data", "8200000007000000022B0229296E04").finish();
        let event = Builder::new().document("_id", &token).text("operationType", "insert").timestamp("clusterTime", AT);
        let error = judge(&tracked(), &event.finish(), None, &mut Touched::new()).unwrap_err();
        assert_eq!(error.code, "unsupported");
    }
}
