//! Collections and indexes as commands.

use super::place::Place;
use crate::bson::{self, Builder, Document};
use crate::catalog::{self, Collection};
use crate::definition::STORAGE;
use crate::server::Server;
use crate::uuid;
use cofferdam_sdk::{Error, Result};

/// What deletes documents by their age, and so comes last.
const EXPIRY: &str = "expireAfterSeconds";

/// The name that a collection is made under: some can't be renamed later.
pub fn made_as(place: &Place, collection: &Collection) -> String {
    if collection.is_made_in_place() {
        collection.name.clone()
    } else {
        place.working(&collection.database, &collection.name)
    }
}

/// Makes a collection, empty. One that is there already is taken if an attempt before may have made it.
pub async fn create(server: &Server, place: &Place, collection: &Collection, repeated: bool) -> Result<()> {
    let database = place.database(&collection.database);
    let name = made_as(place, collection);
    let refused: Vec<&str> = STORAGE.into_iter().chain([EXPIRY]).collect();
    let command = Builder::new().text("create", &name).all_but(&collection.options, &refused)?;
    if let Some(uuid) = &collection.uuid {
        let made = create_with(server, &database, &name, uuid, command, &collection.options).await;
        return made.map_err(|error| error.while_doing(format!("making {} with its UUID", collection.object())));
    }
    match server.change(&database, command).await {
        Err(error) if repeated && error.has_engine_code("NamespaceExists") => Ok(()),
        Err(error) => Err(error.while_doing(format!("making {}", collection.object()))),
        Ok(_) => Ok(()),
    }
}

/// Makes a collection with this UUID, as `mongorestore --preserveUUID` does (mongo-tools, `mongorestore/metadata.go`,
/// `createCollectionWithApplyOps`). Done twice it is done once. Whatever else has the UUID would get this name, so it was
/// looked for before.
async fn create_with(
    server: &Server,
    database: &str,
    name: &str,
    uuid: &[u8],
    command: Builder,
    options: &[u8],
) -> Result<()> {
    // The server makes an index of the first version if it isn't told.
    let command = match catalog::id_index(options) {
        Some(index) => command.document("idIndex", &index),
        None => command,
    };
    let operation = Builder::new()
        .text("op", "c")
        .text("ns", &format!("{database}.$cmd"))
        .uuid("ui", uuid)
        .document("o", &command.finish());
    let applied = server.change("admin", Builder::new().array("applyOps", &[operation.finish()])).await;
    applied.map_err(|error| {
        error.with_hint(
            "it takes the actions forceUUID and useUUID, which the role `restore` has; or leave out --set uuids=keep",
        )
    })?;
    if uuid::of(server, database, name).await?.as_deref() == Some(uuid) {
        return Ok(());
    }
    Err(Error::unsupported("the server gave it another UUID").with_hint("leave out --set uuids=keep"))
}

/// Makes it anew, empty, for another attempt: what was inserted can't be told from what wasn't.
pub async fn recreate(server: &Server, place: &Place, collection: &Collection) -> Result<()> {
    let name = made_as(place, collection);
    server.drop(&place.database(&collection.database), &name).await?;
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
    let command = |indexes: &[Document]| Builder::new().text("createIndexes", name).array("indexes", indexes);
    match server.change(database, command(indexes)).await {
        Err(error) if may_not_know(&error) => {
            let without = indexes.iter().map(|index| without_version(index)).collect::<Result<Vec<_>>>()?;
            server.change(database, command(&without)).await.map(drop).map_err(|_| error)
        }
        made => made.map(drop),
    }
}

/// An index without its version, if that is what servers make by themselves; some relatives of MongoDB know of none.
fn without_version(index: &[u8]) -> Result<Document> {
    let usual = bson::get(index, "v").and_then(|v| v.number()) == Some(2);
    Ok(Builder::new().all_but(index, if usual { &["v"] } else { &[] })?.finish())
}

/// Whether a server may have refused a command as one that it doesn't know in this form.
fn may_not_know(error: &Error) -> bool {
    matches!(error.code.as_str(), "internal" | "invalid-options")
}

/// Turns a collection's own expiry on, if it has one.
pub async fn expire(server: &Server, place: &Place, collection: &Collection) -> Result<()> {
    let Some(after) = bson::get(&collection.options, EXPIRY) else { return Ok(()) };
    let command = Builder::new().text("collMod", &collection.name).element(&after);
    server.change(&place.database(&collection.database), command).await.map(drop)
}

/// Makes a view.
pub async fn create_view(server: &Server, place: &Place, view: &Collection) -> Result<()> {
    let command = Builder::new().text("create", &view.name).all_but(&view.options, &[])?;
    let made = server.change(&place.database(&view.database), command).await;
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
        Err(error) if may_not_know(&error) => server.change(database, command()).await.map(drop).map_err(|_| error),
        Err(error) => Err(error),
    }
    .map_err(|error: Error| error.while_doing(format!("giving {database}.{to} its name")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::catalog::Kind;

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
    fn only_the_version_that_servers_choose_by_themselves_may_be_left_out() {
        let index = |v: i32| Builder::new().int("v", v).text("name", "x").finish();
        assert_eq!(without_version(&index(2)).unwrap(), Builder::new().text("name", "x").finish());
        assert_eq!(without_version(&index(1)).unwrap(), index(1));
    }

    #[test]
    fn an_index_that_deletes_is_known_by_its_option() {
        assert!(expires(&Builder::new().int("expireAfterSeconds", 0).finish()));
        assert!(!expires(&Builder::new().int("v", 2).finish()));
    }
}
