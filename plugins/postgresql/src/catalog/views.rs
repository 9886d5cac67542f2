//! Views and materialized views.

use super::columns;
use super::id::{Id, class};
use super::object::{Body, Kind, Object};
use super::tables::replica_identity;
use crate::quote::{ident, options, qualified};
use serde::Deserialize;

/// The query for [`Row`].
pub const QUERY: &str = include_str!("views.sql");

/// A view or a materialized view.
#[derive(Clone, Deserialize)]
pub struct Row {
    /// The view's oid.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    owner: String,
    /// "v" for a view, "m" for a materialized one.
    pub kind: String,
    definition: String,
    options: Option<Vec<String>>,
    toast_options: Option<Vec<String>>,
    /// As a table's; only a materialized view can be given another one.
    replica_identity: String,
    tablespace: Option<String>,
    access_method: Option<String>,
    /// Whether a materialized view has been filled.
    pub populated: bool,
}

impl Row {
    /// `"schema"."name"`.
    pub fn qualified(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// The view's identity.
    pub fn id(&self) -> Id {
        Id::new(class::RELATION, self.oid)
    }

    /// The object. A materialized view is made empty and filled at the very end.
    pub fn into_object(self, columns: &[columns::Row]) -> Object {
        let materialized = self.kind == "m";
        let name = self.qualified();
        let word = if materialized { "MATERIALIZED VIEW" } else { "VIEW" };
        let kind = if materialized { Kind::MaterializedView } else { Kind::View };
        let body = if materialized { self.materialized(&name, columns) } else { self.view(&name, columns) };
        let defaults = columns.iter().filter(|column| column.default_part("").is_some()).count();
        Object::new(self.id(), kind, format!("{word} {name}"), self.name, Vec::new())
            .in_schema(self.schema)
            .owned_by(self.owner)
            .in_tablespace(self.tablespace)
            .with_body(body)
            .carrying("default", defaults)
    }

    fn query(&self) -> &str {
        self.definition.trim().trim_end_matches(';')
    }

    fn with(&self) -> String {
        let mut list = options(self.options.as_deref().unwrap_or_default(), "");
        list.extend(options(self.toast_options.as_deref().unwrap_or_default(), "toast."));
        if list.is_empty() { String::new() } else { format!(" WITH ({})", list.join(", ")) }
    }

    fn materialized(&self, name: &str, columns: &[columns::Row]) -> Body {
        let using = self.access_method.as_ref().map(|method| format!(" USING {}", ident(method))).unwrap_or_default();
        let mut statements =
            vec![format!("CREATE MATERIALIZED VIEW {name}{using}{} AS\n{}\nWITH NO DATA", self.with(), self.query())];
        statements
            .extend(columns.iter().flat_map(|column| column.settings(&format!("ALTER MATERIALIZED VIEW {name}"))));
        statements.extend(replica_identity(&self.replica_identity, &format!("ALTER MATERIALIZED VIEW {name}")));
        Body::Statements(statements)
    }

    fn view(&self, name: &str, columns: &[columns::Row]) -> Body {
        let alter = format!("ALTER VIEW {name}");
        let defaults: Vec<String> =
            columns.iter().filter_map(|c| c.default_part(&alter)).map(|(part, _)| part.statement).collect();
        let made = |create: &str| {
            let mut statements = vec![format!("{create} {name}{} AS\n{}", self.with(), self.query())];
            statements.extend(defaults.iter().cloned());
            statements
        };
        let list: Vec<String> = columns.iter().map(columns::Row::stand_in).collect();
        Body::Late {
            stand_in: vec![format!("CREATE VIEW {name} AS SELECT\n    {}", list.join(",\n    "))],
            create: made("CREATE VIEW"),
            replace: made("CREATE OR REPLACE VIEW"),
        }
    }
}
