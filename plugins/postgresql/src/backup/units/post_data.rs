//! Units of what comes when all rows, indexes and foreign keys are back.

use super::{Building, MATERIALIZED_VIEWS, POST_DATA, PRE_DATA, note};
use crate::backup::addresses;
use crate::backup::inventory::Inventory;
use crate::catalog::id::{Id, class};
use crate::catalog::object::Object;
use crate::entry::Entry;
use std::collections::{HashMap, HashSet};

impl Building {
    /// Everything after the data, indexes and foreign keys: first what looks at data, then what acts on it, then what is
    /// said of objects and who may use them. And, for a unit of their own, the event triggers.
    pub(super) fn post_data(
        &mut self,
        inventory: &Inventory,
        objects: &[Object],
        first: Vec<Entry>,
    ) -> (Vec<Entry>, Vec<Entry>) {
        let mut entries = first;
        entries.extend(unproven_of_domains(inventory, objects));
        let views: HashSet<u32> = inventory.views.iter().map(|view| view.oid).collect();
        let on_views = inventory.indexes.iter().filter(|index| views.contains(&index.relation) && !index.is_broken());
        entries.extend(on_views.map(|index| index.entry()));
        entries.extend(inventory.definitions.after_data.iter().cloned().map(|row| row.into_entry()));
        let (comments, on_event_triggers) = self.comments(inventory, objects);
        entries.extend(comments);
        entries.extend(firsts(&inventory.privileges, |row| row.on()).map(|(row, first)| row.into_entry(first)));
        entries.extend(firsts(&inventory.default_privileges, |row| row.oid).map(|(row, first)| row.into_entry(first)));
        let mut event_triggers: Vec<Entry> =
            inventory.definitions.event_triggers.iter().cloned().map(|row| row.into_entry()).collect();
        event_triggers.extend(on_event_triggers);
        for row in &inventory.left_out {
            self.notes.push(note("left-out", row.object.clone(), row.reason.clone()));
            row.kind.iter().for_each(|kind| self.left_out.add(kind, row.number.unwrap_or(1)));
        }
        (entries, event_triggers)
    }

    /// What is said of objects, and of event triggers, which are made last.
    fn comments(&mut self, inventory: &Inventory, objects: &[Object]) -> (Vec<Entry>, Vec<Entry>) {
        let addresses = addresses::of(inventory, objects);
        let (mut comments, mut last) = (Vec::new(), Vec::new());
        for comment in &inventory.comments {
            let id = comment.id();
            let Some(address) = addresses.get(&id) else {
                let object = format!("comment on object {} of catalogue {}", id.oid, id.class);
                self.notes.push(note("left-out", object, "what it is on isn't carried"));
                self.left_out.add("comment", 1);
                continue;
            };
            let target = comment.target(address);
            let entry = Entry::new(target.clone(), vec![comment.statement(&target)]).carrying("comment");
            if id.class == class::EVENT_TRIGGER { last.push(entry) } else { comments.push(entry) }
        }
        (comments, last)
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
fn firsts<T: Clone, K: PartialEq>(rows: &[T], about: impl Fn(&T) -> K) -> impl Iterator<Item = (T, bool)> {
    let mut last = None;
    rows.iter().map(move |row| {
        let this = Some(about(row));
        let first = this != last;
        last = this;
        (row.clone(), first)
    })
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
