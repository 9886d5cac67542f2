//! The database itself. Restored, it may have another name, so its statements ask for it.

use crate::entry::Entry;
use crate::quote::{literal, on_this_database};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("database.sql");

/// How statements call it in entries.
pub const ADDRESS: &str = "DATABASE";

/// What there is of a database beyond its settings, its privileges and its owner.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// Sessions that it takes at once; -1 is any number.
    connection_limit: i32,
    /// Whether everybody who may make databases may copy it.
    template: bool,
    /// Whether somebody dropped the schema that every new database has.
    pub without_public: bool,
    comment: Option<String>,
}

impl Row {
    /// The entries that make it what it was.
    pub fn into_entries(self) -> Vec<Entry> {
        let comment = self.comment.map(|text| ("COMMENT ON DATABASE ", format!(" IS {}", literal(&text))));
        let limit = (self.connection_limit >= 0).then(|| format!(" CONNECTION LIMIT {}", self.connection_limit));
        let template = self.template.then(|| " IS_TEMPLATE true".to_owned());
        let altered = limit.into_iter().chain(template).map(|what| ("ALTER DATABASE ", what));
        let statements = comment.into_iter().chain(altered);
        statements.map(|(before, after)| Entry::new(ADDRESS, vec![on_this_database(before, &after)])).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_plain_database_needs_nothing() {
        let row = Row { connection_limit: -1, template: false, without_public: false, comment: None };
        assert!(row.into_entries().is_empty());
    }

    #[test]
    fn a_percent_sign_in_a_comment_means_itself() {
        let row = Row { connection_limit: 5, template: true, without_public: false, comment: Some("100%I".to_owned()) };
        let entries = row.into_entries();
        assert_eq!(entries.len(), 3);
        assert!(entries[0].sql[0].contains("COMMENT ON DATABASE %I IS"), "{:?}", entries[0].sql);
        assert!(entries[0].sql[0].contains("100%%I"), "{:?}", entries[0].sql);
    }
}
