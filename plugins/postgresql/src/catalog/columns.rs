//! Columns of tables, views and foreign tables.

use super::id::{Id, class};
use super::object::{Kind, Member, Part};
use super::sequences;
use super::types::{collate, storage};
use crate::quote::{ident, literal, options};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("columns.sql");

/// A column.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The oid of the table or view.
    pub relation: u32,
    /// The column's number.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// Its type, as statements write it.
    pub r#type: String,
    not_null: bool,
    not_null_oid: Option<u32>,
    not_null_name: Option<String>,
    not_null_no_inherit: Option<bool>,
    not_null_local: Option<bool>,
    not_null_validated: Option<bool>,
    identity: String,
    /// "s" for stored, "v" for virtual, "" for a column that isn't generated.
    pub generated: String,
    /// Of a generated column that also comes from parents: whether all of them generate it in the same way.
    generated_as_inherited: Option<bool>,
    default_oid: Option<u32>,
    default_expression: Option<String>,
    collation: Option<String>,
    storage: Option<String>,
    compression: Option<String>,
    statistics: Option<i32>,
    options: Option<Vec<String>>,
    /// Whether the table has it of its own, and not only from a parent.
    pub local: bool,
    foreign_options: Option<Vec<ForeignOption>>,
}

/// A NOT NULL that is a constraint with a name.
pub struct NotNull<'a> {
    /// Its identity.
    pub id: Id,
    /// Its name.
    pub name: &'a str,
    /// Whether the table has it of its own, and not only from a parent.
    pub local: bool,
    /// Whether all the data is known to satisfy it.
    pub validated: bool,
}

/// What kind of table a column is in, where that makes a difference to its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// A table of its own.
    Plain,
    /// A partition, or an heir that joins later. It is made whole and attached then, so it says what it also gets from its
    /// parent.
    Partition,
    /// A table of a composite type, which has the columns already.
    Typed,
}

/// An option of a foreign-data wrapper's object.
#[derive(Clone, Deserialize)]
pub struct ForeignOption {
    name: String,
    value: String,
}

/// ` OPTIONS (name 'value', ...)`, or nothing.
pub fn foreign_options(options: Option<&[ForeignOption]>) -> String {
    let list: Vec<String> =
        options.unwrap_or_default().iter().map(|o| format!("{} {}", ident(&o.name), literal(&o.value))).collect();
    if list.is_empty() { String::new() } else { format!(" OPTIONS ({})", list.join(", ")) }
}

impl Row {
    /// Whether it has something to say in a list of a typed table.
    pub fn is_remarkable(&self) -> bool {
        self.not_null || self.default_expression.is_some()
    }

    /// The column in the list of its table; `alter` is "ALTER TABLE name".
    pub fn member(&self, alter: &str, within: Within, identity: Option<&sequences::Row>) -> Member {
        let mut text = if within == Within::Typed {
            format!("{} WITH OPTIONS", ident(&self.name))
        } else {
            let options = foreign_options(self.foreign_options.as_deref());
            format!("{} {}{options}{}", ident(&self.name), self.r#type, collate(self.collation.as_deref()))
        };
        text.push_str(&self.not_null_clause(within));
        let made_by_parent = within == Within::Plain && self.generated_as_inherited == Some(true);
        match (self.generated.as_str(), &self.default_expression, identity) {
            (_, _, Some(sequence)) => {
                let always = if self.identity == "d" { "BY DEFAULT" } else { "ALWAYS" };
                text.push_str(&format!(" GENERATED {always} AS IDENTITY ({})", sequence.identity_options()));
            }
            _ if made_by_parent => {}
            ("s", Some(expression), _) => text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED")),
            ("v", Some(expression), _) => text.push_str(&format!(" GENERATED ALWAYS AS ({expression})")),
            _ => {}
        }
        let part = self.default_part(alter).map(|(part, expression)| (part, format!(" DEFAULT {expression}")));
        Member { text, part }
    }

    /// The default as something that can be set on its own; `alter` is "ALTER TABLE name".
    pub fn default_part(&self, alter: &str) -> Option<(Part, &str)> {
        if !self.generated.is_empty() {
            return None;
        }
        let (oid, expression) = (self.default_oid?, self.default_expression.as_deref()?);
        let statement = format!("{alter} ALTER COLUMN {} SET DEFAULT {expression}", ident(&self.name));
        Some((Part { id: Id::new(class::DEFAULT, oid), kind: Kind::Default, statement }, expression))
    }

    /// What a column that comes from a parent has of its own.
    pub fn overrides(&self, alter: &str) -> Vec<String> {
        let mut statements = Vec::new();
        if self.has_own_not_null() && self.not_null_name.is_none() {
            statements.push(format!("{alter} ALTER COLUMN {} SET NOT NULL", ident(&self.name)));
        }
        if self.generated.is_empty() && self.identity.is_empty() && self.default_expression.is_none() {
            // The parent may have a default that this table has dropped.
            statements.push(format!("{alter} ALTER COLUMN {} DROP DEFAULT", ident(&self.name)));
        }
        if let (Some(false), Some(expression)) = (self.generated_as_inherited, &self.default_expression) {
            // From PostgreSQL 17 the table may have been told later to generate it in another way.
            statements.push(format!("{alter} ALTER COLUMN {} SET EXPRESSION AS ({expression})", ident(&self.name)));
        }
        statements
    }

    /// The named NOT NULL (PostgreSQL 18) that the table has of its own on a column that comes from a parent. It stands in
    /// the table's list: added later, it would meet the parent's, under the parent's name.
    pub fn own_not_null(&self) -> Option<Member> {
        let name = self.not_null_name.as_ref().filter(|_| self.has_own_not_null())?;
        let text = format!("CONSTRAINT {} NOT NULL {}{}", ident(name), ident(&self.name), self.no_inherit());
        Some(Member { text, part: None })
    }

    fn has_own_not_null(&self) -> bool {
        self.not_null && self.not_null_local.unwrap_or(true) && self.not_null_validated != Some(false)
    }

    fn no_inherit(&self) -> &'static str {
        if self.not_null_no_inherit == Some(true) { " NO INHERIT" } else { "" }
    }

    /// The column's NOT NULL as a constraint, from PostgreSQL 18.
    pub fn not_null_constraint(&self) -> Option<NotNull<'_>> {
        Some(NotNull {
            id: Id::new(class::CONSTRAINT, self.not_null_oid?),
            name: self.not_null_name.as_deref()?,
            local: self.not_null_local == Some(true),
            validated: self.not_null_validated != Some(false),
        })
    }

    /// Settings that have no place in the column's definition; `alter` is "ALTER TABLE ONLY name".
    pub fn settings(&self, alter: &str) -> Vec<String> {
        let column = format!("{alter} ALTER COLUMN {}", ident(&self.name));
        let mut statements = Vec::new();
        if let Some(code) = &self.storage {
            statements.push(format!("{column} SET STORAGE {}", storage(code)));
        }
        if let Some(code) = &self.compression {
            let method = match code.as_str() {
                "l" => "lz4",
                "p" => "pglz",
                _ => "DEFAULT",
            };
            statements.push(format!("{column} SET COMPRESSION {method}"));
        }
        if let Some(target) = self.statistics {
            statements.push(format!("{column} SET STATISTICS {target}"));
        }
        if let Some(list) = &self.options {
            statements.push(format!("{column} SET ({})", options(list, "").join(", ")));
        }
        statements
    }

    /// `NULL::type COLLATE collation AS "name"`, for a view that only stands in.
    pub fn stand_in(&self) -> String {
        format!("NULL::{}{} AS {}", self.r#type, collate(self.collation.as_deref()), ident(&self.name))
    }

    fn not_null_clause(&self, within: Within) -> String {
        let inherited = self.not_null_local == Some(false) && within != Within::Partition;
        if !self.not_null || inherited || self.not_null_validated == Some(false) {
            return String::new();
        }
        let name = self.not_null_name.as_ref().map(|name| format!(" CONSTRAINT {}", ident(name))).unwrap_or_default();
        format!("{name} NOT NULL{}", self.no_inherit())
    }

    /// A NOT NULL that isn't proven for all rows (PostgreSQL 18) must wait until the rows are in.
    pub fn unproven_not_null(&self) -> Option<String> {
        let own = self.not_null_validated == Some(false) && self.not_null_local == Some(true);
        let name = self.not_null_name.as_ref().filter(|_| own)?;
        let no_inherit = self.no_inherit();
        Some(format!("ADD CONSTRAINT {} NOT NULL {}{no_inherit} NOT VALID", ident(name), ident(&self.name)))
    }
}
