//! From an inventory to units: what is in each, and which must be back before which.

use super::inventory::Inventory;
use super::partitions::Partitions;
use crate::catalog::id::class;
use crate::catalog::object::Object;
use crate::catalog::{sequences, tables};
use crate::entry::{Entry, FORMAT};
use crate::order::order;
use crate::quote::unit_name;
use cofferdam_sdk::engine::{Note, Unit};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The unit of everything that comes before the data.
pub const PRE_DATA: &str = "schema/pre-data";
/// The unit of the sequences' values.
pub const SEQUENCES: &str = "sequences";
/// The unit of what acts on data and so comes after it: triggers, rules, policies.
pub const POST_DATA: &str = "schema/post-data";
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
    /// The sequences whose values are read at the end.
    pub sequences: Vec<sequences::Row>,
}

impl Units {
    /// Makes units of an inventory.
    pub fn build(inventory: Inventory) -> Self {
        let mut building = Building::default();
        let late: HashSet<_> = inventory.indexes.iter().flat_map(|index| index.ids()).collect();
        let (objects, parts) = objects(&inventory);
        let ordered = order(&objects, &inventory.edges, &inventory.aliases, &late);
        building.entries_unit(PRE_DATA, Vec::new(), Vec::new(), ordered.before_data);
        for table in inventory.tables.iter().filter(|table| table.has_data()) {
            building.data(table, &parts);
        }
        let partitions = Partitions::new(&inventory.tables);
        building.indexes(&inventory, &parts, &partitions);
        building.foreign_keys(&inventory, &partitions);
        let everything: Vec<String> = building.units.iter().map(|unit| unit.name.clone()).collect();
        let post_data = building.post_data(&inventory, &objects, ordered.after_indexes);
        building.entries_unit(POST_DATA, everything.clone(), Vec::new(), post_data);
        building.materialized_views(&inventory, everything);
        building.sequences(&inventory);
        Self { units: building.units, entries: building.entries, notes: building.notes, sequences: inventory.sequences }
    }

    /// The roles that any entry names.
    pub fn roles(&self) -> Vec<String> {
        let statements = self.entries.values().flatten().flat_map(|entry| &entry.for_roles);
        let roles: BTreeSet<String> = statements.flat_map(|statement| statement.roles.iter().cloned()).collect();
        roles.into_iter().collect()
    }
}

/// The objects of the catalogue, and the parts that tables are made of.
fn objects(inventory: &Inventory) -> (Vec<Object>, tables::Parts) {
    let mut parts = tables::Parts::default();
    for column in &inventory.columns {
        parts.columns.entry(column.relation).or_default().push(column.clone());
    }
    let mut domain_checks: HashMap<u32, Vec<_>> = HashMap::new();
    for check in &inventory.checks {
        if check.relation == 0 {
            domain_checks.entry(check.r#type).or_default().push(check.clone());
        } else {
            parts.checks.entry(check.relation).or_default().push(check.clone());
        }
    }
    for sequence in inventory.sequences.iter().filter(|sequence| sequence.identity == Some(true)) {
        if let (Some(table), Some(column)) = (sequence.table_oid, sequence.column_number) {
            parts.identities.insert((table, column), sequence.clone());
        }
    }
    let mut objects: Vec<Object> = Vec::new();
    objects.extend(inventory.schemas.iter().cloned().map(|row| row.into_object()));
    objects.extend(inventory.extensions.iter().cloned().map(|row| row.into_object()));
    for row in inventory.types.iter().cloned() {
        let checks = domain_checks.remove(&row.oid).unwrap_or_default();
        objects.push(row.into_object(checks));
    }
    objects.extend(inventory.functions.iter().cloned().map(|row| row.into_object()));
    objects.extend(inventory.sequences.iter().cloned().flat_map(|row| row.into_objects()));
    objects.extend(inventory.tables.iter().cloned().flat_map(|row| row.into_objects(&parts)));
    for row in inventory.views.iter().cloned() {
        let columns = parts.columns.get(&row.oid).map(Vec::as_slice).unwrap_or_default();
        objects.push(row.into_object(columns));
    }
    for (kind, row) in inventory.definitions.before_data.iter().cloned() {
        objects.push(row.into_object(kind));
    }
    (objects, parts)
}

#[derive(Default)]
struct Building {
    units: Vec<Unit>,
    entries: HashMap<String, Vec<Entry>>,
    notes: Vec<Note>,
    /// The names of data units, by the table's oid.
    data: HashMap<u32, String>,
    /// The names of index units, by the oid of the table or materialized view.
    indexes: HashMap<u32, String>,
}

impl Building {
    /// A unit of entries; none if there are no entries.
    fn entries_unit(&mut self, name: &str, after: Vec<String>, objects: Vec<String>, entries: Vec<Entry>) {
        if entries.is_empty() && name != PRE_DATA {
            return;
        }
        let bytes = entries.iter().flat_map(|entry| &entry.sql).map(String::len).sum::<usize>();
        self.units.push(Unit {
            name: name.to_owned(),
            format: FORMAT.to_owned(),
            framing: "none".to_owned(),
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

    fn data(&mut self, table: &tables::Row, parts: &tables::Parts) {
        let name = unit_name("data", &table.schema, &table.name);
        let columns = serde_json::Value::from(table.copied_columns(parts)).to_string();
        let extra = [("schema", table.schema.clone()), ("table", table.name.clone()), ("columns", columns)];
        self.units.push(Unit {
            name: name.clone(),
            format: COPY.to_owned(),
            framing: "lines".to_owned(),
            objects: vec![object_name(&table.schema, &table.name)],
            after: vec![PRE_DATA.to_owned()],
            estimated_bytes: table.bytes,
            estimated_rows: table.rows,
            leader: false,
            external: false,
            extra: extra.map(|(key, value)| (key.to_owned(), value)).to_vec(),
        });
        self.data.insert(table.oid, name);
    }

    fn indexes(&mut self, inventory: &Inventory, parts: &tables::Parts, partitions: &Partitions) {
        let views = inventory.views.iter().filter(|view| view.kind == "m").map(|view| view.oid).collect::<HashSet<_>>();
        let mut by_table: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
        for index in inventory.indexes.iter().filter(|index| !views.contains(&index.relation)) {
            if index.is_broken() {
                let reason = "the index isn't valid on the source: its build failed";
                self.notes.push(note("left-out", index.address(), reason));
            } else {
                by_table.entry(index.relation).or_default().push(index.entry());
            }
        }
        for table in inventory.tables.iter().filter(|table| table.kind != "f") {
            let address = format!("TABLE {}", table.qualified());
            let mut entries = by_table.remove(&table.oid).unwrap_or_default();
            entries.extend(table.unproven(parts).into_iter().map(|sql| Entry::new(address.clone(), vec![sql])));
            if table.has_data() {
                entries.push(Entry::new(address, vec![format!("ANALYZE {}", table.qualified())]));
            }
            if !entries.is_empty() {
                let name = unit_name("indexes", &table.schema, &table.name);
                self.indexes.insert(table.oid, name.clone());
                let mut after = vec![self.data.get(&table.oid).cloned().unwrap_or_else(|| PRE_DATA.to_owned())];
                let parents = partitions.parents(table.oid).filter_map(|oid| partitions.name(oid));
                after.extend(parents.map(|(schema, name)| unit_name("indexes", schema, name)));
                self.entries_unit(&name, after, vec![object_name(&table.schema, &table.name)], entries);
            }
        }
        self.drop_unknown_needs();
    }

    /// A parent without indexes has no unit to wait for.
    fn drop_unknown_needs(&mut self) {
        let names: HashSet<String> = self.units.iter().map(|unit| unit.name.clone()).collect();
        for unit in &mut self.units {
            unit.after.retain(|name| names.contains(name));
        }
    }

    fn foreign_keys(&mut self, inventory: &Inventory, partitions: &Partitions) {
        let mut by_table: BTreeMap<u32, Vec<_>> = BTreeMap::new();
        for key in &inventory.foreign_keys {
            by_table.entry(key.relation).or_default().push(key);
        }
        for table in &inventory.tables {
            let Some(keys) = by_table.remove(&table.oid) else { continue };
            let mut after: HashSet<String> = HashSet::from([PRE_DATA.to_owned()]);
            for oid in partitions.with_descendants(table.oid) {
                after.extend(self.data.get(&oid).cloned());
                after.extend(self.indexes.get(&oid).cloned());
            }
            for oid in keys.iter().flat_map(|key| partitions.with_descendants(key.referenced)) {
                after.extend(self.data.get(&oid).cloned());
                after.extend(self.indexes.get(&oid).cloned());
            }
            let mut after: Vec<String> = after.into_iter().collect();
            after.sort();
            let name = unit_name("foreign-keys", &table.schema, &table.name);
            let objects = vec![object_name(&table.schema, &table.name)];
            self.entries_unit(&name, after, objects, keys.into_iter().map(|key| key.entry()).collect());
        }
    }

    /// Everything after the data, indexes and foreign keys: first what looks at data, then what acts on it, then what is
    /// said of objects and who may use them.
    fn post_data(&mut self, inventory: &Inventory, objects: &[Object], first: Vec<Entry>) -> Vec<Entry> {
        let mut entries = first;
        let views: HashSet<u32> = inventory.views.iter().map(|view| view.oid).collect();
        let on_views = inventory.indexes.iter().filter(|index| views.contains(&index.relation) && !index.is_broken());
        entries.extend(on_views.map(|index| index.entry()));
        entries.extend(inventory.definitions.after_data.iter().cloned().map(|row| row.into_entry()));
        let (mut comments, mut last_comments) = self.comments(inventory, objects);
        entries.append(&mut comments);
        entries.extend(inventory.privileges.iter().cloned().map(|row| row.into_entry()));
        entries.extend(inventory.default_privileges.iter().cloned().map(|row| row.into_entry()));
        entries.extend(inventory.definitions.event_triggers.iter().cloned().map(|row| row.into_entry()));
        self.notes
            .extend(inventory.left_out.iter().map(|row| note("left-out", row.object.clone(), row.reason.clone())));
        entries
    }

    /// What is said of objects, and of event triggers, which are made last.
    fn comments(&mut self, inventory: &Inventory, objects: &[Object]) -> (Vec<Entry>, Vec<Entry>) {
        let addresses = super::addresses::of(inventory, objects);
        let (mut comments, mut last) = (Vec::new(), Vec::new());
        for comment in &inventory.comments {
            let id = comment.id();
            let Some(address) = addresses.get(&id) else {
                let object = format!("comment on object {} of catalogue {}", id.oid, id.class);
                self.notes.push(note("left-out", object, "what it is on isn't carried"));
                continue;
            };
            let target = comment.target(address);
            let entry = Entry::new(target.clone(), vec![comment.statement(&target)]);
            if id.class == class::EVENT_TRIGGER { last.push(entry) } else { comments.push(entry) }
        }
        (comments, last)
    }

    fn materialized_views(&mut self, inventory: &Inventory, mut after: Vec<String>) {
        let mut order: HashMap<String, usize> = HashMap::new();
        let made = [PRE_DATA, POST_DATA].iter().filter_map(|unit| self.entries.get(*unit)).flatten();
        for (position, entry) in made.enumerate() {
            // The first entry of a view makes it, later ones only say something of it.
            order.entry(entry.object.clone()).or_insert(position);
        }
        let mut views: Vec<_> = inventory.views.iter().filter(|view| view.kind == "m").collect();
        views.sort_by_key(|view| order.get(&format!("MATERIALIZED VIEW {}", view.qualified())));
        let mut entries = Vec::new();
        for view in views {
            let address = format!("MATERIALIZED VIEW {}", view.qualified());
            if view.populated {
                let refresh = format!("REFRESH {address}");
                entries.push(Entry::new(address, vec![refresh, format!("ANALYZE {}", view.qualified())]));
            }
        }
        if self.entries.contains_key(POST_DATA) {
            after.push(POST_DATA.to_owned());
        }
        self.entries_unit(MATERIALIZED_VIEWS, after, Vec::new(), entries);
    }

    fn sequences(&mut self, inventory: &Inventory) {
        if inventory.sequences.is_empty() {
            return;
        }
        let objects =
            inventory.sequences.iter().map(|sequence| object_name(&sequence.schema, &sequence.name)).collect();
        self.units.push(Unit {
            name: SEQUENCES.to_owned(),
            format: FORMAT.to_owned(),
            framing: "none".to_owned(),
            objects,
            after: vec![PRE_DATA.to_owned()],
            estimated_bytes: Some(inventory.sequences.len() as u64 * 120),
            estimated_rows: None,
            leader: true,
            external: false,
            // Their values aren't part of the snapshot: read before the data, one could be behind its column.
            extra: vec![("read".to_owned(), "last".to_owned())],
        });
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
