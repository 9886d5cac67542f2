//! Which step needs which.

use super::components::loops;
use super::{Alias, Edge, Rank, Step, is_ownership};
use crate::catalog::id::{Id, class};
use crate::catalog::object::{Body, Kind, Object, Part};
use crate::entry::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub struct Graph<'a> {
    objects: BTreeMap<Id, &'a Object>,
    parts: HashMap<Id, (&'a Object, &'a Part)>,
    aliases: HashMap<Id, Id>,
    /// What catalogue entries need, between entries that are known here.
    edges: Vec<(Id, Id)>,
    /// Entries that need something which comes only after the data.
    needs_late: HashSet<Id>,
    /// Parts that are made on their own.
    separate: HashSet<Id>,
    /// Objects that get a stand-in, with those that can do with it. With a view's everyone can, as it has the view's
    /// columns; with a type's only the functions that the type itself is made of.
    stood_in: HashMap<Id, HashSet<Id>>,
    /// Needs that are given up, as the last resort.
    dropped: HashSet<(Step, Step)>,
}

impl<'a> Graph<'a> {
    pub fn new(objects: &'a [Object], edges: &[Edge], aliases: &[Alias], late: &HashSet<Id>) -> Self {
        let mut graph = Self {
            objects: objects.iter().map(|object| (object.id, object)).collect(),
            parts: objects.iter().flat_map(|o| o.parts().map(move |part| (part.id, (o, part)))).collect(),
            aliases: aliases.iter().map(|a| (Id::new(a.class, a.oid), Id::new(a.of_class, a.of_oid))).collect(),
            edges: Vec::new(),
            needs_late: HashSet::new(),
            separate: HashSet::new(),
            stood_in: HashMap::new(),
            dropped: HashSet::new(),
        };
        for edge in edges {
            let (from, on) = (edge.from(), edge.on());
            if late.contains(&on) {
                graph.needs_late.insert(from);
            } else if graph.known(from) && graph.known(on) {
                graph.edges.push((from, on));
            }
        }
        graph
    }

    fn known(&self, id: Id) -> bool {
        self.owner(id).is_some()
    }

    /// The object that an entry is, or is part of.
    fn owner(&self, id: Id) -> Option<&'a Object> {
        let mut id = id;
        // An array of a row type of a table is the longest chain there is; a loop of aliases would be a broken catalogue.
        for _ in 0..8 {
            if let Some(object) = self.objects.get(&id) {
                return Some(object);
            }
            id = *self.aliases.get(&id)?;
        }
        None
    }

    /// The step that needs what the entry needs.
    fn step_of(&self, id: Id) -> Option<Step> {
        if self.separate.contains(&id) {
            return Some(Step::Part(id));
        }
        let object = self.owner(id)?;
        // A view's columns need their types already in its stand-in; what its query needs comes in by its rule.
        let is_query = id.class == class::RULE;
        Some(if self.stood_in.contains_key(&object.id) && !is_query && object.id.class == class::RELATION {
            Step::StandIn(object.id)
        } else {
            Step::Whole(object.id)
        })
    }

    /// The step after which the entry can be used by another object.
    fn available(&self, id: Id, by: Id) -> Option<Step> {
        let object = self.owner(id)?;
        let by = self.owner(by).map_or(by, |object| object.id);
        let stood_in = self.stood_in.get(&object.id);
        Some(if self.separate.contains(&id) {
            Step::Part(id)
        } else if stood_in.is_some_and(|users| object.kind == Kind::View || users.contains(&by)) {
            Step::StandIn(object.id)
        } else {
            Step::Whole(object.id)
        })
    }

    pub fn steps(&self) -> Vec<Step> {
        let wholes = self.objects.keys().map(|id| Step::Whole(*id));
        let stand_ins = self.stood_in.keys().map(|id| Step::StandIn(*id));
        let parts = self.separate.iter().map(|id| Step::Part(*id));
        wholes.chain(stand_ins).chain(parts).collect()
    }

    /// What each step needs.
    pub fn needs(&self, steps: &[Step]) -> Vec<(Step, Vec<Step>)> {
        let mut needs: BTreeMap<Step, BTreeSet<Step>> = steps.iter().map(|step| (*step, BTreeSet::new())).collect();
        let mut add = |from: Option<Step>, on: Option<Step>| {
            if let (Some(from), Some(on)) = (from, on)
                && from != on
                && !self.dropped.contains(&(from, on))
            {
                needs.entry(from).or_default().insert(on);
            }
        };
        for (from, on) in &self.edges {
            let ignored = matches!((self.owner(*from), self.owner(*on)), (Some(f), Some(o)) if is_ownership(f, o));
            if !ignored {
                add(self.step_of(*from), self.available(*on, *from));
            }
        }
        for object in self.objects.values() {
            for need in &object.needs {
                add(Some(Step::Whole(object.id)), self.available(*need, object.id));
            }
        }
        for id in self.stood_in.keys() {
            add(Some(Step::Whole(*id)), Some(Step::StandIn(*id)));
        }
        for id in &self.separate {
            if let Some((object, _)) = self.parts.get(id) {
                add(Some(Step::Part(*id)), Some(Step::Whole(object.id)));
            }
        }
        needs.into_iter().map(|(step, on)| (step, on.into_iter().collect())).collect()
    }

    /// Takes objects apart until no step needs itself.
    pub fn take_loops_apart(&mut self) {
        loop {
            let needs = self.needs(&self.steps());
            let found = loops(&needs);
            if found.is_empty() {
                return;
            }
            for members in found {
                self.take_apart(&members, &needs);
            }
        }
    }

    fn take_apart(&mut self, members: &[Step], needs: &[(Step, Vec<Step>)]) {
        let inside: HashSet<Step> = members.iter().copied().collect();
        let parts: Vec<Id> = self.parts_in(&inside);
        if !parts.is_empty() {
            self.separate.extend(parts);
            return;
        }
        let mut late: Vec<Id> = Vec::new();
        for step in members {
            if let Step::Whole(id) = step
                && !self.stood_in.contains_key(id)
                && self.objects.get(id).is_some_and(|object| object.body.has_stand_in())
            {
                late.push(*id);
            }
        }
        if !late.is_empty() {
            let users: HashSet<Id> = members.iter().map(|step| step.id()).collect();
            self.stood_in.extend(late.into_iter().map(|id| (id, users.clone())));
            return;
        }
        // What is left are functions that need each other through defaults or bodies. The highest step goes first,
        // without what it needs of the others.
        if let Some(last) = members.iter().max_by_key(|step| self.rank(**step)) {
            let on = needs.iter().find(|(step, _)| step == last).map(|(_, on)| on.as_slice()).unwrap_or_default();
            self.dropped.extend(on.iter().filter(|step| inside.contains(step)).map(|step| (*last, *step)));
        }
    }

    /// The parts by which members of a loop need each other.
    fn parts_in(&self, inside: &HashSet<Step>) -> Vec<Id> {
        let mut parts: Vec<Id> = Vec::new();
        for (from, on) in &self.edges {
            let separable = self.parts.contains_key(from) && !self.separate.contains(from);
            let (needing, needed) = (self.step_of(*from), self.available(*on, *from));
            let both = [needing, needed].iter().all(|step| step.is_some_and(|step| inside.contains(&step)));
            if separable && needing != needed && both {
                parts.push(*from);
            }
        }
        parts
    }

    /// The steps that need what comes after the data, directly or through others. A view among them gets a stand-in
    /// before, so that what only needs its columns needn't wait.
    pub fn after_indexes(&mut self) -> HashSet<Step> {
        let views: Vec<Id> = self
            .needs_late
            .iter()
            .filter(|id| id.class == class::RULE)
            .filter_map(|id| self.owner(*id))
            .filter(|object| object.kind == Kind::View)
            .map(|object| object.id)
            .collect();
        self.stood_in.extend(views.into_iter().map(|id| (id, HashSet::new())));
        let mut after: HashSet<Step> = self.needs_late.iter().filter_map(|id| self.step_of(*id)).collect();
        let needs = self.needs(&self.steps());
        loop {
            let before = after.len();
            for (step, on) in &needs {
                if on.iter().any(|on| after.contains(on)) {
                    after.insert(*step);
                }
            }
            if after.len() == before {
                return after;
            }
        }
    }

    pub fn rank(&self, step: Step) -> Rank<'_> {
        let (object, kind) = match step {
            Step::Whole(id) => (self.objects.get(&id).copied(), None),
            Step::StandIn(id) => {
                let object = self.objects.get(&id).copied();
                let view = object.is_some_and(|object| object.kind == Kind::View);
                (object, Some(if view { Kind::DummyView } else { Kind::ShellType }))
            }
            Step::Part(id) => (self.parts.get(&id).map(|(o, _)| *o), self.parts.get(&id).map(|(_, part)| part.kind)),
        };
        let kind = kind.or(object.map(|object| object.kind)).unwrap_or(Kind::SequenceOwner);
        let schema = object.and_then(|object| object.schema.as_deref()).unwrap_or_default();
        (kind, schema, object.map_or("", |object| object.name.as_str()), step)
    }

    /// The entry that a step makes.
    pub fn entry(&self, step: Step) -> Entry {
        match step {
            Step::Part(id) => self.parts.get(&id).map_or_else(
                || Entry::new("", Vec::new()),
                |(object, part)| {
                    let mut entry = Entry::new(object.address.clone(), vec![part.statement.clone()]);
                    part.kind.word().into_iter().for_each(|word| entry.carries.add(word, 1));
                    entry
                },
            ),
            Step::StandIn(id) => {
                let object = self.objects.get(&id);
                let statements = object.map(|o| match &o.body {
                    Body::Late { stand_in, .. } => stand_in.clone(),
                    _ => Vec::new(),
                });
                Entry::new(object.map(|o| o.address.clone()).unwrap_or_default(), statements.unwrap_or_default())
            }
            Step::Whole(id) => {
                self.objects.get(&id).map_or_else(|| Entry::new("", Vec::new()), |object| self.whole(object))
            }
        }
    }

    /// What says only that two objects belong together has no identity of its own, and needs both.
    fn whole(&self, object: &Object) -> Entry {
        let mut entry = object.entry(self.statements(object));
        let together = object.parts().filter(|part| !self.separate.contains(&part.id));
        together.filter_map(|part| part.kind.word()).for_each(|word| entry.carries.add(word, 1));
        if let Body::List(list) = &object.body {
            entry.compare_as = Some(list.compare_as(|id| self.separate.contains(&id)));
        }
        if object.everywhere {
            entry.compare_as = Some(String::new());
        }
        if matches!(object.kind, Kind::Attach | Kind::SequenceOwner) {
            let needed = object.needs.iter().filter_map(|id| self.objects.get(id));
            entry.needs.extend(needed.map(|other| other.address.clone()).filter(|other| *other != object.address));
            entry.needs.sort_unstable();
        }
        entry
    }

    fn statements(&self, object: &Object) -> Vec<String> {
        match &object.body {
            Body::Statements(statements) => statements.clone(),
            Body::List(list) => list.statements(|id| self.separate.contains(&id)),
            Body::Late { create, replace, .. } => {
                if self.stood_in.contains_key(&object.id) {
                    replace.clone()
                } else {
                    create.clone()
                }
            }
        }
    }
}
