//! Collections and indexes as commands.

use super::place::Place;
use crate::bson::{self, Builder, Document};
use crate::catalog::{Collection, Kind};
use crate::definition::STORAGE;
use crate::server::Server;
use cofferdam_sdk::{Error, Result};

/// What deletes documents by their age, and so comes last.
const EXPIRY: &str = "expireAfterSeconds";

/// The name that a collection is made under: a time series can't be renamed later.
pub fn made_as(place: &Place, collection: &Collection) -> String {
    if collection.kind == Kind::TimeSeries {
        collection.name.clone()
    } else {
        place.working(&collection.database, &collection.name)
    }
}

/// Refuses what the server wouldn't give its name at the end: it renames no collection with encrypted fields (MongoDB
/// manual, "Queryable Encryption", limitations).
pub fn refuse_encrypted(collection: &Collection) -> Result<()> {
    if bson::get(&collection.options, "encryptedFields").is_none() {
        return Ok(());
    }
    let what = format!("{} has encrypted fields, and the server renames no such collection", collection.object());
    Err(Error::unsupported(what).with_hint(
        "leave it and its enxcol_ collections out with --except, and load them by mongorestore from what `backups export` writes",
    ))
}

/// Makes a collection, empty. One that is there already is taken if an attempt before may have made it.
pub async fn create(server: &Server, place: &Place, collection: &Collection, repeated: bool) -> Result<()> {
    let database = place.database(&collection.database);
    let name = made_as(place, collection);
    let refused: Vec<&str> = STORAGE.into_iter().chain([EXPIRY]).collect();
    let command = Builder::new().text("create", &name).all_but(&collection.options, &refused)?;
    match server.change(database, command).await {
        Err(error) if repeated && error.has_engine_code("NamespaceExists") => Ok(()),
        Err(error) => Err(error.while_doing(format!("making {}", collection.object()))),
        Ok(_) => Ok(()),
    }
}

/// Makes it anew, empty, for another attempt: what was inserted can't be told from what wasn't.
pub async fn recreate(server: &Server, place: &Place, collection: &Collection) -> Result<()> {
    let name = made_as(place, collection);
    server.drop(place.database(&collection.database), &name).await?;
    create(server, place, collection, false).await
}

/// Whether documents vanish by this index.
pub fn expires(index: &[u8]) -> bool {
    bson::get(index, EXPIRY).is_some()
}

/// Makes indexes, all in one scan of the collection. Those that are there already stay.
pub async fn create_indexes(server: &Server, database: &str, name: &str, indexes: &[Document]) -> Result<()> {
    if indexes.is_empty() {
        return Ok(());
    }
    let command = Builder::new().text("createIndexes", name).array("indexes", indexes);
    server.change(database, command).await.map(drop)
}

/// Turns a collection's own expiry on, if it has one.
pub async fn expire(server: &Server, place: &Place, collection: &Collection) -> Result<()> {
    let Some(after) = bson::get(&collection.options, EXPIRY) else { return Ok(()) };
    let command = Builder::new().text("collMod", &collection.name).element(&after);
    server.change(place.database(&collection.database), command).await.map(drop)
}

/// Makes a view.
pub async fn create_view(server: &Server, place: &Place, view: &Collection) -> Result<()> {
    let command = Builder::new().text("create", &view.name).all_but(&view.options, &[])?;
    let made = server.change(place.database(&view.database), command).await;
    made.map(drop).map_err(|error| error.while_doing(format!("making the view {}", view.object())))
}

/// Views in an order in which each comes after the one that it is made of.
pub fn in_order(mut views: Vec<Collection>) -> Vec<Collection> {
    let source = |view: &Collection| bson::get(&view.options, "viewOn").and_then(|on| on.text()).map(str::to_owned);
    let mut ordered: Vec<Collection> = Vec::with_capacity(views.len());
    while !views.is_empty() {
        let waits = |view: &Collection| {
            let on = source(view);
            views.iter().any(|other| other.database == view.database && Some(&other.name) == on.as_ref())
        };
        let (later, now): (Vec<_>, Vec<_>) = views.iter().cloned().partition(|view| waits(view));
        if now.is_empty() {
            // A circle, which no server lets anybody make; it will say so.
            ordered.extend(later);
            break;
        }
        ordered.extend(now);
        views = later;
    }
    ordered
}

/// Renames a collection inside its database.
pub async fn rename(server: &Server, database: &str, from: &str, to: &str) -> Result<()> {
    let command = || {
        Builder::new().text("renameCollection", &format!("{database}.{from}")).text("to", &format!("{database}.{to}"))
    };
    match server.change("admin", command()).await {
        Ok(_) => Ok(()),
        // Some relatives of MongoDB know the command in the collection's own database only.
        Err(error) if matches!(error.code.as_str(), "internal" | "invalid-options") => {
            server.change(database, command()).await.map(drop).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
    .map_err(|error: Error| error.while_doing(format!("giving {database}.{to} its name")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn view(name: &str, on: &str) -> Collection {
        Collection {
            database: "d".to_owned(),
            name: name.to_owned(),
            kind: Kind::View,
            options: Builder::new().text("viewOn", on).finish(),
            uuid: None,
            indexes: Vec::new(),
        }
    }

    #[test]
    fn a_view_comes_after_the_one_that_it_is_made_of() {
        let ordered = in_order(vec![view("a", "b"), view("b", "c"), view("c", "orders")]);
        assert_eq!(ordered.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
        assert_eq!(in_order(vec![view("a", "b"), view("b", "a")]).len(), 2);
    }

    #[test]
    fn a_collection_with_encrypted_fields_is_refused_before_it_is_filled() {
        let fields = Builder::new().document("encryptedFields", &Builder::new().finish()).finish();
        assert!(refuse_encrypted(&view("a", "b")).is_ok());
        assert_eq!(
            refuse_encrypted(&Collection { options: fields, ..view("a", "b") }).unwrap_err().code,
            "unsupported"
        );
    }

    #[test]
    fn an_index_that_deletes_is_known_by_its_option() {
        assert!(expires(&Builder::new().int("expireAfterSeconds", 0).finish()));
        assert!(!expires(&Builder::new().int("v", 2).finish()));
    }
}
