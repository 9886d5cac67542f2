//! Users and roles: what they are called, and how one is made for a database of another name.

use crate::bson::{self, Builder, Document};
use crate::definition::line;
use crate::namespace::Scope;
use cofferdam_sdk::Result;

/// Users, or roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What reports call one of them, and the field with its name.
    pub kind: &'static str,
    /// The unit of them.
    pub folder: &'static str,
    /// The collection of `admin` that they are in.
    pub collection: &'static str,
    /// What `_mergeAuthzCollections` calls the collection that they come from.
    pub merged_from: &'static str,
}

/// Users.
pub const USERS: Access =
    Access { kind: "user", folder: "users", collection: "system.users", merged_from: "tempUsersCollection" };

/// Roles that users made.
pub const ROLES: Access =
    Access { kind: "role", folder: "roles", collection: "system.roles", merged_from: "tempRolesCollection" };

impl Access {
    /// What a unit is of; none if it isn't one of users or roles.
    pub fn of_unit(name: &str) -> Option<Self> {
        [USERS, ROLES].into_iter().find(|access| access.folder == name)
    }

    /// The line of one of them, as the server keeps it.
    pub fn define(self, document: &[u8], scope: &Scope) -> Result<String> {
        let text = |name: &str| bson::get(document, name).and_then(|value| value.text()).unwrap_or_default();
        let (name, database) = (text(self.kind), text("db"));
        let called = match scope {
            Scope::Database => name.to_owned(),
            Scope::Server | Scope::Copies(_) => format!("{database}.{name}"),
        };
        // A copy's database is called otherwise.
        let compared = match scope {
            Scope::Database => moved(document, database, "")?,
            Scope::Server | Scope::Copies(_) => document.to_vec(),
        };
        let compared = Builder::new().sorted_but(&compared, &["_id", "userId"])?.finish();
        Ok(line(&format!("{} {called}", self.kind), document, &compared))
    }

    /// The document for a database of another name.
    pub fn moved(self, document: &[u8], to: &str) -> Result<Document> {
        let text = |name: &str| bson::get(document, name).and_then(|value| value.text()).unwrap_or_default();
        let (name, from) = (text(self.kind), text("db"));
        if from == to {
            return Ok(document.to_vec());
        }
        let id = Builder::new().text("_id", &format!("{to}.{name}"));
        Ok(id.all_but(&moved(document, from, to)?, &["_id", "userId"])?.finish())
    }
}

/// The document with another database in place of its own, where it says who may do what and where; what a user is told to
/// be, and how they log in, stays.
fn moved(document: &[u8], from: &str, to: &str) -> Result<Document> {
    const KEPT: [&str; 2] = ["customData", "credentials"];
    let elements = bson::elements(document)?;
    let made = elements.iter().try_fold(Builder::new(), |made, element| -> Result<Builder> {
        let name = std::str::from_utf8(element.name).unwrap_or_default();
        Ok(match element.document() {
            Some(inner) if !KEPT.contains(&name) => made.value(element.kind, name, &moved(inner, from, to)?),
            None if element.is("db") && element.text() == Some(from) => made.text("db", to),
            _ => made.element(element),
        })
    })?;
    Ok(made.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::definition;

    fn user() -> Document {
        let role = |name: &str, database: &str| Builder::new().text("role", name).text("db", database).finish();
        Builder::new()
            .text("_id", "shop.alice")
            .binary("userId", b"0123456789abcdef")
            .text("user", "alice")
            .text("db", "shop")
            .document("credentials", &Builder::new().text("db", "shop").finish())
            .document("customData", &Builder::new().text("db", "shop").finish())
            .array("roles", &[role("read", "shop"), role("read", "other")])
            .finish()
    }

    #[test]
    fn a_user_follows_the_database_and_keeps_the_password() {
        let moved = USERS.moved(&user(), "again").unwrap();
        assert_eq!(bson::get(&moved, "_id").unwrap().text(), Some("again.alice"));
        assert_eq!(bson::get(&moved, "db").unwrap().text(), Some("again"));
        assert!(bson::get(&moved, "userId").is_none());
        let roles = bson::documents(bson::get(&moved, "roles").unwrap().document().unwrap()).unwrap();
        assert_eq!(bson::get(&roles[0], "db").unwrap().text(), Some("again"));
        assert_eq!(bson::get(&roles[1], "db").unwrap().text(), Some("other"));
        for kept in ["credentials.db", "customData.db"] {
            assert_eq!(bson::path(&moved, kept).unwrap().text(), Some("shop"), "{kept}");
        }
        assert_eq!(USERS.moved(&user(), "shop").unwrap(), user());
    }

    #[test]
    fn users_of_copies_are_the_same_and_are_called_the_same() {
        let line = |document: &[u8]| {
            let line = USERS.define(document, &Scope::Database).unwrap();
            let read = definition::read(line.trim_end().as_bytes()).unwrap();
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            (read.object, line["compare_as"].clone())
        };
        assert_eq!(line(&user()), line(&USERS.moved(&user(), "again").unwrap()));
        assert_eq!(line(&user()).0, "user alice");
        assert!(USERS.define(&user(), &Scope::Server).unwrap().contains("\"user shop.alice\""));
    }
}
