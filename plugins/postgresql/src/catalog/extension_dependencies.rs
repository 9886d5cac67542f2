//! Objects that are to go when an extension goes.

use super::id::Id;
use crate::entry::Entry;
use crate::quote::ident;
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("extension_dependencies.sql");

/// That an object depends on an extension, because somebody said so.
#[derive(Clone, Deserialize)]
pub struct Row {
    class: u32,
    oid: u32,
    extension: String,
}

impl Row {
    /// The object.
    pub fn id(&self) -> Id {
        Id::new(self.class, self.oid)
    }

    /// The entry that says it again; `address` is how statements call the object.
    pub fn into_entry(self, address: &str) -> Entry {
        let extension = ident(&self.extension);
        let statement = format!("ALTER {address} DEPENDS ON EXTENSION {extension}");
        let mut entry = Entry::new(address, vec![statement]).carrying("extension dependency");
        // Every database has it.
        if self.extension != "plpgsql" {
            entry.needs.push(format!("EXTENSION {extension}"));
        }
        entry
    }
}
