//! Constraints that a table has proven and its parent hasn't.
//!
//! An unproven constraint comes after the data, and with it what it hands down. A child that has proven it all the same
//! (`VALIDATE CONSTRAINT` on the child alone) must prove it again.

use crate::backup::inventory::Inventory;
use crate::catalog::tables::{Parts, Row};
use crate::quote::ident;
use std::collections::HashMap;

/// What a constraint is to its heirs: a check by its name, a NOT NULL by its column's.
type Key<'a> = (bool, &'a str);

/// A constraint of a table.
struct Constraint<'a> {
    name: &'a str,
    /// Whether the table makes it itself, and doesn't only get it from a parent.
    own: bool,
    validated: bool,
}

/// The constraints of all tables that may be unproven.
pub struct Proofs<'a> {
    tables: HashMap<u32, &'a Row>,
    constraints: HashMap<u32, HashMap<Key<'a>, Constraint<'a>>>,
}

impl<'a> Proofs<'a> {
    /// Looks at all tables.
    pub fn new(inventory: &'a Inventory, parts: &'a Parts) -> Self {
        let mut proofs = Self { tables: HashMap::new(), constraints: HashMap::new() };
        for table in &inventory.tables {
            let mut constraints = HashMap::new();
            for check in parts.checks.get(&table.oid).into_iter().flatten() {
                let own = check.local || table.partition;
                let constraint = Constraint { name: &check.name, own, validated: check.validated };
                constraints.insert((true, check.name.as_str()), constraint);
            }
            for column in parts.columns.get(&table.oid).into_iter().flatten() {
                if let Some(not_null) = column.not_null_constraint() {
                    let own = not_null.local || table.partition;
                    let constraint = Constraint { name: not_null.name, own, validated: not_null.validated };
                    constraints.insert((false, column.name.as_str()), constraint);
                }
            }
            proofs.tables.insert(table.oid, table);
            proofs.constraints.insert(table.oid, constraints);
        }
        proofs
    }

    /// The statements by which a table proves again what it gets unproven.
    pub fn of(&self, table: &Row) -> Vec<String> {
        let constraints = self.constraints.get(&table.oid).into_iter().flatten();
        let mut statements: Vec<String> = constraints
            .filter(|(key, constraint)| constraint.validated && !constraint.own && self.comes_late(table.oid, **key))
            .map(|(_, constraint)| {
                format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table.qualified(), ident(constraint.name))
            })
            .collect();
        statements.sort();
        statements
    }

    /// Whether the constraint comes only after the data. Inheritance has no circles.
    fn comes_late(&self, table: u32, key: Key<'_>) -> bool {
        let Some(constraint) = self.constraints.get(&table).and_then(|all| all.get(&key)) else { return false };
        if constraint.own {
            return !constraint.validated;
        }
        let parents = self.tables.get(&table).into_iter().flat_map(|row| row.parents.iter().flatten());
        let mut having =
            parents.filter(|parent| self.constraints.get(&parent.oid).is_some_and(|all| all.contains_key(&key)));
        let first = having.next();
        first.is_some_and(|first| self.comes_late(first.oid, key) && having.all(|next| self.comes_late(next.oid, key)))
    }
}
