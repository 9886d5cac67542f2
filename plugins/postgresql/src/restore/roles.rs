//! The roles of the target, and what is left out for want of them.

use super::rename::with_roles;
use super::wishes::Wishes;
use crate::backup::units::note;
use crate::counts::Counts;
use crate::entry::{Entry, RoleStatement};
use crate::session::Session;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::Note;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The roles of the target.
#[derive(Debug, Default)]
pub struct Roles {
    there: HashSet<String>,
    /// Those that we may act as and give objects to. All of them, for a superuser.
    ours: HashSet<String>,
    /// The target's names for roles of the source.
    owners: HashMap<String, String>,
    /// Whether everything is to belong to the restoring role.
    no_owner: bool,
}

/// What entries made, by kind.
#[derive(Debug, Default)]
pub struct Made {
    /// What is there now.
    pub carried: Counts,
    /// What isn't, for want of roles.
    pub left_out: Counts,
    /// What should be there, and was refused.
    pub failed: Counts,
}

impl Made {
    /// Counts what was to be made as failed.
    pub fn fail(&mut self, counts: &Counts) {
        self.carried.take(counts);
        self.failed.extend(counts);
    }

    /// Counts an entry that isn't made at all.
    pub fn leave_out(&mut self, entry: &Entry) {
        self.left_out.extend(&entry.carries);
        entry.for_roles.iter().filter_map(|s| s.carries.as_deref()).for_each(|kind| self.left_out.add(kind, 1));
    }
}

impl Roles {
    /// Reads them.
    pub async fn read(session: &Session) -> Result<Self> {
        let names = "SELECT rolname FROM pg_catalog.pg_roles";
        // From 16 a member may lack the right to act as the role.
        let right = if session.version.major() >= 16 { "SET" } else { "MEMBER" };
        let there = session.connection.column(names).await?;
        let ours = session.connection.column(format!("{names} WHERE pg_catalog.pg_has_role(oid, '{right}')")).await?;
        Ok(Self { there: there.into_iter().collect(), ours: ours.into_iter().collect(), ..Self::default() })
    }

    /// With other roles for the source's, as the operator wants it.
    #[must_use]
    pub fn wished(self, wishes: &Wishes) -> Self {
        Self { owners: wishes.owners.clone(), no_owner: wishes.no_owner, ..self }
    }

    /// The statements of an entry that can be run.
    pub fn statements<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = Cow<'a, str>> {
        let own = entry.sql.iter().map(|sql| Cow::Borrowed(sql.as_str()));
        own.chain(self.for_roles(entry).map(|(sql, _)| sql))
    }

    /// Those of them that name roles, each with the kind of what it makes, if that is something of its own.
    pub fn for_roles<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = (Cow<'a, str>, Option<&'a str>)> {
        let possible = entry.for_roles.iter().filter(|statement| self.wanted(statement) && self.allow(statement));
        possible.filter_map(|statement| Some((self.renamed(statement)?, statement.carries.as_deref())))
    }

    /// The statement with the target's names for roles.
    fn renamed<'a>(&self, statement: &'a RoleStatement) -> Option<Cow<'a, str>> {
        if statement.roles.iter().all(|role| !self.owners.contains_key(role)) {
            return Some(Cow::Borrowed(&statement.sql));
        }
        with_roles(&statement.sql, &statement.roles, &self.owners).map(Cow::Owned)
    }

    fn name<'a>(&'a self, role: &'a String) -> &'a String {
        self.owners.get(role).unwrap_or(role)
    }

    /// Whether a statement is one to be run if it can be.
    fn wanted(&self, statement: &RoleStatement) -> bool {
        !(self.no_owner && statement.sql.contains(" OWNER TO ") && statement.roles == statement.acts_as)
    }

    /// Counts what an entry makes here, and what it would have made.
    pub fn count(&self, entry: &Entry, made: &mut Made) {
        made.carried.extend(&entry.carries);
        for statement in &entry.for_roles {
            let made_here = self.wanted(statement) && self.allow(statement) && self.renamed(statement).is_some();
            let counts = if made_here { &mut made.carried } else { &mut made.left_out };
            statement.carries.iter().for_each(|kind| counts.add(kind, 1));
        }
    }

    /// What to tell of the statements that can't.
    pub fn notes(&self, entry: &Entry) -> Vec<Note> {
        let left_out = || entry.for_roles.iter().filter(|s| self.wanted(s) && !self.allow(s));
        let named = left_out().flat_map(|statement| &statement.roles).map(|role| self.name(role));
        let missing: BTreeSet<&str> = named.filter(|role| !self.there.contains(*role)).map(String::as_str).collect();
        let acting = left_out().flat_map(|statement| &statement.acts_as).map(|role| self.name(role));
        let foreign = acting.filter(|role| self.there.contains(*role) && !self.ours.contains(*role));
        let foreign: BTreeSet<&str> = foreign.map(String::as_str).collect();
        // A policy is a single statement, for all its roles.
        let (kind, what) = if entry.object.starts_with("POLICY ") {
            ("left-out", "not made")
        } else {
            ("changed", "without its owner or some rights")
        };
        let tell = |roles: BTreeSet<&str>, why: &str| {
            let word = if roles.len() == 1 { "role" } else { "roles" };
            let list = roles.into_iter().collect::<Vec<_>>().join(", ");
            (!list.is_empty()).then(|| note(kind, entry.object.clone(), format!("{what}: {why} {word} {list}")))
        };
        let missing = tell(missing, "the target has no");
        let mut notes: Vec<Note> =
            missing.into_iter().chain(tell(foreign, "the restoring role may not act as")).collect();
        let fixed = entry.for_roles.iter().filter(|s| self.wanted(s) && self.allow(s) && self.renamed(s).is_none());
        notes.extend(fixed.map(|statement| {
            let reason =
                format!("left out: it names {} in a way that --owner can't change", statement.roles.join(", "));
            note("left-out", entry.object.clone(), reason)
        }));
        notes
    }

    fn allow(&self, statement: &RoleStatement) -> bool {
        statement.roles.iter().all(|role| self.there.contains(self.name(role)))
            && statement.acts_as.iter().all(|role| self.ours.contains(self.name(role)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn roles() -> Roles {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Roles { there: set(&["bob", "carol"]), ours: set(&["bob"]), ..Roles::default() }
    }

    fn for_roles(names: &[&str]) -> RoleStatement {
        let roles = names.iter().map(|name| (*name).to_owned()).collect();
        RoleStatement {
            roles,
            acts_as: Vec::new(),
            sql: "grant".to_owned(),
            carries: Some("privileges".to_owned()),
            compare_as: None,
        }
    }

    #[test]
    fn what_names_a_role_that_is_not_there_is_left_out_and_told() {
        let mut entry = Entry::new("TABLE \"t\"", vec!["create".to_owned()]);
        entry.owned_by("alice");
        entry.owned_by("bob");
        let roles = roles();
        let statements: Vec<_> = roles.statements(&entry).collect();
        assert_eq!(statements, ["create", "ALTER TABLE \"t\" OWNER TO \"bob\""]);
        let notes = roles.notes(&entry);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].reason.ends_with("no role alice"));
        assert!(roles.notes(&Entry::new("x", vec![])).is_empty());
    }

    #[test]
    fn a_mapped_role_takes_the_place_of_the_sources() {
        let mut entry = Entry::new("TABLE \"t\"", Vec::new());
        entry.owned_by("alice");
        let roles = Roles { owners: HashMap::from([("alice".to_owned(), "bob".to_owned())]), ..roles() };
        assert_eq!(roles.statements(&entry).collect::<Vec<_>>(), ["ALTER TABLE \"t\" OWNER TO \"bob\""]);
        assert!(roles.notes(&entry).is_empty());
    }

    #[test]
    fn without_owners_rights_stay() {
        let mut entry = Entry::new("TABLE \"t\"", Vec::new());
        entry.owned_by("alice");
        entry.for_roles.push(for_roles(&["bob"]));
        let roles = Roles { no_owner: true, ..roles() };
        assert_eq!(roles.statements(&entry).collect::<Vec<_>>(), ["grant"]);
        assert!(roles.notes(&entry).is_empty());
    }

    #[test]
    fn nothing_is_given_to_a_role_that_is_not_ours_but_rights_are() {
        let mut entry = Entry::new("TABLE \"t\"", vec!["create".to_owned()]);
        entry.owned_by("carol");
        entry.for_roles.push(for_roles(&["carol"]));
        let roles = roles();
        assert_eq!(roles.statements(&entry).collect::<Vec<_>>(), ["create", "grant"]);
        assert!(roles.notes(&entry)[0].reason.ends_with("may not act as role carol"));
    }

    #[test]
    fn what_is_made_and_what_is_not_are_counted() {
        let mut entry = Entry::new("TABLE \"t\"", vec!["create".to_owned()]).carrying("table");
        entry.for_roles.extend([for_roles(&["alice"]), for_roles(&["bob"])]);
        let mut made = Made::default();
        roles().count(&entry, &mut made);
        assert_eq!(made.carried.into_list(), [("privileges".to_owned(), 1), ("table".to_owned(), 1)]);
        assert_eq!(made.left_out.into_list(), [("privileges".to_owned(), 1)]);
    }

    #[test]
    fn a_policy_that_lacks_one_of_its_roles_is_told_to_be_missing() {
        let mut entry = Entry::new("POLICY \"p\" ON \"t\"", Vec::new());
        entry.for_roles.push(for_roles(&["alice", "bob"]));
        let roles = roles();
        assert_eq!(roles.statements(&entry).count(), 0);
        assert_eq!(roles.notes(&entry)[0].kind, "left-out");
        assert_eq!(roles.notes(&entry)[0].reason, "not made: the target has no role alice");
    }
}
