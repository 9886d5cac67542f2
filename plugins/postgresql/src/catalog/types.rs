//! Types: enumerations, composites, domains, ranges, base types, and shells that never became more.

use super::checks;
use super::id::{Id, class};
use super::object::{Body, Kind, List, Object};
use crate::quote::{ident, literal, qualified};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("types.sql");

/// A type that isn't a relation's, an array's or a range's own.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The type's oid.
    pub oid: u32,
    schema: String,
    name: String,
    owner: String,
    kind: String,
    labels: Option<Vec<String>>,
    attributes: Option<Vec<Attribute>>,
    base: Option<String>,
    not_null: bool,
    not_null_oid: Option<u32>,
    not_null_name: Option<String>,
    default_expression: Option<String>,
    default_text: Option<String>,
    collation: Option<String>,
    collatable: bool,
    subtype: Option<String>,
    subtype_opclass: Option<String>,
    range_collation: Option<String>,
    canonical: Option<String>,
    subtype_diff: Option<String>,
    multirange: Option<String>,
    input: Option<String>,
    output: Option<String>,
    receive: Option<String>,
    send: Option<String>,
    modifier_input: Option<String>,
    modifier_output: Option<String>,
    analyze: Option<String>,
    subscript: Option<String>,
    length: i16,
    by_value: bool,
    alignment: String,
    storage: String,
    category: String,
    preferred: bool,
    delimiter: String,
    element: Option<String>,
}

/// An attribute of a composite type.
#[derive(Clone, Deserialize)]
pub struct Attribute {
    name: String,
    r#type: String,
    collation: Option<String>,
}

impl Attribute {
    /// `"name" type COLLATE collation`, as in a composite type.
    fn definition(&self) -> String {
        format!("{} {}{}", ident(&self.name), self.r#type, collate(self.collation.as_deref()))
    }
}

/// ` COLLATE collation`, or nothing. The catalogue query has quoted it.
pub fn collate(collation: Option<&str>) -> String {
    collation.map(|name| format!(" COLLATE {name}")).unwrap_or_default()
}

impl Row {
    /// The object; `checks` are the constraints of a domain. Those that its data may violate aren't made here.
    pub fn into_object(self, checks: Vec<checks::Row>) -> Object {
        let name = qualified(&self.schema, &self.name);
        let word = if self.kind == "d" { "DOMAIN" } else { "TYPE" };
        let address = format!("{word} {name}");
        let shell = vec![format!("CREATE TYPE {name}")];
        let body = match self.kind.as_str() {
            "e" => Body::Statements(vec![self.enumeration(&name)]),
            "c" => Body::Statements(vec![self.composite(&name)]),
            "d" => Body::List(self.domain(&name, checks)),
            "r" if self.canonical.is_some() => late(&shell, self.range(&name)),
            "r" => Body::Statements(vec![self.range(&name)]),
            "b" => late(&shell, self.base(&name)),
            _ => Body::Statements(shell),
        };
        Object::new(self.id(), Kind::Type, address, self.name, Vec::new())
            .in_schema(self.schema)
            .owned_by(self.owner)
            .with_body(body)
    }

    /// The type's identity.
    pub fn id(&self) -> Id {
        Id::new(class::TYPE, self.oid)
    }

    /// The identity and the name of a domain's NOT NULL, from PostgreSQL 17.
    pub fn named_not_null(&self) -> Option<(Id, &str)> {
        let oid = self.not_null_oid.filter(|_| self.kind == "d")?;
        Some((Id::new(class::CONSTRAINT, oid), self.not_null_name.as_deref()?))
    }

    fn enumeration(&self, name: &str) -> String {
        let labels: Vec<String> = self.labels.iter().flatten().map(|label| literal(label)).collect();
        format!("CREATE TYPE {name} AS ENUM (\n    {}\n)", labels.join(",\n    "))
    }

    fn composite(&self, name: &str) -> String {
        let attributes: Vec<String> = self.attributes.iter().flatten().map(Attribute::definition).collect();
        format!("CREATE TYPE {name} AS (\n    {}\n)", attributes.join(",\n    "))
    }

    fn domain(&self, name: &str, checks: Vec<checks::Row>) -> List {
        let base = self.base.as_deref().unwrap_or("text");
        let mut head = format!("CREATE DOMAIN {name} AS {base}{}", collate(self.collation.as_deref()));
        if let Some(default) = &self.default_expression {
            head.push_str(&format!(" DEFAULT {default}"));
        }
        if self.not_null {
            let name = self.not_null_name.as_deref().map(|name| format!(" CONSTRAINT {}", ident(name)));
            head.push_str(&format!("{} NOT NULL", name.unwrap_or_default()));
        }
        let valid = checks.into_iter().filter(|check| check.validated);
        let members = valid.map(|check| check.member(&format!("ALTER DOMAIN {name}"), " ")).collect();
        List {
            head,
            head_until_17: None,
            parentheses: false,
            separator: "",
            members,
            tail: String::new(),
            then: Vec::new(),
        }
    }

    fn range(&self, name: &str) -> String {
        let mut settings = vec![format!("subtype = {}", self.subtype.as_deref().unwrap_or_default())];
        let mut set = |setting: &str, value: Option<&str>| {
            settings.extend(value.map(|value| format!("{setting} = {value}")));
        };
        set("subtype_opclass", self.subtype_opclass.as_deref());
        set("collation", self.range_collation.as_deref());
        set("canonical", self.canonical.as_deref());
        set("subtype_diff", self.subtype_diff.as_deref());
        let multirange = self.multirange.as_ref().map(|multirange| qualified(&self.schema, multirange));
        set("multirange_type_name", multirange.as_deref());
        format!("CREATE TYPE {name} AS RANGE (\n    {}\n)", settings.join(",\n    "))
    }

    fn base(&self, name: &str) -> String {
        let length = if self.length < 0 { "variable".to_owned() } else { self.length.to_string() };
        let mut settings = vec![format!("INTERNALLENGTH = {length}")];
        let mut set = |setting: &str, value: Option<&str>| {
            settings.extend(value.map(|value| format!("{setting} = {value}")));
        };
        set("INPUT", self.input.as_deref());
        set("OUTPUT", self.output.as_deref());
        set("RECEIVE", self.receive.as_deref());
        set("SEND", self.send.as_deref());
        set("TYPMOD_IN", self.modifier_input.as_deref());
        set("TYPMOD_OUT", self.modifier_output.as_deref());
        set("ANALYZE", self.analyze.as_deref());
        set("SUBSCRIPT", self.subscript.as_deref());
        set("COLLATABLE", self.collatable.then_some("true"));
        set("PASSEDBYVALUE", self.by_value.then_some("true"));
        set("ALIGNMENT", Some(alignment(&self.alignment)));
        set("STORAGE", Some(storage(&self.storage)));
        set("CATEGORY", Some(&literal(&self.category)));
        set("PREFERRED", self.preferred.then_some("true"));
        set("DELIMITER", Some(&literal(&self.delimiter)));
        set("ELEMENT", self.element.as_deref());
        set("DEFAULT", self.default_text.as_deref().map(literal).as_deref());
        format!("CREATE TYPE {name} (\n    {}\n)", settings.join(",\n    "))
    }
}

/// A type that functions must be able to name before it can be made.
fn late(shell: &[String], create: String) -> Body {
    Body::Late { stand_in: shell.to_vec(), create: vec![create.clone()], replace: vec![create] }
}

/// What `typalign` stands for.
fn alignment(code: &str) -> &'static str {
    match code {
        "c" => "char",
        "s" => "int2",
        "d" => "double",
        _ => "int4",
    }
}

/// What `typstorage` and `attstorage` stand for.
pub fn storage(code: &str) -> &'static str {
    match code {
        "e" => "EXTERNAL",
        "m" => "MAIN",
        "x" => "EXTENDED",
        _ => "PLAIN",
    }
}
