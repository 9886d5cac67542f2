//! Units of what comes when everything else is there, in the transaction that ends a restore: it would be in the way of the
//! restore's own sessions, or of cleaning up after them.

use super::post_data::{firsts, placed};
use super::{Building, DATABASE, EVENT_TRIGGERS, SETTINGS, SUBSCRIPTIONS, SYSTEM_PRIVILEGES};
use crate::backup::inventory::Inventory;
use crate::catalog::definitions::Row;
use crate::catalog::id::class;
use crate::catalog::privileges;
use crate::entry::Entry;
use crate::selection::Survey;
use std::collections::HashMap;

/// The unit that makes an object of this catalogue, if that is one of the last.
pub fn unit_of(class: u32) -> Option<&'static str> {
    match class {
        class::SUBSCRIPTION => Some(SUBSCRIPTIONS),
        class::DATABASE => Some(DATABASE),
        class::EVENT_TRIGGER => Some(EVENT_TRIGGERS),
        _ => None,
    }
}

impl Building {
    /// The last units; `said` is what is said of their objects, by unit.
    pub(super) fn last(&mut self, inventory: &Inventory, mut said: HashMap<&'static str, Vec<Entry>>, survey: &Survey) {
        let entries = |rows: &[Row]| rows.iter().cloned().map(|row| placed(row, survey)).collect::<Vec<_>>();
        let definitions = &inventory.definitions;
        let own = inventory.database.iter().cloned().flat_map(crate::catalog::database::Row::into_entries);
        let mut database: Vec<Entry> = own.map(|entry| survey.placed(entry, [])).collect();
        let granted = |on: fn(&privileges::Row) -> bool| {
            let granted = firsts(&inventory.privileges, |row| row.on()).filter(move |(row, _)| on(row));
            granted.map(|(row, first)| survey.placed(row.into_entry(first), [])).collect::<Vec<_>>()
        };
        database.extend(granted(privileges::Row::on_database));
        let made = [
            (SUBSCRIPTIONS, entries(&definitions.subscriptions)),
            (SETTINGS, entries(&definitions.settings)),
            (DATABASE, database),
            (SYSTEM_PRIVILEGES, granted(privileges::Row::on_system)),
            (EVENT_TRIGGERS, entries(&definitions.event_triggers)),
        ];
        for (name, mut entries) in made {
            entries.extend(said.remove(name).unwrap_or_default());
            let others = self.units.iter().map(|unit| unit.name.clone()).collect();
            self.entries_unit(name, others, Vec::new(), entries);
        }
    }
}
