//! What will be granted on objects that are yet to be made.

use crate::entry::{Entry, RoleStatement};
use crate::quote::ident;
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("default_privileges.sql");

/// Default privileges of a role, everywhere or in a schema.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// Which row of the catalogue it is from; one may give several, one after the other.
    pub oid: u32,
    granted: bool,
    role: String,
    schema: Option<String>,
    kind: String,
    grantee: Option<String>,
    grantable: bool,
    privileges: Vec<String>,
}

impl Row {
    /// The entry that sets them. The first of a row of the catalogue stands for it in reports.
    pub fn into_entry(self, first: bool) -> Entry {
        let object = format!("DEFAULT PRIVILEGES FOR ROLE {}", ident(&self.role));
        let schema = self.schema.as_ref().map(|schema| format!(" IN SCHEMA {}", ident(schema))).unwrap_or_default();
        let grantee = self.grantee.as_deref().map_or_else(|| "PUBLIC".to_owned(), ident);
        let (verb, preposition) = if self.granted { ("GRANT", "TO") } else { ("REVOKE", "FROM") };
        let option = if self.granted && self.grantable { " WITH GRANT OPTION" } else { "" };
        let privileges = self.privileges.join(", ");
        let sql =
            format!("ALTER {object}{schema} {verb} {privileges} ON {} {preposition} {grantee}{option}", self.kind);
        let acts_as = vec![self.role.clone()];
        let roles = std::iter::once(self.role).chain(self.grantee).collect();
        let carries = first.then(|| "default privileges".to_owned());
        let mut entry = Entry::new(object, Vec::new());
        entry.for_roles.push(RoleStatement { roles, acts_as, sql, carries, compare_as: None });
        entry
    }
}
