//! What is granted to whom.

use super::id::Id;
use crate::entry::{Entry, RoleStatement};
use crate::quote::{ident, on_this_database};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("privileges.sql");

/// Privileges on an object that differ from its defaults.
#[derive(Clone, Deserialize)]
pub struct Row {
    class: u32,
    oid: u32,
    granted: bool,
    kind: String,
    target: String,
    grantor: Option<String>,
    grantee: Option<String>,
    grantable: bool,
    /// Whether they are on one of the server's own objects.
    system: bool,
    /// A condition for a server to have that object.
    there: Option<String>,
    privileges: Vec<String>,
}

impl Row {
    /// The object that they are on.
    pub fn id(&self) -> Id {
        Id::new(self.class, self.oid)
    }

    /// What they are on. An object may have several rows, one after the other.
    pub fn on(&self) -> (String, String) {
        (self.kind.clone(), self.target.clone())
    }

    /// Whether they are on the database itself.
    pub fn on_database(&self) -> bool {
        self.kind == "DATABASE"
    }

    /// Whether they are on one of the server's own objects, which every database has.
    pub fn on_system(&self) -> bool {
        self.system
    }

    /// The entry that grants or revokes them. The first of an object stands for all of them in reports.
    pub fn into_entry(self, first: bool) -> Entry {
        let roles: Vec<String> = self.grantee.iter().chain(&self.grantor).cloned().collect();
        let object =
            format!("{} {}", self.kind.split(' ').next().unwrap_or_default(), self.target).trim_end().to_owned();
        let mut entry = Entry::new(object, Vec::new());
        entry.only_where.clone_from(&self.there);
        if roles.is_empty() {
            entry.sql.push(self.statement());
            entry.carries.add("privileges", u64::from(first));
        } else {
            entry.for_roles.push(RoleStatement {
                roles,
                acts_as: self.grantor.iter().cloned().collect(),
                sql: self.statement(),
                carries: first.then(|| "privileges".to_owned()),
                compare_as: None,
            });
        }
        entry
    }

    fn statement(&self) -> String {
        let grantee = self.grantee.as_deref().map_or_else(|| "PUBLIC".to_owned(), ident);
        let (privileges, on) = match self.kind.strip_prefix("COLUMN ") {
            Some(column) => {
                let listed: Vec<String> = self.privileges.iter().map(|name| format!("{name} ({column})")).collect();
                (listed.join(", "), "TABLE")
            }
            None => (self.privileges.join(", "), self.kind.as_str()),
        };
        let option = if self.granted && self.grantable { " WITH GRANT OPTION" } else { "" };
        let (verb, whom) = if self.granted { ("GRANT", "TO") } else { ("REVOKE", "FROM") };
        let (set, reset) = match &self.grantor {
            Some(grantor) => (format!("SET ROLE {}; ", ident(grantor)), "; RESET ROLE"),
            None => (String::new(), ""),
        };
        let (before, after) =
            (format!("{set}{verb} {privileges} ON {on} "), format!(" {whom} {grantee}{option}{reset}"));
        if self.on_database() { on_this_database(&before, &after) } else { format!("{before}{}{after}", self.target) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn row() -> Row {
        Row {
            class: 1259,
            oid: 20_000,
            granted: true,
            kind: "TABLE".to_owned(),
            target: "\"s\".\"t\"".to_owned(),
            grantor: None,
            grantee: Some("bob".to_owned()),
            grantable: true,
            system: false,
            there: None,
            privileges: vec!["INSERT".to_owned(), "SELECT".to_owned()],
        }
    }

    #[test]
    fn a_grant_names_its_role_as_needed() {
        let entry = row().into_entry(true);
        assert!(entry.sql.is_empty());
        assert_eq!(entry.for_roles[0].roles, ["bob"]);
        assert_eq!(entry.for_roles[0].sql, "GRANT INSERT, SELECT ON TABLE \"s\".\"t\" TO \"bob\" WITH GRANT OPTION");
    }

    #[test]
    fn a_grant_on_a_column_names_it_with_each_privilege() {
        let row = Row { kind: "COLUMN \"c\"".to_owned(), grantable: false, ..row() };
        assert_eq!(row.statement(), "GRANT INSERT (\"c\"), SELECT (\"c\") ON TABLE \"s\".\"t\" TO \"bob\"");
    }

    #[test]
    fn what_somebody_else_granted_is_granted_as_them() {
        let row = Row { grantor: Some("al".to_owned()), grantee: None, grantable: false, ..row() };
        assert_eq!(row.statement(), "SET ROLE \"al\"; GRANT INSERT, SELECT ON TABLE \"s\".\"t\" TO PUBLIC; RESET ROLE");
        assert_eq!(row.into_entry(false).for_roles[0].roles, ["al"]);
    }
}
