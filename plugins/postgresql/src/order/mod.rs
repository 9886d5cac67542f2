//! The order in which objects can be made.
//!
//! What an object needs is what `pg_depend` says of it and its parts. Where objects need each other, one of them is taken
//! apart: a table's default or constraint comes later, a view or a base type gets a stand-in (the rules of pg_dump's
//! `pg_dump_sort.c`). Among what could come next, kinds and then names decide, so that the same database always gives the
//! same order.

mod components;
mod graph;

use crate::catalog::id::{Id, class};
use crate::catalog::object::{Body, Kind, Object};
use crate::entry::Entry;
use graph::Graph;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The query for [`Edge`].
pub const EDGES: &str = include_str!("../catalog/depends.sql");
/// The query for [`Alias`].
pub const ALIASES: &str = include_str!("../catalog/aliases.sql");

/// That one catalogue entry needs another.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Edge {
    class: u32,
    oid: u32,
    on_class: u32,
    on_oid: u32,
    /// Whether the one is a part of the other, and goes with it.
    pub part: bool,
}

/// That a catalogue entry is part of an object.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Alias {
    class: u32,
    oid: u32,
    of_class: u32,
    of_oid: u32,
}

impl Edge {
    /// What needs something.
    pub const fn from(self) -> Id {
        Id::new(self.class, self.oid)
    }

    /// What is needed.
    pub const fn on(self) -> Id {
        Id::new(self.on_class, self.on_oid)
    }
}

impl Alias {
    /// The part and the whole.
    pub const fn pair(self) -> (Id, Id) {
        (Id::new(self.class, self.oid), Id::new(self.of_class, self.of_oid))
    }
}

/// Objects in an order in which they can be made.
#[derive(Debug)]
pub struct Ordered {
    /// What comes before the data.
    pub before_data: Vec<Entry>,
    /// What needs a primary key or another index, and so comes after.
    pub after_indexes: Vec<Entry>,
}

/// A step: an object, its stand-in, or a part of it that comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Step {
    Whole(Id),
    StandIn(Id),
    Part(Id),
}

impl Step {
    const fn id(self) -> Id {
        match self {
            Self::Whole(id) | Self::StandIn(id) | Self::Part(id) => id,
        }
    }
}

/// Sorts objects. `late` are catalogue entries that come only after the data: indexes and their constraints.
pub fn order(objects: &[Object], edges: &[Edge], aliases: &[Alias], late: &HashSet<Id>) -> Ordered {
    let mut graph = Graph::new(objects, edges, aliases, late);
    graph.take_loops_apart();
    let after: HashSet<Step> = graph.after_indexes();
    let mut before_data = Vec::new();
    let mut after_indexes = Vec::new();
    for step in sorted(&graph) {
        let entry = graph.entry(step);
        if after.contains(&step) { after_indexes.push(entry) } else { before_data.push(entry) }
    }
    Ordered { before_data, after_indexes }
}

/// What decides between steps that could both come next.
type Rank<'a> = (Kind, &'a str, &'a str, Step);

fn sorted(graph: &Graph<'_>) -> Vec<Step> {
    let steps = graph.steps();
    let needs = graph.needs(&steps);
    let mut waiting: HashMap<Step, usize> = HashMap::new();
    let mut needed_by: HashMap<Step, Vec<Step>> = HashMap::new();
    for (step, needed) in &needs {
        waiting.insert(*step, needed.len());
        for on in needed {
            needed_by.entry(*on).or_default().push(*step);
        }
    }
    let mut ready: BTreeSet<Rank<'_>> =
        steps.iter().filter(|step| waiting.get(step) == Some(&0)).map(|step| graph.rank(*step)).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some((.., step)) = ready.pop_first() {
        order.push(step);
        for next in needed_by.get(&step).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(next) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(graph.rank(*next));
                }
            }
        }
    }
    order
}

impl Body {
    fn has_stand_in(&self) -> bool {
        matches!(self, Self::Late { .. })
    }
}

/// Whether an edge says nothing about the order: a sequence needn't wait for the column that owns it, that is said later.
fn is_ownership(from: &Object, on: &Object) -> bool {
    from.kind == Kind::Sequence && on.kind == Kind::Table && from.id.class == class::RELATION
}

#[cfg(test)]
mod tests;
