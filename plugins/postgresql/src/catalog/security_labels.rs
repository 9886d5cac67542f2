//! Security labels.

use super::database;
use super::id::{Id, class};
use crate::entry::Entry;
use crate::quote::{ident, literal, on_this_database};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("security_labels.sql");

/// A label that a provider has put on an object, or on a column of one.
#[derive(Clone, Deserialize)]
pub struct Row {
    provider: String,
    label: String,
    class: u32,
    oid: u32,
    /// How statements call the object.
    target: String,
}

impl Row {
    /// What it is on.
    pub fn id(&self) -> Id {
        Id::new(self.class, self.oid)
    }

    /// Whether it is on the database itself.
    pub fn on_database(&self) -> bool {
        self.target == database::ADDRESS
    }

    /// The entry that puts it there again. It needs the provider: a library that the target's server has loaded.
    pub fn into_entry(self) -> Entry {
        let (provider, label) = (ident(&self.provider), literal(&self.label));
        let sql = if self.on_database() {
            on_this_database(&format!("SECURITY LABEL FOR {provider} ON DATABASE "), &format!(" IS {label}"))
        } else {
            format!("SECURITY LABEL FOR {provider} ON {} IS {label}", self.target)
        };
        // Those of databases and subscriptions are kept elsewhere, for the server as a whole.
        let counted = !self.on_database() && self.class != class::SUBSCRIPTION;
        let mut entry = Entry::new(self.target, vec![sql]);
        entry.carries.add("security label", u64::from(counted));
        entry.label_provider = Some(self.provider);
        entry
    }
}
