//! What an entry of the oplog means for a backup (the server's `oplog_entry.idl`, `oplog.cpp`; MongoDB manual, "Replica Set
//! Oplog"). Pure.

use super::change::Id;
use super::window::Window;
use crate::bson;
use crate::catalog::{Collection, Kind};
use cofferdam_sdk::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// `_id`s that were touched, by their collections' full names.
pub type Touched = BTreeMap<String, BTreeSet<Id>>;

/// Several writes of a session in one entry, which isn't a transaction (`multiOpType`, MongoDB 8.0).
const RETRYABLE_BATCH: i64 = 1;

/// The document of `admin.system.version` that decides what a server can.
const COMPATIBILITY: &str = "featureCompatibilityVersion";

/// What a backup reads.
#[derive(Debug, Default)]
pub struct Tracked {
    /// By their full names; whether what was touched can be read again by its `_id`.
    collections: BTreeMap<String, bool>,
    databases: BTreeSet<String>,
}

impl Tracked {
    /// For these collections and views.
    pub fn new(collections: &[Collection]) -> Self {
        let named = |c: &Collection| (format!("{}.{}", c.database, c.name), c.kind == Kind::Plain);
        Self {
            collections: collections.iter().map(named).collect(),
            databases: collections.iter().map(|collection| collection.database.clone()).collect(),
        }
    }

    /// Whether a collection or a view of this full name is backed up.
    pub fn has(&self, namespace: &str) -> bool {
        self.collections.contains_key(namespace)
    }

    /// Whether documents of this collection can be read again by their `_id`.
    pub fn reads(&self, namespace: &str) -> bool {
        self.collections.get(namespace) == Some(&true)
    }

    /// Whether anything of a database is backed up.
    pub fn is_in(&self, database: &str) -> bool {
        self.databases.contains(database)
    }

    /// Adds what an entry touches.
    ///
    /// # Errors
    /// "conflict" for what can't be made good by reading documents again.
    pub fn judge(&self, entry: &[u8], window: Window, touched: &mut Touched) -> Result<()> {
        let at = bson::get(entry, "ts").and_then(|ts| ts.timestamp());
        let at = at.ok_or_else(|| Error::corrupt("an entry of the oplog has no time"))?;
        self.operation(entry, at > window.seen, touched)?;
        begins_within(entry, at, window)
    }

    /// An entry, or an operation of one that has several. `late`: after collections were listed.
    fn operation(&self, entry: &[u8], late: bool, touched: &mut Touched) -> Result<()> {
        let text = |name: &str| bson::get(entry, name).and_then(|value| value.text()).unwrap_or_default();
        let part = |name: &str| bson::get(entry, name).and_then(|value| value.document());
        let namespace = text("ns");
        let o = part("o").unwrap_or_default();
        match text("op") {
            "n" => Ok(()),
            "i" | "d" => self.document(namespace, o, text("op") == "i", late, touched),
            "u" => self.document(namespace, part("o2").unwrap_or(o), false, late, touched),
            "c" => self.command(namespace, o, late, touched),
            other => self.unknown(namespace, &format!("an operation {other:?}")),
        }
    }

    /// A document that came, was changed or went.
    fn document(&self, namespace: &str, of: &[u8], is_new: bool, late: bool, touched: &mut Touched) -> Result<()> {
        if late && namespace == "admin.system.version" && id_is(of, COMPATIBILITY) {
            return refuse(format!("the server's {COMPATIBILITY} was changed"));
        }
        if let Some((database, "system.views")) = namespace.split_once('.') {
            let view =
                bson::get(of, "_id").and_then(|id| id.text()).filter(|view| self.collections.contains_key(*view));
            return match view.filter(|_| late && !is_new && self.databases.contains(database)) {
                Some(view) => refuse(format!("the view {view} was changed")),
                None => Ok(()),
            };
        }
        if self.reads(namespace) {
            let id = Id::of(of).ok_or_else(|| Error::corrupt(format!("an entry of {namespace} names no _id")))?;
            touched.entry(namespace.to_owned()).or_default().insert(id);
        }
        Ok(())
    }

    /// A command; its name is its first field's.
    fn command(&self, namespace: &str, o: &[u8], late: bool, touched: &mut Touched) -> Result<()> {
        let fields = bson::elements(o)?;
        let Some(first) = fields.first() else { return self.unknown(namespace, "an empty command") };
        let name = String::from_utf8_lossy(first.name);
        if name == "applyOps" {
            let operations = first.document().map(bson::documents).transpose()?.unwrap_or_default();
            return operations.iter().try_for_each(|operation| self.operation(operation, late, touched));
        }
        // What was done before collections were listed shows in the list.
        if !late {
            return Ok(());
        }
        let database = namespace.split_once('.').map_or(namespace, |(database, _)| database);
        let of = first.text().map(|collection| format!("{database}.{collection}")).unwrap_or_default();
        let concerns = self.collections.contains_key(&of);
        match name.as_ref() {
            // The operations stand in entries before it, or count for nothing.
            "commitTransaction" | "abortTransaction" => Ok(()),
            // They change nothing yet, or nothing at all.
            "startIndexBuild" | "abortIndexBuild" | "dbCheck" => Ok(()),
            "dropDatabase" if self.databases.contains(database) => {
                refuse(format!("the database {database} was dropped"))
            }
            "dropDatabase" => Ok(()),
            "renameCollection" => {
                let to = bson::get(o, "to").and_then(|to| to.text());
                let names = [first.text(), to];
                match names.into_iter().flatten().find(|name| self.collections.contains_key(*name)) {
                    Some(name) => refuse(format!("a collection was renamed: {name}")),
                    None => Ok(()),
                }
            }
            "create" if concerns => refuse(format!("{of} was made anew")),
            "drop" if concerns => refuse(format!("{of} was dropped")),
            "collMod" if concerns => refuse(format!("options of {of} were changed")),
            "createIndexes" | "commitIndexBuild" if concerns => refuse(format!("an index of {of} was made")),
            "dropIndexes" | "deleteIndexes" | "dropIndex" | "deleteIndex" if concerns => {
                refuse(format!("an index of {of} was dropped"))
            }
            "convertToCapped" | "emptycapped" if concerns => refuse(format!("{of} was emptied or made a capped one")),
            "create" | "drop" | "collMod" | "createIndexes" | "commitIndexBuild" | "dropIndexes" | "deleteIndexes"
            | "dropIndex" | "deleteIndex" | "convertToCapped" | "emptycapped" => Ok(()),
            other => self.unknown(namespace, &format!("a command {other:?}")),
        }
    }

    /// What nobody here knows might do anything.
    fn unknown(&self, namespace: &str, what: &str) -> Result<()> {
        let database = namespace.split_once('.').map_or(namespace, |(database, _)| database);
        if self.databases.contains(database) || database == "admin" || database.is_empty() {
            return refuse(format!("{what} that isn't known was done in {namespace}"));
        }
        Ok(())
    }
}

/// Fails if the transaction that an entry is of began before the window, and ended in it: what its first entries touched
/// isn't known. A transaction's entries are chained by `prevOpTime`.
fn begins_within(entry: &[u8], at: u64, window: Window) -> Result<()> {
    let Some(o) = bson::get(entry, "o").and_then(|o| o.document()) else { return Ok(()) };
    let has = |name: &str| bson::get(o, name).is_some_and(|field| field.truth());
    let batch = bson::get(entry, "multiOpType").and_then(|kind| kind.number()) == Some(RETRYABLE_BATCH);
    let applies = bson::get(o, "applyOps").is_some() && !batch;
    let commits = bson::get(o, "commitTransaction").is_some();
    let before = bson::path(entry, "prevOpTime.ts").and_then(|ts| ts.timestamp()).filter(|ts| *ts > 0);
    // What had ended before anything was read was read as it then was.
    let open = has("partialTxn") || has("prepare") || at > window.seen;
    if (applies || commits) && open && before.is_some_and(|before| before < window.begin) {
        return refuse("a transaction ended that had begun before the backup did".to_owned());
    }
    Ok(())
}

fn id_is(document: &[u8], text: &str) -> bool {
    bson::get(document, "_id").and_then(|id| id.text()) == Some(text)
}

/// Fails because of something that reading documents again doesn't make good.
///
/// # Errors
/// "conflict", always.
pub fn refuse<T>(what: String) -> Result<T> {
    Err(Error::conflict(format!("{what} while the backup ran, which can't be caught up"))
        .with_hint("back up again when nobody does that; or leave the collection out with --except"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::{Builder, Document};

    const WINDOW: Window = Window { begin: 10, seen: 20 };

    fn tracked() -> Tracked {
        let collection = |name: &str, kind: Kind| Collection {
            database: "shop".to_owned(),
            name: name.to_owned(),
            kind,
            options: Builder::new().finish(),
            uuid: None,
            indexes: Vec::new(),
        };
        Tracked::new(&[collection("orders", Kind::Plain), collection("log", Kind::Capped), collection("v", Kind::View)])
    }

    fn id(n: i32) -> Document {
        Builder::new().int("_id", n).finish()
    }

    fn entry(op: &str, namespace: &str, o: &[u8]) -> Builder {
        Builder::new().text("op", op).text("ns", namespace).document("o", o)
    }

    fn at(ts: u64, entry: Builder) -> Document {
        entry.timestamp("ts", ts).finish()
    }

    fn touched(entry: &[u8]) -> Vec<(String, i32)> {
        let mut touched = Touched::new();
        tracked().judge(entry, WINDOW, &mut touched).unwrap();
        let number = |id: &Id| i32::from_le_bytes(id.value.as_slice().try_into().unwrap());
        touched.iter().flat_map(|(name, ids)| ids.iter().map(move |id| (name.clone(), number(id)))).collect()
    }

    fn refused(entry: &[u8]) -> String {
        let error = tracked().judge(entry, WINDOW, &mut Touched::new()).unwrap_err();
        assert_eq!(error.code, "conflict");
        error.message
    }

    fn command(name: &str, value: &str) -> Builder {
        entry("c", "shop.$cmd", &Builder::new().text(name, value).finish())
    }

    #[test]
    fn of_a_document_that_came_changed_or_went_the_id_counts() {
        let orders = |n| vec![("shop.orders".to_owned(), n)];
        assert_eq!(touched(&at(11, entry("i", "shop.orders", &id(1)))), orders(1));
        assert_eq!(touched(&at(21, entry("d", "shop.orders", &id(2)))), orders(2));
        let diff = Builder::new().int("$v", 2).finish();
        assert_eq!(touched(&at(21, entry("u", "shop.orders", &diff).document("o2", &id(3)))), orders(3));
        for other in ["shop.log", "shop.new", "bank.orders", "admin.system.users"] {
            assert!(touched(&at(21, entry("i", other, &id(1)))).is_empty(), "{other}");
        }
        assert!(touched(&at(21, entry("n", "", &Builder::new().text("msg", "periodic noop").finish()))).is_empty());
    }

    #[test]
    fn every_operation_of_a_transaction_counts_whether_it_is_committed_or_not() {
        let operations = [
            entry("i", "shop.orders", &id(1)).finish(),
            entry("u", "shop.orders", &Builder::new().int("$v", 2).finish()).document("o2", &id(2)).finish(),
            entry("i", "bank.orders", &id(3)).finish(),
        ];
        for kind in ["partialTxn", "prepare", "count"] {
            let apply = Builder::new().array("applyOps", &operations).truth(kind, true).finish();
            let chained = Builder::new().timestamp("ts", 0).finish();
            let entry = at(21, entry("c", "admin.$cmd", &apply).document("prevOpTime", &chained));
            assert_eq!(touched(&entry), [("shop.orders".to_owned(), 1), ("shop.orders".to_owned(), 2)], "{kind}");
        }
        for end in ["commitTransaction", "abortTransaction"] {
            assert!(touched(&at(21, entry("c", "admin.$cmd", &Builder::new().int(end, 1).finish()))).is_empty());
        }
    }

    #[test]
    fn a_transaction_that_began_before_the_window_and_ends_in_it_is_refused() {
        let chained = |o: &[u8], before: u64| {
            entry("c", "admin.$cmd", o).document("prevOpTime", &Builder::new().timestamp("ts", before).finish())
        };
        let commit = Builder::new().int("commitTransaction", 1).finish();
        let apply = Builder::new().array("applyOps", &[entry("i", "shop.orders", &id(1)).finish()]).finish();
        for o in [&commit, &apply] {
            assert!(refused(&at(21, chained(o, 9))).contains("a transaction"));
            tracked().judge(&at(21, chained(o, 10)), WINDOW, &mut Touched::new()).unwrap();
            // It had ended before anything was read.
            tracked().judge(&at(20, chained(o, 9)), WINDOW, &mut Touched::new()).unwrap();
        }
        let prepare = Builder::new().array("applyOps", &[]).truth("prepare", true).finish();
        assert!(refused(&at(15, chained(&prepare, 9))).contains("a transaction"));
        // Retryable writes are chained as well, and each counts by itself.
        let batch = entry("c", "admin.$cmd", &apply).int("multiOpType", 1);
        let batch = at(21, batch.document("prevOpTime", &Builder::new().timestamp("ts", 9).finish()));
        assert_eq!(touched(&batch).len(), 1);
    }

    #[test]
    fn what_reading_again_does_not_make_good_is_refused_by_its_name() {
        for (name, said) in [
            ("drop", "shop.orders was dropped"),
            ("create", "shop.orders was made anew"),
            ("collMod", "options of shop.orders were changed"),
            ("createIndexes", "an index of shop.orders was made"),
            ("commitIndexBuild", "an index of shop.orders was made"),
            ("dropIndexes", "an index of shop.orders was dropped"),
            ("convertToCapped", "shop.orders was emptied"),
            ("somethingNew", "a command \"somethingNew\" that isn't known was done in shop.$cmd"),
        ] {
            let message = refused(&at(21, command(name, "orders")));
            assert!(message.contains(said), "{message}");
            // Before collections were listed, it shows in the list.
            assert!(touched(&at(20, command(name, "orders"))).is_empty(), "{name}");
        }
        for name in ["startIndexBuild", "abortIndexBuild", "dbCheck"] {
            assert!(touched(&at(21, command(name, "orders"))).is_empty());
        }
        assert!(touched(&at(21, command("drop", "other"))).is_empty());
        assert!(refused(&at(21, command("dropDatabase", "x"))).contains("the database shop was dropped"));
        assert!(refused(&at(21, entry("x", "shop.orders", &id(1)))).contains("isn't known"));
    }

    #[test]
    fn a_name_that_is_given_away_or_taken_is_refused() {
        let rename = |from: &str, to: &str| {
            at(21, entry("c", "shop.$cmd", &Builder::new().text("renameCollection", from).text("to", to).finish()))
        };
        assert!(refused(&rename("shop.orders", "shop.old")).contains("renamed: shop.orders"));
        assert!(refused(&rename("shop.temporary", "shop.orders")).contains("renamed: shop.orders"));
        assert!(touched(&rename("shop.a", "shop.b")).is_empty());
    }

    #[test]
    fn a_view_that_changes_and_a_server_that_learns_are_refused() {
        let view = Builder::new().text("_id", "shop.v").finish();
        for op in ["u", "d"] {
            assert!(refused(&at(21, entry(op, "shop.system.views", &view))).contains("the view shop.v"));
        }
        assert!(touched(&at(21, entry("i", "shop.system.views", &view))).is_empty());
        let version = Builder::new().text("_id", COMPATIBILITY).finish();
        assert!(refused(&at(21, entry("u", "admin.system.version", &version))).contains(COMPATIBILITY));
    }
}
