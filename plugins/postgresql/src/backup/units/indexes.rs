//! Units of indexes and of foreign keys: one of each a table, and one of each index of a large table.

use super::proofs::Proofs;
use super::{Building, PRE_DATA, note, object_name};
use crate::backup::inventory::Inventory;
use crate::backup::partitions::Partitions;
use crate::catalog::{indexes, tables};
use crate::entry::Entry;
use crate::quote::{qualified, unit_name};
use crate::selection::Survey;
use std::collections::{BTreeMap, BTreeSet, HashSet};

impl Building {
    pub(super) fn indexes(
        &mut self,
        inventory: &Inventory,
        parts: &tables::Parts,
        partitions: &Partitions,
        survey: &Survey,
    ) {
        let views = inventory.views.iter().filter(|view| view.kind == "m").map(|view| view.oid).collect::<HashSet<_>>();
        let mut by_table: BTreeMap<u32, Vec<&indexes::Row>> = BTreeMap::new();
        for index in inventory.indexes.iter().filter(|index| !views.contains(&index.relation) && !index.of_extension) {
            if index.is_broken() {
                let reason = "the index isn't valid on the source: its build failed";
                self.notes.push(note("left-out", index.address(), reason));
                self.left_out.add(index.word(), 1);
            } else {
                by_table.entry(index.relation).or_default().push(index);
            }
        }
        let proofs = Proofs::new(inventory, parts);
        let mut attached: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
        for table in &inventory.tables {
            let address = format!("TABLE {}", table.qualified());
            let own = by_table.remove(&table.oid).unwrap_or_default();
            for entry in own.iter().filter_map(|index| Some(survey.placed(index.attached_entry()?, index.ids()))) {
                attached.entry(partitions.root(table.oid)).or_default().push(entry);
            }
            let large = self.split.is_some_and(|split| table.bytes.is_some_and(|bytes| bytes > split));
            let (built, mut entries) = entries(&own, large, survey);
            let unproven = table.unproven(parts);
            let proven = proofs.of(table);
            let concerned = !unproven.is_empty() || !proven.is_empty();
            let heirs = if concerned { partitions.heirs(table.oid) } else { Vec::new() };
            let forebears = if proven.is_empty() { Vec::new() } else { partitions.forebears(table.oid) };
            entries.extend(unproven);
            entries.extend(proven.into_iter().map(|sql| Entry::new(address.clone(), vec![sql])));
            if table.has_data() {
                entries.push(Entry::new(address.clone(), vec![format!("ANALYZE {}", table.qualified())]));
            }
            if !entries.is_empty() {
                let name = unit_name("indexes", &table.schema, &table.name);
                let objects = vec![object_name(&table.schema, &table.name)];
                self.indexes.insert(table.oid, name.clone());
                let mut after = self.data.get(&table.oid).cloned().unwrap_or_else(|| vec![PRE_DATA.to_owned()]);
                let data = after.clone();
                for (number, entry) in (1..).zip(built) {
                    let part = format!("{name}/{number}");
                    after.push(part.clone());
                    self.entries_unit(&part, data.clone(), objects.clone(), vec![entry]);
                    self.last_belongs_to(&address);
                }
                let parents = partitions.parents(table.oid).chain(forebears).filter_map(|oid| partitions.name(oid));
                after.extend(parents.map(|(schema, name)| unit_name("indexes", schema, name)));
                if own.iter().any(|index| index.covers_partitions()) {
                    let all = partitions.with_descendants(table.oid);
                    after.extend(all.into_iter().filter_map(|oid| self.data.get(&oid)).flatten().cloned());
                }
                // What isn't proven holds for the rows of heirs too, once it is there.
                after.extend(heirs.into_iter().filter_map(|oid| self.data.get(&oid)).flatten().cloned());
                self.entries_unit(&name, after, objects, entries);
                self.last_belongs_to(&address);
            }
        }
        self.drop_unknown_needs();
        self.attached(attached, partitions);
    }

    /// The indexes of all partitions of a table become parts of its own in one unit, one after the other.
    fn attached(&mut self, attached: BTreeMap<u32, Vec<Entry>>, partitions: &Partitions) {
        for (root, entries) in attached {
            let Some((schema, name)) = partitions.name(root) else { continue };
            let unit = unit_name("attached-indexes", schema, name);
            let all = partitions.with_descendants(root);
            let after = all.into_iter().filter_map(|oid| self.indexes.get(&oid)).cloned().collect();
            self.entries_unit(&unit, after, vec![object_name(schema, name)], entries);
            self.attached.insert(root, unit);
        }
    }

    /// A parent without indexes has no unit to wait for.
    fn drop_unknown_needs(&mut self) {
        let names: HashSet<String> = self.units.iter().map(|unit| unit.name.clone()).collect();
        for unit in &mut self.units {
            unit.after.retain(|name| names.contains(name));
        }
    }

    pub(super) fn foreign_keys(&mut self, inventory: &Inventory, partitions: &Partitions, survey: &Survey) {
        let mut by_table: BTreeMap<u32, Vec<_>> = BTreeMap::new();
        for key in &inventory.foreign_keys {
            by_table.entry(key.relation).or_default().push(key);
        }
        for table in &inventory.tables {
            let Some(keys) = by_table.remove(&table.oid) else { continue };
            let mut after: HashSet<String> = HashSet::from([PRE_DATA.to_owned()]);
            for oid in partitions.with_descendants(table.oid) {
                after.extend(self.data.get(&oid).into_iter().flatten().cloned());
                after.extend(self.indexes.get(&oid).cloned());
            }
            for oid in keys.iter().flat_map(|key| partitions.with_descendants(key.referenced)) {
                after.extend(self.data.get(&oid).into_iter().flatten().cloned());
                after.extend(self.indexes.get(&oid).cloned());
            }
            // A key needs what it refers to to be valid, and no index of its tables may be waited for meanwhile.
            let tables = std::iter::once(table.oid).chain(keys.iter().map(|key| key.referenced));
            after.extend(tables.filter_map(|oid| self.attached.get(&partitions.root(oid))).cloned());
            let mut after: Vec<String> = after.into_iter().collect();
            after.sort();
            let mut entries = vec![lock_in_order(table, keys.iter().map(|key| key.referenced), partitions)];
            entries.extend(keys.into_iter().map(|key| survey.placed(key.entry(), [key.id()])));
            let name = unit_name("foreign-keys", &table.schema, &table.name);
            let objects = vec![object_name(&table.schema, &table.name)];
            self.entries_unit(&name, after, objects, entries);
            self.last_belongs_to(&format!("TABLE {}", table.qualified()));
        }
    }
}

/// What makes the indexes of a table: those that are built side by side, and what comes after them in one unit. In a unit
/// of its own an index costs a session's round trips, which is worth it for a large table.
fn entries(indexes: &[&indexes::Row], large: bool, survey: &Survey) -> (Vec<Entry>, Vec<Entry>) {
    let (mut built, mut rest) = (Vec::new(), Vec::new());
    for index in indexes {
        let placed = |entry: Entry| survey.placed(entry, index.ids());
        match index.in_two_steps().filter(|_| large && indexes.len() > 1) {
            Some((first, second)) => {
                built.push(placed(first));
                rest.extend(second.map(placed));
            }
            None => rest.push(placed(index.entry())),
        }
    }
    (built, rest)
}

/// Locks every table of a unit's foreign keys, by name. Units that lock the same tables in another order each, as the keys
/// themselves would, wait for each other in a circle.
fn lock_in_order(table: &tables::Row, referenced: impl Iterator<Item = u32>, partitions: &Partitions) -> Entry {
    let own = table.qualified();
    let mut names: BTreeSet<String> =
        referenced.filter_map(|oid| partitions.name(oid)).map(|(schema, name)| qualified(schema, name)).collect();
    let needs = names.iter().map(|name| format!("TABLE {name}")).collect();
    names.insert(own.clone());
    let list = names.into_iter().collect::<Vec<_>>().join(", ");
    let lock = vec![format!("LOCK TABLE {list} IN SHARE ROW EXCLUSIVE MODE")];
    Entry { needs, aid: true, compare_as: Some(String::new()), ..Entry::new(format!("TABLE {own}"), lock) }
}
