//! Check constraints of tables and domains.

use super::id::{Id, class};
use super::object::{Kind, Member, Part};
use crate::quote::ident;
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("checks.sql");

/// A check constraint.
#[derive(Clone, Deserialize)]
pub struct Row {
    oid: u32,
    /// The table's oid, or 0.
    pub relation: u32,
    /// The domain's oid, or 0.
    pub r#type: u32,
    /// The constraint's name.
    pub name: String,
    definition: String,
    /// Whether all the data is known to satisfy it. One that isn't mustn't stand in the way of the data.
    pub validated: bool,
    /// Whether the table has it of its own, and not only from a parent.
    pub local: bool,
}

impl Row {
    /// The constraint's identity.
    pub fn id(&self) -> Id {
        Id::new(class::CONSTRAINT, self.oid)
    }

    /// The statement that adds it; `alter` is "ALTER TABLE name" or "ALTER DOMAIN name".
    pub fn statement(&self, alter: &str) -> String {
        format!("{alter} ADD CONSTRAINT {} {}", ident(&self.name), self.definition)
    }

    /// It as a member of a list, with `before` in front.
    pub fn member(&self, alter: &str, before: &str) -> Member {
        let text = format!("{before}CONSTRAINT {} {}", ident(&self.name), self.definition);
        let part = Part { id: self.id(), kind: Kind::Check, statement: self.statement(alter) };
        Member { text: String::new(), part: Some((part, text)) }
    }
}
