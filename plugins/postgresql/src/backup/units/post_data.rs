//! Units of what comes when all rows, indexes and foreign keys are back.

use super::{Building, MATERIALIZED_VIEWS, POST_DATA, PRE_DATA, last, note};
use crate::backup::addresses;
use crate::backup::inventory::Inventory;
use crate::catalog::definitions;
use crate::catalog::id::{Id, class};
use crate::catalog::indexes;
use crate::catalog::object::Object;
use crate::catalog::schemas;
use crate::entry::Entry;
use crate::selection::Survey;
use std::collections::{HashMap, HashSet};

impl Building {
    /// Everything after the data, indexes and foreign keys: first what looks at data, then what acts on it, then what is
    /// said of objects and who may use them. And what is said of objects that come last, by their unit.
    pub(super) fn post_data(
        &mut self,
        inventory: &Inventory,
        objects: &[Object],
        first: Vec<Entry>,
        survey: &Survey,
    ) -> (Vec<Entry>, HashMap<&'static str, Vec<Entry>>) {
        let mut entries = first;
        entries.extend(unproven_of_domains(inventory, objects));
        if inventory.database.iter().any(|database| database.without_public) {
            entries.push(survey.placed(schemas::without_public(), []));
        }
        let views: HashSet<u32> = inventory.views.iter().map(|view| view.oid).collect();
        let late = |index: &&indexes::Row| index.of_extension || views.contains(&index.relation);
        let late = inventory.indexes.iter().filter(late).filter(|index| !index.is_broken());
        entries.extend(late.map(|index| survey.placed(index.entry(), index.ids())));
        let keys = inventory.foreign_keys.iter().filter(|key| key.of_extension);
        entries.extend(keys.map(|key| survey.placed(key.entry(), [key.id()])));
        entries.extend(inventory.definitions.after_data.iter().cloned().map(|row| placed(row, survey)));
        let (said, said_last) = self.said(inventory, objects, survey);
        entries.extend(said);
        let granted =
            firsts(&inventory.privileges, |row| row.on()).filter(|(row, _)| !row.on_database() && !row.on_system());
        entries.extend(granted.map(|(row, first)| {
            let id = row.id();
            survey.placed(row.into_entry(first), [id])
        }));
        let by_default = firsts(&inventory.default_privileges, |row| row.oid);
        entries.extend(by_default.map(|(row, first)| survey.placed(row.into_entry(first), [])));
        for row in &inventory.left_out {
            self.notes.push(note("left-out", row.object.clone(), row.reason.clone()));
            row.kind.iter().for_each(|kind| self.left_out.add(kind, row.number.unwrap_or(1)));
        }
        (entries, said_last)
    }

    /// What is said of objects, and of those that come last: comments, security labels, and with which extension they go.
    fn said(
        &mut self,
        inventory: &Inventory,
        objects: &[Object],
        survey: &Survey,
    ) -> (Vec<Entry>, HashMap<&'static str, Vec<Entry>>) {
        let addresses = addresses::of(inventory, objects);
        let mut said: Vec<(u32, Entry)> = Vec::new();
        for comment in &inventory.comments {
            let id = comment.id();
            let Some(address) = addresses.get(&id) else {
                self.unsaid("comment", id);
                continue;
            };
            let target = comment.target(address);
            let entry = Entry::new(target.clone(), vec![comment.statement(&target)]).carrying("comment");
            said.push((id.class, survey.placed(entry, [id])));
        }
        for row in &inventory.extension_dependencies {
            let id = row.id();
            let Some(address) = addresses.get(&id) else {
                self.unsaid("extension dependency", id);
                continue;
            };
            said.push((id.class, survey.placed(row.clone().into_entry(address), [id])));
        }
        let labels = inventory.security_labels.iter().cloned();
        said.extend(labels.map(|label| {
            let id = label.id();
            (id.class, survey.placed(label.into_entry(), [id]))
        }));
        let (mut entries, mut last) = (Vec::new(), HashMap::<_, Vec<Entry>>::new());
        for (class, entry) in said {
            match last::unit_of(class) {
                Some(unit) => last.entry(unit).or_default().push(entry),
                None => entries.push(entry),
            }
        }
        (entries, last)
    }

    /// Tells of something that is said of an object which isn't carried.
    fn unsaid(&mut self, kind: &str, id: Id) {
        let object = format!("{kind} of object {} of catalogue {}", id.oid, id.class);
        self.notes.push(note("left-out", object, "that object isn't carried"));
        self.left_out.add(kind, 1);
    }

    pub(super) fn materialized_views(&mut self, inventory: &Inventory, mut after: Vec<String>) {
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
}

/// Rows, each with whether it is the first of those that are about the same thing and lie together.
pub(super) fn firsts<T: Clone, K: PartialEq>(rows: &[T], about: impl Fn(&T) -> K) -> impl Iterator<Item = (T, bool)> {
    let mut last = None;
    rows.iter().map(move |row| {
        let this = Some(about(row));
        let first = this != last;
        last = this;
        (row.clone(), first)
    })
}

pub(super) fn placed(row: definitions::Row, survey: &Survey) -> Entry {
    let id = row.id();
    survey.placed(row.into_entry(), [id])
}

/// Checks of domains that the data may violate, and that so come after it.
fn unproven_of_domains(inventory: &Inventory, objects: &[Object]) -> Vec<Entry> {
    let addresses: HashMap<Id, &str> = objects.iter().map(|object| (object.id, object.address.as_str())).collect();
    let unproven = inventory.checks.iter().filter(|check| check.relation == 0 && !check.validated);
    unproven
        .filter_map(|check| {
            let domain = addresses.get(&Id::new(class::TYPE, check.r#type))?;
            Some(Entry::new(*domain, vec![check.statement(&format!("ALTER {domain}"))]).carrying("check"))
        })
        .collect()
}
