//! Users and roles: they come only where the operator asks for them, since each is a way into the server, and never take
//! the place of one that is there.

use super::place::Place;
use crate::access::{Access, ROLES, USERS};
use crate::bson::{self, Builder};
use crate::definition::Definition;
use crate::namespace;
use crate::note::note;
use crate::server::Server;
use cofferdam_sdk::engine::Summary;
use cofferdam_sdk::{Error, Result};

/// The setting by which the operator asks for them.
pub const SETTING: &str = "users";

/// Puts those of a unit where the end of the restore finds them; those that don't come are told.
pub async fn write(server: &Server, place: &Place, access: Access, definitions: Vec<Definition>) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut carried = 0;
    for Definition { object, document } in definitions {
        if !place.users {
            let reason = format!("each is a way into the server, and comes with --set {SETTING}=restore");
            summary.notes.push(note("left-out", object, reason));
            continue;
        }
        let from = bson::get(&document, "db").and_then(|database| database.text()).unwrap_or_default();
        let document = access.moved(&document, &place.database_of_user(from))?;
        let id = bson::get(&document, "_id").ok_or_else(|| Error::corrupt(format!("{object} has no _id")))?;
        let filter = Builder::new().element(&id).finish();
        let find = Builder::new().text("find", access.collection).document("filter", &filter);
        if !server.documents("admin", find).await?.is_empty() {
            summary.notes.push(note("left-out", object, "there is one of this name, and it stays as it is"));
            continue;
        }
        let waiting = waiting(place, access);
        server.insert("admin", &waiting, &document).await?;
        carried += 1;
    }
    summary.carried.push((access.kind.to_owned(), carried));
    summary.left_out.push((access.kind.to_owned(), summary.notes.len() as u64));
    Ok(summary)
}

/// Makes them, all at once, as `mongorestore` does: by a command that the role `restore` may run.
pub async fn show(server: &Server, place: &Place) -> Result<()> {
    if !place.users || !is_any_waiting(server, place).await? {
        return Ok(());
    }
    let mut merge = Builder::new().int("_mergeAuthzCollections", 1);
    for access in [USERS, ROLES] {
        merge = merge.text(access.merged_from, &format!("admin.{}", waiting(place, access)));
    }
    let merged = server.change("admin", merge.text("db", "").truth("drop", false)).await;
    merged.map_err(|error| error.while_doing("making the users and roles"))?;
    for access in [USERS, ROLES] {
        server.drop("admin", &waiting(place, access)).await?;
    }
    Ok(())
}

/// Whether there is one to be made: else nobody has to be allowed to, nor does the server have to know how.
async fn is_any_waiting(server: &Server, place: &Place) -> Result<bool> {
    for access in [USERS, ROLES] {
        let find = Builder::new().text("find", &waiting(place, access)).int("limit", 1).truth("singleBatch", true);
        if !server.documents("admin", find).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where they are until then.
fn waiting(place: &Place, access: Access) -> String {
    namespace::working(&place.operation_id, "admin", access.folder)
}
