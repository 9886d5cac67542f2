//! Which table is a partition of which, or inherits from it.

use crate::catalog::tables;
use std::collections::HashMap;

/// Tables by their oids, with their partitions.
#[derive(Default)]
pub struct Partitions {
    names: HashMap<u32, (String, String)>,
    parents: HashMap<u32, Vec<u32>>,
    children: HashMap<u32, Vec<u32>>,
    heirs: HashMap<u32, Vec<u32>>,
    forebears: HashMap<u32, Vec<u32>>,
}

impl Partitions {
    /// The partitions among these tables.
    pub fn new(tables: &[tables::Row]) -> Self {
        let mut partitions = Self::default();
        for table in tables {
            partitions.names.insert(table.oid, (table.schema.clone(), table.name.clone()));
            for parent in table.parents.iter().flatten() {
                partitions.heirs.entry(parent.oid).or_default().push(table.oid);
                partitions.forebears.entry(table.oid).or_default().push(parent.oid);
            }
            for parent in table.parents.iter().flatten().filter(|_| table.partition) {
                partitions.parents.entry(table.oid).or_default().push(parent.oid);
                partitions.children.entry(parent.oid).or_default().push(table.oid);
            }
        }
        partitions
    }

    /// What a table is a partition of.
    pub fn parents(&self, oid: u32) -> impl Iterator<Item = u32> {
        self.parents.get(&oid).into_iter().flatten().copied()
    }

    /// The table itself, or what it is a partition of in the end.
    pub fn root(&self, oid: u32) -> u32 {
        let mut root = oid;
        while let Some(parent) = self.parents(root).next() {
            root = parent;
        }
        root
    }

    /// A table's schema and name.
    pub fn name(&self, oid: u32) -> Option<(&str, &str)> {
        self.names.get(&oid).map(|(schema, name)| (schema.as_str(), name.as_str()))
    }

    /// A table, its partitions, and theirs.
    pub fn with_descendants(&self, oid: u32) -> Vec<u32> {
        below(oid, &self.children)
    }

    /// A table, its partitions and what inherits from it, and theirs. One that inherits in several ways comes once.
    pub fn heirs(&self, oid: u32) -> Vec<u32> {
        let mut all = below(oid, &self.heirs);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What a table inherits from or is a partition of, and what those do. Without the table.
    pub fn forebears(&self, oid: u32) -> Vec<u32> {
        let mut all = below(oid, &self.forebears);
        all.sort_unstable();
        all.dedup();
        all.retain(|other| *other != oid);
        all
    }
}

fn below(oid: u32, children: &HashMap<u32, Vec<u32>>) -> Vec<u32> {
    let mut all = vec![oid];
    let mut next = 0;
    while let Some(oid) = all.get(next).copied() {
        all.extend(children.get(&oid).into_iter().flatten());
        next += 1;
    }
    all
}
