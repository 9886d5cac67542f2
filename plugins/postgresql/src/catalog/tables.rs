//! Tables: ordinary, partitioned and foreign.

use super::checks;
use super::columns::{self, ForeignOption, Within, foreign_options};
use super::id::{Id, class};
use super::object::{Body, Kind, List, Object};
use super::sequences;
use crate::entry::Entry;
use crate::quote::{ident, options, qualified};
use serde::Deserialize;
use std::collections::HashMap;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("tables.sql");

/// A table.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The table's oid.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    owner: String,
    /// "r" for one with data, "p" for a partitioned one, "f" for a foreign one.
    pub kind: String,
    /// Whether its rows aren't in the server's log.
    pub unlogged: bool,
    /// Whether it is a partition.
    pub partition: bool,
    /// "d" for the primary key, "i" for an index, which says it itself, "f" for the whole row, "n" for nothing.
    replica_identity: String,
    partition_key: Option<String>,
    bound: Option<String>,
    /// What it inherits from, or is a partition of.
    pub parents: Option<Vec<Parent>>,
    /// Whether somebody began to detach it as a partition and didn't come to an end.
    pub detaching: bool,
    options: Option<Vec<String>>,
    tablespace: Option<String>,
    toast_options: Option<Vec<String>>,
    access_method: Option<String>,
    of_type: Option<String>,
    server: Option<String>,
    foreign_options: Option<Vec<ForeignOption>>,
    /// What its rows take on the server's disk, with TOAST, in bytes.
    pub bytes: Option<u64>,
    /// The pages that its rows are in, without TOAST; none where ranges of pages can't be read by themselves.
    pub pages: Option<u64>,
    /// How many rows the server believes it has.
    pub rows: Option<u64>,
}

/// A parent of a table.
#[derive(Clone, Deserialize)]
pub struct Parent {
    /// Its oid.
    pub oid: u32,
    schema: String,
    name: String,
}

/// What a table is made of, by the table's oid.
#[derive(Default)]
pub struct Parts {
    /// Columns of tables and views, in their order.
    pub columns: HashMap<u32, Vec<columns::Row>>,
    /// Check constraints.
    pub checks: HashMap<u32, Vec<checks::Row>>,
    /// Sequences of identity columns, by the table and the column's number.
    pub identities: HashMap<(u32, i16), sequences::Row>,
}

/// The statement for a replica identity that isn't the usual one; an index's is said with the index.
pub fn replica_identity(code: &str, alter: &str) -> Option<String> {
    match code {
        "f" => Some(format!("{alter} REPLICA IDENTITY FULL")),
        "n" => Some(format!("{alter} REPLICA IDENTITY NOTHING")),
        _ => None,
    }
}

impl Row {
    /// `"schema"."name"`.
    pub fn qualified(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// The table's identity.
    pub fn id(&self) -> Id {
        Id::new(class::RELATION, self.oid)
    }

    /// Whether rows are read from it.
    pub fn has_data(&self) -> bool {
        self.kind == "r"
    }

    /// The columns that COPY reads and writes. Generated ones are made anew. They come in the order of their names, so
    /// that the digest of a row doesn't depend on that of the table, which a restore may change.
    pub fn copied_columns(&self, parts: &Parts) -> Vec<String> {
        let columns = parts.columns.get(&self.oid).map(Vec::as_slice).unwrap_or_default();
        let mut names: Vec<String> =
            columns.iter().filter(|column| column.generated.is_empty()).map(|column| column.name.clone()).collect();
        names.sort();
        names
    }

    /// The types of those columns, in the same order.
    pub fn copied_types(&self, parts: &Parts) -> Vec<String> {
        let columns = parts.columns.get(&self.oid).map(Vec::as_slice).unwrap_or_default();
        let mut columns: Vec<_> = columns.iter().filter(|column| column.generated.is_empty()).collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        columns.into_iter().map(|column| column.r#type.clone()).collect()
    }

    /// The objects: the table, and that it is a partition.
    pub fn into_objects(self, parts: &Parts) -> Vec<Object> {
        let name = self.qualified();
        let word = if self.kind == "f" { "FOREIGN TABLE" } else { "TABLE" };
        let address = format!("{word} {name}");
        let parents = self.parents.clone().unwrap_or_default();
        let mut objects = vec![
            Object::new(self.id(), Kind::Table, address.clone(), self.name.clone(), Vec::new())
                .in_schema(self.schema.clone())
                .owned_by(self.owner.clone())
                .in_tablespace(self.tablespace.clone())
                .with_body(Body::List(self.list(word, &name, &parents, parts)))
                .carrying("column", parts.columns.get(&self.oid).map_or(0, Vec::len))
                .carrying("identity", self.identities(parts))
                .carrying("inheritance", if self.partition { 0 } else { parents.len() })
                .after(parents.iter().map(|parent| Id::new(class::RELATION, parent.oid))),
        ];
        if let (true, false, Some(parent), Some(bound)) = (self.partition, self.detaching, parents.first(), &self.bound)
        {
            let attach =
                format!("ALTER TABLE ONLY {} ATTACH PARTITION {name} {bound}", qualified(&parent.schema, &parent.name));
            objects.push(
                Object::new(Id::new(0, self.oid), Kind::Attach, address, self.name.clone(), vec![attach])
                    .in_schema(self.schema.clone())
                    .after([self.id(), Id::new(class::RELATION, parent.oid)]),
            );
        }
        objects.extend(self.inherited_defaults(&name, parts));
        objects
    }

    /// Defaults of columns that come from a parent: the table's own list doesn't have them.
    fn inherited_defaults(&self, name: &str, parts: &Parts) -> Vec<Object> {
        let alter = format!("ALTER TABLE ONLY {name}");
        let columns = parts.columns.get(&self.oid).into_iter().flatten();
        let inherited = columns.filter(|column| !column.local && !self.partition && self.of_type.is_none());
        inherited
            .filter_map(|column| column.default_part(&alter))
            .map(|(part, _)| {
                Object::new(part.id, Kind::Default, format!("TABLE {name}"), self.name.clone(), vec![part.statement])
                    .in_schema(self.schema.clone())
                    .after([self.id()])
            })
            .collect()
    }

    /// How many identity columns its list makes.
    fn identities(&self, parts: &Parts) -> usize {
        let columns = parts.columns.get(&self.oid).into_iter().flatten();
        let own = columns.filter(|column| column.local || self.partition);
        own.filter(|column| parts.identities.contains_key(&(self.oid, column.number))).count()
    }

    /// Whether its columns would come in another order if it were made as an heir: parents' columns come first then.
    fn is_reordered(&self, parents: &[Parent], parts: &Parts) -> bool {
        let names = |oid: u32| parts.columns.get(&oid).into_iter().flatten().map(|column| column.name.as_str());
        let mut expected: Vec<&str> = Vec::new();
        for name in parents.iter().flat_map(|parent| names(parent.oid)).chain(names(self.oid)) {
            if !expected.contains(&name) {
                expected.push(name);
            }
        }
        !self.partition && self.of_type.is_none() && !names(self.oid).eq(expected)
    }

    /// Whether it can be made on its own first, and become an heir then: it has everything that it would get also itself.
    fn can_join_later(&self, parts: &Parts) -> bool {
        let columns = parts.columns.get(&self.oid).into_iter().flatten();
        let checks = parts.checks.get(&self.oid).into_iter().flatten();
        let mut constraints = columns.clone().filter_map(columns::Row::not_null_constraint);
        columns.clone().all(|column| column.local)
            && checks.clone().all(|check| check.local && check.validated)
            && constraints.all(|constraint| constraint.local && constraint.validated)
    }

    /// Whether it comes back with its columns in another order.
    pub fn changes_order(&self, parts: &Parts) -> bool {
        let parents = self.parents.as_deref().unwrap_or_default();
        self.is_reordered(parents, parts) && !self.can_join_later(parts)
    }

    fn list(&self, word: &str, name: &str, parents: &[Parent], parts: &Parts) -> List {
        let none = Vec::new();
        let columns = parts.columns.get(&self.oid).unwrap_or(&none);
        let alter = format!("ALTER TABLE {name}");
        let only = format!("ALTER TABLE ONLY {name}");
        let of_type = self.of_type.as_ref().map(|of| format!(" OF {of}")).unwrap_or_default();
        let created = |unlogged: &str| format!("CREATE {unlogged}{word} {name}{of_type}");
        let typed = self.of_type.is_some();
        let joins = self.is_reordered(parents, parts) && self.can_join_later(parts);
        let within = match (typed, self.partition || joins) {
            (true, _) => Within::Typed,
            (_, true) => Within::Partition,
            _ => Within::Plain,
        };
        let mut members = Vec::new();
        let mut then = Vec::new();
        if joins {
            then.extend(parents.iter().map(|p| format!("{only} INHERIT {}", qualified(&p.schema, &p.name))));
        }
        let parents = if joins { &[] } else { parents };
        for column in columns {
            let identity = parts.identities.get(&(self.oid, column.number));
            // A partition is made as a table and attached, so that its columns keep their own order.
            if (column.local || self.partition) && (!typed || column.is_remarkable()) {
                members.push(column.member(&only, within, identity));
            } else if !typed {
                members.extend(column.own_not_null());
                then.extend(column.overrides(&only));
            }
            then.extend(column.settings(&only));
            then.extend(identity.and_then(sequences::Row::identity_persistence));
        }
        if self.kind != "f" {
            then.extend(replica_identity(&self.replica_identity, &only));
        }
        let checks = parts.checks.get(&self.oid).into_iter().flatten();
        members.extend(
            checks.filter(|check| check.validated && (check.local || self.partition)).map(|c| c.member(&alter, "")),
        );
        List {
            head: created(if self.unlogged && self.kind != "p" { "UNLOGGED " } else { "" }),
            // It never meant anything for a partitioned table, and 18 takes it no more.
            head_until_17: (self.unlogged && self.kind == "p").then(|| created("UNLOGGED ")),
            parentheses: !typed || !members.is_empty(),
            separator: ",\n    ",
            members,
            tail: self.tail(parents),
            then,
        }
    }

    fn tail(&self, parents: &[Parent]) -> String {
        let mut tail = String::new();
        if !self.partition && !parents.is_empty() {
            let names: Vec<String> = parents.iter().map(|parent| qualified(&parent.schema, &parent.name)).collect();
            tail.push_str(&format!("\nINHERITS ({})", names.join(", ")));
        }
        if let Some(key) = &self.partition_key {
            tail.push_str(&format!("\nPARTITION BY {key}"));
        }
        if let Some(server) = &self.server {
            tail.push_str(&format!("\nSERVER {}{}", ident(server), foreign_options(self.foreign_options.as_deref())));
        }
        if let Some(method) = &self.access_method {
            tail.push_str(&format!("\nUSING {}", ident(method)));
        }
        let mut with = options(self.options.as_deref().unwrap_or_default(), "");
        with.extend(options(self.toast_options.as_deref().unwrap_or_default(), "toast."));
        if !with.is_empty() {
            tail.push_str(&format!("\nWITH ({})", with.join(", ")));
        }
        tail
    }

    /// The constraints that the data may violate, and that so come after it. Those of a parent come with the parent's.
    pub fn unproven(&self, parts: &Parts) -> Vec<Entry> {
        let address = format!("TABLE {}", self.qualified());
        let alter = format!("ALTER TABLE {}", self.qualified());
        let checks = parts.checks.get(&self.oid).into_iter().flatten();
        let columns = parts.columns.get(&self.oid).into_iter().flatten();
        checks
            .filter(|check| !check.validated && (check.local || self.detaching))
            .map(|check| Entry::new(address.clone(), vec![check.statement(&alter)]).carrying("check"))
            .chain(
                columns
                    .filter_map(|column| column.unproven_not_null())
                    .map(|constraint| Entry::new(address.clone(), vec![format!("{alter} {constraint}")])),
            )
            .collect()
    }
}
