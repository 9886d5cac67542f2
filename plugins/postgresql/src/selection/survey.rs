//! What needs what, from the catalogue's own record of it.

use super::contents::{Contents, Item, LARGE_OBJECTS, name_of};
use crate::backup::inventory::Inventory;
use crate::catalog::id::{Id, class};
use crate::catalog::object::{Kind, Object};
use crate::entry::Entry;
use crate::quote::qualified;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Objects by their places, and what comes after the data by what it belongs to.
pub struct Survey {
    items: Vec<Item>,
    places: HashMap<Id, u32>,
    aliases: HashMap<Id, Id>,
    late: HashMap<Id, Late>,
    objects: HashSet<String>,
}

/// Something that comes after the data: an index, a constraint, a trigger.
#[derive(Clone, Debug, Default)]
struct Late {
    of: Option<u32>,
    needs: BTreeSet<u32>,
}

impl Survey {
    /// Looks at an inventory and its objects.
    pub fn new(inventory: &Inventory, objects: &[Object]) -> Self {
        let mut survey = Self {
            items: Vec::new(),
            places: HashMap::new(),
            aliases: inventory.aliases.iter().map(|alias| alias.pair()).collect(),
            late: HashMap::new(),
            objects: HashSet::new(),
        };
        survey.take_in(inventory, objects);
        survey.take_in_late(inventory);
        survey.follow(inventory, objects);
        survey.objects = survey.items.iter().map(|item| item.object.clone()).collect();
        survey
    }

    /// What there is to choose from.
    pub fn contents(&self) -> Contents {
        Contents(self.items.clone())
    }

    /// An entry of something that comes after the data, with what it belongs to and refers to. An index is two such
    /// things, if it is a constraint's.
    pub fn placed(&self, mut entry: Entry, ids: impl IntoIterator<Item = Id>) -> Entry {
        for id in ids {
            if let Some(late) = self.late.get(&id) {
                entry.of = late.of.and_then(|place| self.object(place)).or(entry.of.take());
                let own = entry.of.clone();
                let needs = late.needs.iter().filter_map(|place| self.object(*place));
                entry.needs.extend(needs.filter(|need| own.as_ref() != Some(need)));
            } else if let Some(object) = self.place(id).and_then(|place| self.object(place)) {
                entry.of = Some(object).filter(|object| *object != entry.object);
            }
        }
        // Places differ from database to database, and definitions are compared.
        entry.needs.sort_unstable();
        entry.needs.dedup();
        entry.free = entry.of.is_none() && !self.objects.contains(&entry.object);
        entry
    }

    fn object(&self, place: u32) -> Option<String> {
        Some(self.item(place)?.object.clone())
    }

    fn item(&self, place: u32) -> Option<&Item> {
        self.items.get(usize::try_from(place).ok()?)
    }

    fn add(&mut self, id: Id, item: Item) -> u32 {
        let place = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item);
        self.places.insert(id, place);
        place
    }

    fn take_in(&mut self, inventory: &Inventory, objects: &[Object]) {
        if !inventory.large_objects.is_empty() {
            self.items.push(named(LARGE_OBJECTS, "large-objects", None));
        }
        for object in objects {
            match object.kind {
                // They are said of an object that has a place already.
                Kind::Attach | Kind::SequenceOwner | Kind::Default => {}
                _ => {
                    let name = name_of(object.schema.as_deref(), &object.name, &object.address);
                    self.add(object.id, named(&object.address, &name, object.schema.as_deref()));
                }
            }
        }
        for sequence in inventory.sequences.iter().filter(|sequence| sequence.identity == Some(true)) {
            let address = format!("SEQUENCE {}", qualified(&sequence.schema, &sequence.name));
            let name = name_of(Some(&sequence.schema), &sequence.name, &address);
            self.add(sequence.id(), named(&address, &name, Some(&sequence.schema)));
        }
        for table in &inventory.configuration_tables {
            let word = if table.sequence { "SEQUENCE" } else { "TABLE" };
            let address = format!("{word} {}", qualified(&table.schema, &table.name));
            let name = name_of(Some(&table.schema), &table.name, &address);
            self.add(table.id(), named(&address, &name, Some(&table.schema)));
        }
    }

    fn take_in_late(&mut self, inventory: &Inventory) {
        for index in &inventory.indexes {
            let of = self.place(Id::new(class::RELATION, index.relation));
            for id in index.ids() {
                self.late.insert(id, Late { of, needs: BTreeSet::new() });
            }
        }
        for key in &inventory.foreign_keys {
            let of = self.place(Id::new(class::RELATION, key.relation));
            let needs = self.place(Id::new(class::RELATION, key.referenced)).into_iter().collect();
            self.late.insert(key.id(), Late { of, needs });
        }
        let definitions = inventory.definitions.after_data.iter().chain(&inventory.definitions.event_triggers);
        // Class 0 stands for what has no identity of its own, and is said of a table or the database.
        for row in definitions.filter(|row| row.id().class != 0) {
            self.late.insert(row.id(), Late::default());
        }
    }

    /// Follows `pg_depend`.
    fn follow(&mut self, inventory: &Inventory, objects: &[Object]) {
        let attached: HashSet<(Id, Id)> = inventory
            .tables
            .iter()
            .filter(|table| table.partition)
            .flat_map(|table| table.parents.iter().flatten().map(|p| (table.id(), Id::new(class::RELATION, p.oid))))
            .collect();
        let sequences: HashSet<Id> = inventory.sequences.iter().map(|sequence| sequence.id()).collect();
        for edge in &inventory.edges {
            let (from, on, part) = (edge.from(), edge.on(), edge.part);
            if let Some(id) = self.late_of(from) {
                if let Some(place) = self.place(on) {
                    let late = self.late.entry(id).or_default();
                    late.needs.insert(place);
                    // That a table is in a publication doesn't make the publication the table's.
                    if part && late.of.is_none() && id == from {
                        late.of = Some(place);
                    }
                }
                continue;
            }
            let (Some(a), Some(b)) = (self.place(from), self.place(on)) else { continue };
            if a == b {
                continue;
            }
            if sequences.contains(&from) && part && !sequences.contains(&on) {
                // A sequence belongs to its column's table, and a table brings its sequences.
                link(&mut self.items, b, |item| &mut item.with, a);
            } else if !attached.contains(&(from, on)) {
                link(&mut self.items, a, |item| &mut item.needs, b);
            }
        }
        for (partition, parent) in attached {
            if let (Some(a), Some(b)) = (self.place(partition), self.place(parent)) {
                link(&mut self.items, b, |item| &mut item.with, a);
            }
        }
        let schemas: HashMap<String, u32> = objects
            .iter()
            .filter(|object| object.kind == Kind::Schema)
            .filter_map(|object| Some((object.name.clone(), self.place(object.id)?)))
            .collect();
        for item in &mut self.items {
            let schema = item.schema.as_ref().and_then(|schema| schemas.get(schema)).copied();
            item.needs.extend(schema);
        }
        // What belongs to an object brings what it calls, but no other table: that would bring its rows.
        for late in self.late.values().cloned().collect::<Vec<_>>() {
            let Some(of) = late.of else { continue };
            for need in late.needs.into_iter().filter(|need| *need != of) {
                if self.item(need).is_some_and(|item| !is_relation(item)) {
                    link(&mut self.items, of, |item| &mut item.with, need);
                }
            }
        }
        for sequence in inventory.sequences.iter().filter(|sequence| sequence.identity == Some(true)) {
            let table = sequence.table_oid.and_then(|oid| self.place(Id::new(class::RELATION, oid)));
            if let (Some(a), Some(b)) = (self.place(sequence.id()), table) {
                link(&mut self.items, a, |item| &mut item.needs, b);
                link(&mut self.items, b, |item| &mut item.with, a);
            }
        }
        for table in &inventory.configuration_tables {
            let extension = self.place(Id::new(class::EXTENSION, table.extension));
            if let (Some(a), Some(b)) = (self.place(table.id()), extension) {
                link(&mut self.items, a, |item| &mut item.needs, b);
                link(&mut self.items, b, |item| &mut item.with, a);
            }
        }
        for item in &mut self.items {
            for list in [&mut item.needs, &mut item.with] {
                list.sort_unstable();
                list.dedup();
            }
        }
    }

    /// The place of the object that a catalogue entry is, or is part of.
    fn place(&self, id: Id) -> Option<u32> {
        let mut id = id;
        // An array of a row type of a table is the longest chain there is.
        for _ in 0..8 {
            if let Some(place) = self.places.get(&id) {
                return Some(*place);
            }
            id = *self.aliases.get(&id)?;
        }
        None
    }

    /// What comes after the data and is the catalogue entry, or has it as a part.
    fn late_of(&self, id: Id) -> Option<Id> {
        if self.late.contains_key(&id) {
            return Some(id);
        }
        self.aliases.get(&id).copied().filter(|whole| self.late.contains_key(whole))
    }
}

fn named(object: &str, name: &str, schema: Option<&str>) -> Item {
    Item { object: object.to_owned(), name: name.to_owned(), schema: schema.map(str::to_owned), ..Item::default() }
}

fn link(items: &mut [Item], place: u32, list: impl Fn(&mut Item) -> &mut Vec<u32>, other: u32) {
    if let Some(item) = usize::try_from(place).ok().and_then(|place| items.get_mut(place)) {
        list(item).push(other);
    }
}

fn is_relation(item: &Item) -> bool {
    ["TABLE ", "FOREIGN TABLE ", "VIEW ", "MATERIALIZED VIEW "].iter().any(|word| item.object.starts_with(word))
}
