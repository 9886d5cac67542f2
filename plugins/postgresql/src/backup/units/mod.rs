//! From an inventory to units: what is in each, and which must be back before which.

mod data;
mod indexes;
mod large_objects;
mod last;
pub mod objects;
mod post_data;
mod proofs;

use super::inventory::Inventory;
use super::partitions::Partitions;
use super::sequences;
use crate::catalog::large_objects::Count;
use crate::counts::Counts;
use crate::entry::{Entry, FORMAT};
use crate::globals::{self, Globals};
use crate::long_rows::LongRows;
use crate::order::order;
use crate::quote::qualified;
use crate::selection::{self, Chosen, Contents, Survey};
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::{Note, Unit};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The unit of everything that comes before the data.
pub const PRE_DATA: &str = "schema/pre-data";
/// The folder of the units of large objects.
pub const LARGE_OBJECTS: &str = "large-objects/";
/// The media type of pages of large objects: COPY's text format of an oid, the place of the page in bytes, and its bytes.
pub const LARGE_OBJECT_PAGES: &str = "text/vnd.cofferdam.postgresql.large-object-pages; version=1";
/// The unit of the sequences' values.
pub const SEQUENCES: &str = "sequences";
/// The unit of what acts on data and so comes after it: triggers, rules, policies.
pub const POST_DATA: &str = "schema/post-data";
/// The unit of subscriptions. While there is one, nobody can drop its database.
pub const SUBSCRIPTIONS: &str = "schema/subscriptions";
/// The unit of the database's settings, and of roles' in it.
pub const SETTINGS: &str = "schema/settings";
/// The unit of what else there is of the database itself: its privileges, its comment, how many may connect.
pub const DATABASE: &str = "schema/database";
/// The unit of privileges on the server's own objects. A restore's own sessions may need what is taken away there.
pub const SYSTEM_PRIVILEGES: &str = "schema/system-privileges";
/// The unit of event triggers. They act on definitions.
pub const EVENT_TRIGGERS: &str = "schema/event-triggers";
/// The units whose statements are run in the transaction that ends a restore, in their order.
pub const LAST: [&str; 5] = [SUBSCRIPTIONS, SETTINGS, DATABASE, SYSTEM_PRIVILEGES, EVENT_TRIGGERS];
/// The unit that fills materialized views.
pub const MATERIALIZED_VIEWS: &str = "materialized-views";
/// The media type of a table's rows: COPY's text format, in the database's own encoding.
pub const COPY: &str = "text/vnd.postgresql.copy";

/// The units of a backup, and the entries of those that are made of entries.
pub struct Units {
    /// The units, in the order in which they are told.
    pub units: Vec<Unit>,
    /// Entries by the unit's name.
    pub entries: HashMap<String, Vec<Entry>>,
    /// What isn't carried, or not as it was.
    pub notes: Vec<Note>,
    /// What of it is counted in reports.
    pub left_out: Counts,
    /// The large objects, which have units of their own kind.
    pub large_objects: Count,
    /// Schema and name of the sequences whose values are read at the end.
    pub sequences: Vec<(String, String)>,
    /// What there is to choose from.
    pub contents: Contents,
    /// The roles of the server, if they come too.
    pub global_roles: Vec<String>,
}

impl Units {
    /// Makes units of an inventory.
    ///
    /// A table of more than `split` bytes is read in parts of about that size; none splits no table. Those that `long` has
    /// may have long rows. A standby has no rows of unlogged tables.
    pub fn build(inventory: Inventory, split: Option<u64>, long: HashMap<u32, LongRows>, standby: bool) -> Self {
        let mut building = Building { split, long, ..Building::default() };
        let late: HashSet<_> = inventory.indexes.iter().flat_map(|index| index.ids()).collect();
        let (objects, parts) = objects::of(&inventory);
        let survey = Survey::new(&inventory, &objects);
        let ordered = order(&objects, &inventory.edges, &inventory.aliases, &late);
        building.entries_unit(PRE_DATA, Vec::new(), Vec::new(), ordered.before_data);
        for table in inventory.tables.iter().filter(|table| table.has_data()) {
            if standby && table.unlogged {
                building.unlogged(table);
            } else {
                building.data(table, &parts);
            }
        }
        building.configuration(&inventory);
        building.large_objects(&inventory.large_objects);
        let large_objects = inventory.large_object_count.first().cloned().unwrap_or_default();
        for table in inventory.tables.iter().filter(|table| table.changes_order(&parts)) {
            let reason = "its columns come in another order: first those of the tables that it inherits from";
            building.notes.push(note("changed", format!("TABLE {}", table.qualified()), reason));
        }
        let partitions = Partitions::new(&inventory.tables);
        building.indexes(&inventory, &parts, &partitions, &survey);
        building.foreign_keys(&inventory, &partitions, &survey);
        let everything: Vec<String> = building.units.iter().map(|unit| unit.name.clone()).collect();
        let (post_data, said_last) = building.post_data(&inventory, &objects, ordered.after_indexes, &survey);
        building.entries_unit(POST_DATA, everything.clone(), Vec::new(), post_data);
        building.materialized_views(&inventory, everything);
        building.sequences(&inventory);
        building.last(&inventory, said_last, &survey);
        Self {
            units: building.units,
            entries: building.entries,
            notes: building.notes,
            left_out: building.left_out,
            large_objects,
            sequences: building.values,
            contents: survey.contents(),
            global_roles: Vec::new(),
        }
    }

    /// What the units carry, by kind.
    pub fn carried(&self) -> Counts {
        let mut carried = Counts::default();
        for entry in self.entries.values().flatten() {
            carried.extend(&entry.carries);
            entry.for_roles.iter().filter_map(|s| s.carries.as_deref()).for_each(|kind| carried.add(kind, 1));
        }
        self.large_objects.add_to(&mut carried);
        carried.add(sequences::VALUE, self.sequences.len() as u64);
        let rows = self.units.iter().filter(|unit| unit.format == COPY).flat_map(|unit| &unit.objects);
        carried.add("rows", rows.collect::<BTreeSet<_>>().len() as u64);
        carried
    }

    /// Only what was chosen.
    ///
    /// # Errors
    /// If a data unit doesn't say its table.
    pub fn choose(&mut self, chosen: &Chosen) -> Result<()> {
        let before = self.carried();
        let mut gone = HashSet::new();
        for (name, entries) in &mut self.entries {
            entries.retain(|entry| chosen.judge(entry).carries(entry, &mut self.notes));
            // An aid alone helps nobody.
            if entries.iter().all(|entry| entry.aid) && name != PRE_DATA {
                gone.insert(name.clone());
            }
        }
        self.sequences.retain(|(schema, name)| chosen.has(&format!("SEQUENCE {}", qualified(schema, name))));
        if self.sequences.is_empty() {
            gone.insert(SEQUENCES.to_owned());
        }
        for unit in &self.units {
            if !chosen.wants(unit)? {
                gone.insert(unit.name.clone());
            }
        }
        if !chosen.has(selection::LARGE_OBJECTS) {
            self.large_objects = Count::default();
        }
        self.entries.retain(|name, _| !gone.contains(name));
        self.units.retain(|unit| !gone.contains(&unit.name));
        for unit in &mut self.units {
            unit.after.retain(|name| !gone.contains(name));
        }
        self.contents = self.contents.retain(|item| chosen.has_item(item));
        let now = self.carried();
        for kind in before.kinds() {
            self.left_out.add(kind, before.of(kind).saturating_sub(now.of(kind)));
        }
        Ok(())
    }

    /// What belongs to the server, before everything else.
    pub fn add_globals(&mut self, mut globals: Globals) {
        // It isn't the database's, which is what is compared.
        globals.entries.iter_mut().for_each(|entry| entry.compare_as = Some(String::new()));
        for unit in &mut self.units {
            unit.after.push(globals::UNIT.to_owned());
        }
        let bytes: usize = globals.entries.iter().flat_map(|entry| &entry.sql).map(String::len).sum();
        self.units.push(Unit {
            name: globals::UNIT.to_owned(),
            format: FORMAT.to_owned(),
            framing: "definitions".to_owned(),
            objects: Vec::new(),
            after: Vec::new(),
            estimated_bytes: Some(bytes as u64),
            estimated_rows: None,
            leader: true,
            external: false,
            extra: Vec::new(),
        });
        self.entries.insert(globals::UNIT.to_owned(), globals.entries);
        self.notes.extend(globals.notes);
        self.global_roles = globals.roles;
    }

    /// The roles that any entry names.
    pub fn roles(&self) -> Vec<String> {
        let statements = self.entries.values().flatten().flat_map(|entry| &entry.for_roles);
        let roles: BTreeSet<String> = statements.flat_map(|statement| statement.roles.iter().cloned()).collect();
        roles.into_iter().collect()
    }

    /// The roles that any entry is given to, or made as.
    pub fn owners(&self) -> BTreeSet<&String> {
        let statements = self.entries.values().flatten().flat_map(|entry| &entry.for_roles);
        statements.flat_map(|statement| &statement.acts_as).collect()
    }

    /// The tablespaces that any entry is in.
    pub fn tablespaces(&self) -> BTreeSet<&str> {
        self.entries.values().flatten().filter_map(|entry| entry.tablespace.as_deref()).collect()
    }

    /// The providers of security labels that any entry has one of.
    pub fn label_providers(&self) -> BTreeSet<&str> {
        self.entries.values().flatten().filter_map(|entry| entry.label_provider.as_deref()).collect()
    }
}

#[derive(Default)]
struct Building {
    units: Vec<Unit>,
    entries: HashMap<String, Vec<Entry>>,
    notes: Vec<Note>,
    left_out: Counts,
    /// Schema and name of the sequences whose values are read.
    values: Vec<(String, String)>,
    /// Bytes of a table from which on it is read in parts.
    split: Option<u64>,
    /// Tables that may have long rows, by their oids.
    long: HashMap<u32, LongRows>,
    /// The names of data units, by the table's oid.
    data: HashMap<u32, Vec<String>>,
    /// The names of index units, by the oid of the table or materialized view.
    indexes: HashMap<u32, String>,
    /// The names of units that attach indexes of partitions, by the oid of the table that they are partitions of in the end.
    attached: HashMap<u32, String>,
}

impl Building {
    /// Says which object the last unit belongs to, so that it can be chosen with it.
    fn last_belongs_to(&mut self, address: &str) {
        if let Some(unit) = self.units.last_mut() {
            unit.extra.push(("of".to_owned(), address.to_owned()));
        }
    }

    /// A unit of entries; none if there are no entries.
    fn entries_unit(&mut self, name: &str, after: Vec<String>, objects: Vec<String>, mut entries: Vec<Entry>) {
        if entries.is_empty() && name != PRE_DATA {
            return;
        }
        entries.iter_mut().for_each(Entry::settle);
        let bytes = entries.iter().flat_map(|entry| &entry.sql).map(String::len).sum::<usize>();
        self.units.push(Unit {
            name: name.to_owned(),
            format: FORMAT.to_owned(),
            framing: "definitions".to_owned(),
            objects,
            after,
            estimated_bytes: Some(bytes as u64),
            estimated_rows: None,
            leader: true,
            external: false,
            extra: Vec::new(),
        });
        self.entries.insert(name.to_owned(), entries);
    }
}

/// An object's name as operators write it in patterns.
pub fn object_name(schema: &str, name: &str) -> String {
    format!("{schema}.{name}")
}

/// A note.
pub fn note(kind: &str, object: impl Into<String>, reason: impl Into<String>) -> Note {
    Note { kind: kind.to_owned(), object: object.into(), reason: reason.into() }
}
