//! Large objects: who owns them, what is granted on them, and what is said of them.
//!
//! There may be millions, so the plan only tells them in ranges. What they are is read range by range.

use crate::counts::Counts;
use crate::entry::{Entry, RoleStatement};
use crate::quote::{ident, literal};
use serde::Deserialize;

/// The query for [`Range`].
pub const RANGES: &str = include_str!("large_object_ranges.sql");
/// The query for [`Definition`]; `$first` and `$last` stand for the range.
pub const DEFINITIONS: &str = concat!(
    "SELECT row_to_json(g) AS \"group\", NULL AS comment FROM (\n",
    include_str!("large_objects.sql"),
    ") AS g\nUNION ALL\nSELECT NULL, row_to_json(c) FROM (\n",
    include_str!("large_object_comments.sql"),
    ") AS c"
);

/// The query for [`Count`].
pub const COUNT: &str = include_str!("large_object_count.sql");

/// How many there are, for the report.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Count {
    objects: u64,
    comments: u64,
    privileges: u64,
}

impl Count {
    /// Adds them.
    pub fn add_to(&self, counts: &mut Counts) {
        counts.add("large object", self.objects);
        counts.add("comment", self.comments);
        counts.add("privileges", self.privileges);
    }
}

/// Large objects whose oids follow each other.
#[derive(Clone, Debug, Deserialize)]
pub struct Range {
    /// The lowest oid.
    pub first: u32,
    /// The highest oid.
    pub last: u32,
    /// What they take on the server's disk, in bytes, if all are of one size.
    pub bytes: u64,
}

/// A row of what a range consists of: one of the two.
#[derive(Debug, Deserialize)]
pub struct Definition {
    /// Some of its large objects.
    pub group: Option<Group>,
    /// What is said of one of them.
    pub comment: Option<Comment>,
}

/// Large objects of a range with one owner and the same privileges.
#[derive(Debug, Deserialize)]
pub struct Group {
    oids: Vec<u32>,
    owner: String,
    privileges: Option<Vec<Privilege>>,
}

/// A privilege that differs from the default.
#[derive(Debug, Deserialize)]
struct Privilege {
    granted: bool,
    grantor: Option<String>,
    grantee: Option<String>,
    grantable: bool,
    privilege: String,
}

/// A comment on one.
#[derive(Debug, Deserialize)]
pub struct Comment {
    oid: u32,
    text: String,
}

impl Group {
    /// The entries that make them, give them to their owner, and grant. Those on which something is granted have an entry
    /// each, as what is left out for want of a role is told of each.
    pub fn into_entries(self) -> Vec<Entry> {
        let privileges = self.privileges.unwrap_or_default();
        let one_each = |oid: &u32| entry(std::slice::from_ref(oid), &self.owner, &privileges);
        if privileges.is_empty() {
            vec![entry(&self.oids, &self.owner, &[])]
        } else {
            self.oids.iter().map(one_each).collect()
        }
    }
}

fn entry(oids: &[u32], owner: &str, privileges: &[Privilege]) -> Entry {
    let list = oids.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let object = match oids {
        [first, .., last] => format!("LARGE OBJECTS {first} to {last}"),
        _ => format!("LARGE OBJECT {list}"),
    };
    let create = format!("SELECT pg_catalog.lo_create(oid) FROM pg_catalog.unnest(ARRAY[{list}]::oid[]) AS o (oid)");
    let mut entry = Entry::new(object, vec![create]);
    entry.carries.add("large object", oids.len() as u64);
    let given: Vec<String> =
        oids.iter().map(|oid| format!("ALTER LARGE OBJECT {oid} OWNER TO {}", ident(owner))).collect();
    let roles = vec![owner.to_owned()];
    entry.for_roles.push(RoleStatement {
        roles: roles.clone(),
        acts_as: roles,
        sql: given.join("; "),
        carries: None,
        compare_as: None,
    });
    let first = |position: usize| (position == 0).then(|| "privileges".to_owned());
    let statements = privileges.iter().enumerate().map(|(i, privilege)| privilege.statement(&list, first(i)));
    entry.for_roles.extend(statements);
    entry
}

impl Privilege {
    fn statement(&self, list: &str, carries: Option<String>) -> RoleStatement {
        let grantee = self.grantee.as_deref().map_or_else(|| "PUBLIC".to_owned(), ident);
        let privilege = &self.privilege;
        let sql = if self.granted {
            let option = if self.grantable { " WITH GRANT OPTION" } else { "" };
            format!("GRANT {privilege} ON LARGE OBJECT {list} TO {grantee}{option}")
        } else {
            format!("REVOKE {privilege} ON LARGE OBJECT {list} FROM {grantee}")
        };
        let sql = match &self.grantor {
            Some(grantor) => format!("SET ROLE {}; {sql}; RESET ROLE", ident(grantor)),
            None => sql,
        };
        let roles = self.grantee.iter().chain(&self.grantor).cloned().collect();
        RoleStatement { roles, acts_as: self.grantor.iter().cloned().collect(), sql, carries, compare_as: None }
    }
}

impl Comment {
    /// The entry that says it.
    pub fn into_entry(self) -> Entry {
        let object = format!("LARGE OBJECT {}", self.oid);
        let sql = format!("COMMENT ON {object} IS {}", literal(&self.text));
        Entry::new(object, vec![sql]).carrying("comment")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn those_without_grants_are_made_by_one_statement_and_others_one_by_one() {
        let group = |privileges: &str| {
            let group = format!(r#"{{"oids": [7, 9], "owner": "al", "privileges": {privileges}}}"#);
            serde_json::from_str::<Group>(&group).unwrap().into_entries()
        };
        let plain = group("null");
        assert_eq!(plain.len(), 1);
        assert_eq!((plain[0].object.as_str(), plain[0].carries.of("large object")), ("LARGE OBJECTS 7 to 9", 2));
        assert_eq!(
            plain[0].sql,
            ["SELECT pg_catalog.lo_create(oid) FROM pg_catalog.unnest(ARRAY[7, 9]::oid[]) AS o (oid)"]
        );
        assert_eq!(
            plain[0].for_roles[0].sql,
            "ALTER LARGE OBJECT 7 OWNER TO \"al\"; ALTER LARGE OBJECT 9 OWNER TO \"al\""
        );
        let granted = group(
            r#"[{"granted": true, "grantor": null, "grantee": null, "grantable": false, "privilege": "SELECT"},
                {"granted": true, "grantor": "al", "grantee": "bob", "grantable": true, "privilege": "UPDATE"}]"#,
        );
        let statements: Vec<&str> = granted[1].for_roles.iter().map(|statement| statement.sql.as_str()).collect();
        assert_eq!(
            statements,
            [
                "ALTER LARGE OBJECT 9 OWNER TO \"al\"",
                "GRANT SELECT ON LARGE OBJECT 9 TO PUBLIC",
                "SET ROLE \"al\"; GRANT UPDATE ON LARGE OBJECT 9 TO \"bob\" WITH GRANT OPTION; RESET ROLE",
            ]
        );
        let carried: Vec<bool> = granted[1].for_roles.iter().map(|statement| statement.carries.is_some()).collect();
        assert_eq!(carried, [false, true, false]);
    }
}
