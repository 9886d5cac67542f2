//! Indexes, and the constraints that are made of them: primary keys, unique and exclusion constraints.

use super::id::{Id, class};
use crate::comparable;
use crate::entry::Entry;
use crate::quote::{either, guarded, ident, literal, options, qualified};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("indexes.sql");

/// An index.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The index's oid.
    pub oid: u32,
    /// The oid of the table or materialized view that it is on.
    pub relation: u32,
    /// The schema of both.
    pub schema: String,
    /// The index's name.
    pub name: String,
    table_name: String,
    table_kind: String,
    definition: String,
    /// Whether queries may use it. One that isn't valid was left behind by a build that failed, or is a partitioned one
    /// that some partition has no index for.
    pub valid: bool,
    /// Whether it excludes rows by other operators than equality: an exclusion constraint's, or from PostgreSQL 18 that of a
    /// key WITHOUT OVERLAPS.
    exclusion: bool,
    clustered: bool,
    replica_identity: bool,
    options: Option<Vec<String>>,
    tablespace: Option<String>,
    /// Whether it is on an extension's table. The extension makes its own; those of others are made where they aren't there.
    pub of_extension: bool,
    constraint_oid: Option<u32>,
    constraint_name: Option<String>,
    constraint_kind: Option<String>,
    constraint_definition: Option<String>,
    /// Schema and name of the partitioned index that it is a part of.
    parent_schema: Option<String>,
    parent_name: Option<String>,
    statistics: Option<Vec<Target>>,
}

#[derive(Clone, Deserialize)]
struct Target {
    number: i16,
    target: i32,
}

impl Row {
    /// The identities of the index and its constraint.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        let constraint = self.constraint_oid.map(|oid| Id::new(class::CONSTRAINT, oid));
        std::iter::once(Id::new(class::RELATION, self.oid)).chain(constraint)
    }

    /// Whether it is left out: built, but not to its end. A partitioned index that isn't valid is only incomplete.
    pub fn is_broken(&self) -> bool {
        !self.valid && self.table_kind != "p"
    }

    /// How statements call it.
    pub fn address(&self) -> String {
        format!("INDEX {}", qualified(&self.schema, &self.name))
    }

    /// How statements call its constraint, if it is one's.
    pub fn constraint_address(&self) -> Option<String> {
        let name = self.constraint_name.as_ref()?;
        Some(format!("CONSTRAINT {} ON {}", ident(name), self.table()))
    }

    /// The word for it in reports.
    pub fn word(&self) -> &'static str {
        if self.constraint_name.is_some() { "constraint" } else { "index" }
    }

    fn table(&self) -> String {
        qualified(&self.schema, &self.table_name)
    }

    /// What makes it.
    pub fn entry(&self) -> Entry {
        let index = qualified(&self.schema, &self.name);
        let mut statements = vec![self.create()];
        statements.extend(self.settings());
        let mut entry = Entry::new(self.address(), statements);
        if self.of_extension {
            let there = format!("pg_catalog.to_regclass({}) IS NULL", literal(&index));
            entry.sql = vec![guarded(&there, &entry.sql.join(";\n"))];
        } else {
            entry.carries.add(self.word(), 1);
        }
        entry.tablespace.clone_from(&self.tablespace);
        if self.attached().is_some() {
            let statements = entry.sql.iter().chain(&entry.tablespace).map(String::as_str);
            entry.compare_as = Some(comparable::digest(statements));
        }
        entry
    }

    /// The same in two steps: the first builds the index, which needs no lock that keeps other indexes of the table from
    /// being built, and the second makes a constraint of it and says what else there is to say. None if it can't be so.
    ///
    /// PostgreSQL docs, "ALTER TABLE", ADD table_constraint_using_index: a unique B-tree index without expressions or a
    /// condition becomes a primary key or a unique constraint.
    pub fn in_two_steps(&self) -> Option<(Entry, Option<Entry>)> {
        let attached = self.attached()?;
        let whole = self.entry();
        let second: Vec<String> = attached.into_iter().chain(self.settings()).collect();
        let second = (!second.is_empty())
            .then(|| Entry { compare_as: Some(String::new()), ..Entry::new(self.address(), second) });
        Some((Entry { sql: vec![self.definition.clone()], ..whole }, second))
    }

    /// What makes a constraint of it once it is built, if it is one's; none if a constraint has to build its own.
    fn attached(&self) -> Option<Option<String>> {
        if self.of_extension || self.table_kind != "r" {
            return None;
        }
        let (Some(name), Some(definition)) = (&self.constraint_name, &self.constraint_definition) else {
            return Some(None);
        };
        let words = match self.constraint_kind.as_deref()? {
            "p" => "PRIMARY KEY",
            "u" => "UNIQUE",
            _ => return None,
        };
        // Others exclude ranges that overlap, or are checked later.
        let btree = [" USING btree ", " USING \"btree\" "].iter().any(|using| self.definition.contains(using));
        let plain = btree && definition.ends_with(')');
        let (table, name) = (self.table(), ident(name));
        plain.then(|| Some(format!("ALTER TABLE ONLY {table} ADD CONSTRAINT {name} {words} USING INDEX {name}")))
    }

    /// Whether it is built on all partitions at once, and those of partitions with it: the server attaches no index of an
    /// exclusion to another, as it can't tell whether they exclude the same.
    pub fn covers_partitions(&self) -> bool {
        self.exclusion && self.valid && self.table_kind == "p"
    }

    /// Whether it comes with the partitioned one that it is a part of.
    fn comes_with_parent(&self) -> bool {
        self.exclusion && self.parent_name.is_some()
    }

    /// The partitioned index that it is a part of.
    fn parent(&self) -> Option<String> {
        Some(qualified(self.parent_schema.as_ref()?, self.parent_name.as_ref()?))
    }

    /// A condition for the table to be a partition of what that index is on: one that was chosen without its parent isn't.
    fn is_part_of(&self, parent: &str) -> String {
        format!(
            "EXISTS (SELECT FROM pg_catalog.pg_inherits AS h JOIN pg_catalog.pg_index AS p ON p.indrelid = h.inhparent \
             WHERE h.inhrelid = {}::pg_catalog.regclass AND p.indexrelid = pg_catalog.to_regclass({}))",
            literal(&self.table()),
            literal(parent)
        )
    }

    /// What makes it a part of the partitioned one. The server takes that one for valid as soon as it sees all of its parts, so
    /// of two that are attached at the same time neither may make it so.
    pub fn attached_entry(&self) -> Option<Entry> {
        Some(Entry::new(self.address(), vec![self.attach().filter(|_| !self.of_extension)?]))
    }

    fn attach(&self) -> Option<String> {
        let parent = self.parent().filter(|_| !self.comes_with_parent())?;
        let attach = format!("ALTER INDEX {parent} ATTACH PARTITION {}", qualified(&self.schema, &self.name));
        Some(guarded(&self.is_part_of(&parent), &attach))
    }

    /// Gives it the name that it had, if it came with the partitioned one and got another.
    fn rename(&self, parent: &str) -> String {
        let body = format!(
            "DECLARE made pg_catalog.regclass; BEGIN
                SELECT h.inhrelid INTO STRICT made FROM pg_catalog.pg_inherits AS h JOIN pg_catalog.pg_index AS i ON i.indexrelid = h.inhrelid
                WHERE h.inhparent = {}::pg_catalog.regclass AND i.indrelid = {}::pg_catalog.regclass;
                IF made IS DISTINCT FROM pg_catalog.to_regclass({}) THEN
                    EXECUTE pg_catalog.format('ALTER INDEX %s RENAME TO %I', made, {});
                END IF;
            END",
            literal(parent),
            literal(&self.table()),
            literal(&qualified(&self.schema, &self.name)),
            literal(&self.name)
        );
        format!("DO {}", literal(&body))
    }

    /// What makes it be there, as a constraint if it is one's.
    fn create(&self) -> String {
        match self.parent().filter(|_| self.comes_with_parent()) {
            Some(parent) => either(&self.is_part_of(&parent), &self.rename(&parent), &self.build()),
            None => self.build(),
        }
    }

    /// What builds it, as a constraint if it is one's.
    fn build(&self) -> String {
        let table = self.table();
        let only = if self.covers_partitions() { "" } else { "ONLY " };
        match (&self.constraint_name, &self.constraint_definition) {
            (Some(name), Some(definition)) => {
                let list = options(self.options.as_deref().unwrap_or_default(), "");
                let exclusion = self.constraint_kind.as_deref() == Some("x");
                let definition = if exclusion { definition.clone() } else { with_options(definition, &list) };
                format!("ALTER TABLE {only}{table} ADD CONSTRAINT {} {definition}", ident(name))
            }
            _ => self.definition.clone(),
        }
    }

    /// What there is to say of it once it is there.
    fn settings(&self) -> Vec<String> {
        let (table, index) = (self.table(), qualified(&self.schema, &self.name));
        let mut statements = Vec::new();
        for target in self.statistics.iter().flatten() {
            statements
                .push(format!("ALTER INDEX {index} ALTER COLUMN {} SET STATISTICS {}", target.number, target.target));
        }
        let kind = if self.table_kind == "m" { "MATERIALIZED VIEW" } else { "TABLE" };
        if self.clustered {
            statements.push(format!("ALTER {kind} {table} CLUSTER ON {}", ident(&self.name)));
        }
        if self.replica_identity {
            statements.push(format!("ALTER TABLE ONLY {table} REPLICA IDENTITY USING INDEX {}", ident(&self.name)));
        }
        statements.extend(self.attach().filter(|_| self.of_extension));
        statements
    }
}

/// A constraint's definition with storage options, which `pg_get_constraintdef` leaves out. They stand before what says
/// when the constraint is checked.
fn with_options(definition: &str, options: &[String]) -> String {
    if options.is_empty() {
        return definition.to_owned();
    }
    let timing = [" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"].into_iter().find(|end| definition.ends_with(end));
    let timing = timing.unwrap_or("");
    let columns = definition.strip_suffix(timing).unwrap_or(definition);
    format!("{columns} WITH ({}){timing}", options.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_options_stand_before_when_a_constraint_is_checked() {
        let options = ["\"fillfactor\"='70'".to_owned()];
        assert_eq!(
            with_options("UNIQUE (a) DEFERRABLE INITIALLY DEFERRED", &options),
            "UNIQUE (a) WITH (\"fillfactor\"='70') DEFERRABLE INITIALLY DEFERRED"
        );
        assert_eq!(with_options("PRIMARY KEY (a)", &options), "PRIMARY KEY (a) WITH (\"fillfactor\"='70')");
        assert_eq!(with_options("UNIQUE (a) DEFERRABLE", &[]), "UNIQUE (a) DEFERRABLE");
    }
}
