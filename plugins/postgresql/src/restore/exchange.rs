//! Objects that take the place of those that are there, within the one transaction that adds to a database: what is there
//! moves into another schema first, with everything that is its own.
//!
//! What else refers to it would go on to refer to what was moved, so then nothing is done at all.

use super::check::finding;
use super::kept::{self, Namespace};
use super::target::with_suffix;
use crate::backup::units::note;
use crate::quote::{ident, idents, literal, qualified};
use crate::selection::Chosen;
use crate::session::Session;
use cofferdam_sdk::engine::{Finding, Note};
use cofferdam_sdk::{Error, Result};
use std::cell::RefCell;
use std::collections::BTreeSet;

const MOVED: &str = include_str!("moved.sql");
const REFERRING: &str = include_str!("referring.sql");

/// Kinds of objects that change places; what else is there stays as it is.
const KINDS: [&str; 5] = ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"];

/// What refers to an object is named, up to this number.
const NAMED: usize = 10;

/// What is moved aside.
#[derive(Debug)]
pub struct Exchange {
    relations: Vec<Relation>,
    /// What is behind the names of the schemas that keep it.
    suffix: String,
    /// Whether it is dropped at the end.
    drop_old: bool,
}

#[derive(Debug)]
struct Relation {
    word: String,
    /// Whether it is moved by itself; a column's sequence goes with its table.
    alone: bool,
    /// Whether the restoring role may do that.
    ours: bool,
    owner: String,
    schema: String,
    name: String,
}

impl Relation {
    fn address(&self) -> String {
        format!("{} {}", self.word, qualified(&self.schema, &self.name))
    }

    /// Whether it is told, and others may refer to it: what is only moved with a table isn't.
    fn is_told(&self) -> bool {
        self.alone && self.word != "STATISTICS"
    }
}

impl Exchange {
    /// What has to go for what was named. The names that keep it are those of the first look, which the operator was told.
    pub async fn of(
        session: &Session,
        chosen: &Chosen,
        drop_old: bool,
        suffix: &RefCell<Option<String>>,
    ) -> Result<Self> {
        let named = chosen.named_and_there().filter_map(|object| relation(object));
        let mut relations = Vec::new();
        for row in session.connection.rows(MOVED.replace(":named", &array(named))).await? {
            let mut cells = row.into_iter().map(|cell| String::from_utf8(cell.unwrap_or_default()));
            let mut next = || cells.next().unwrap_or_else(|| Ok(String::new()));
            let (word, alone, ours) = (next()?, next()? == "t", next()? == "t");
            relations.push(Relation { word, alone, ours, owner: next()?, schema: next()?, name: next()? });
        }
        let schemas: BTreeSet<&str> = relations.iter().map(|relation| relation.schema.as_str()).collect();
        let told = suffix.borrow().clone();
        let chosen = match told {
            Some(told) => told,
            None => kept::suffix(session, Namespace::Schemas, schemas).await?,
        };
        *suffix.borrow_mut() = Some(chosen.clone());
        Ok(Self { relations, suffix: chosen, drop_old })
    }

    /// What is found of what is there, while the objects that replace some of it are made.
    pub fn hide(&self, mut there: BTreeSet<String>) -> BTreeSet<String> {
        for relation in &self.relations {
            there.remove(&relation.address());
        }
        there
    }

    /// What would become of what is there, and what stands against it.
    pub async fn check(&self, session: &Session) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for relation in self.relations.iter().filter(|relation| relation.is_told()) {
            let object = relation.address();
            if !relation.ours {
                findings.push(finding("blocker", object, "only its owner may replace it", None));
                continue;
            }
            let kept = qualified(&self.aside(&relation.schema), &relation.name);
            let what = format!("it is there and will be replaced; the old one is kept as {kept}");
            findings.push(finding("changed", object, what, None));
        }
        let may = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')";
        if !self.relations.is_empty() && session.connection.value(may).await?.as_deref() != Some("t") {
            let remedy =
                "SELECT pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user)";
            let remedy = session.connection.value(remedy).await?;
            let what = "the role may not make the schema that keeps what is replaced";
            findings.push(finding("blocker", "", what, remedy));
        }
        let referring = self.referring(session, |relation| relation.schema.clone()).await?;
        if let Some(what) = told(&referring) {
            findings.push(finding("blocker", "", what, Some(REMEDY.to_owned())));
        }
        Ok(findings)
    }

    /// Moves it, within the transaction of a session.
    ///
    /// # Errors
    /// "conflict" if something refers to it by now.
    pub async fn move_aside(&self, session: &Session) -> Result<()> {
        let connection = &session.connection;
        for schema in self.schemas() {
            let aside = ident(&self.aside(schema));
            connection.run(format!("CREATE SCHEMA {aside}")).await?;
            // Foreign keys are looked after with the rights of their table's owner.
            let owners: BTreeSet<&String> =
                self.relations.iter().filter(|r| r.schema == *schema).map(|relation| &relation.owner).collect();
            connection.run(format!("GRANT USAGE ON SCHEMA {aside} TO {}", idents(owners))).await?;
        }
        for relation in self.relations.iter().filter(|relation| relation.alone) {
            let object = relation.address();
            let alter = format!("ALTER {object} SET SCHEMA {}", ident(&self.aside(&relation.schema)));
            let moved = connection.run(alter).await;
            moved.map_err(|error| error.while_doing(format!("moving {object} aside")))?;
        }
        // From here on nobody else can refer to it, since nobody else can lock it.
        match told(&self.referring(session, |relation| self.aside(&relation.schema)).await?) {
            Some(what) => Err(Error::conflict(what).with_hint(REMEDY)),
            None => Ok(()),
        }
    }

    /// Says where it is, or drops it, within the transaction.
    pub async fn finish(&self, session: &Session) -> Result<Vec<Note>> {
        let mut notes = Vec::new();
        for relation in self.relations.iter().filter(|relation| relation.is_told()) {
            let aside = self.aside(&relation.schema);
            let what = if self.drop_old {
                "replaced; the old one was dropped".to_owned()
            } else {
                let kept = qualified(&aside, &relation.name);
                format!(
                    "replaced; the old one is kept as {kept}, its foreign keys too: DROP SCHEMA {} CASCADE",
                    ident(&aside)
                )
            };
            notes.push(note("changed", relation.address(), what));
        }
        if self.drop_old {
            for schema in self.schemas() {
                // Nothing but what was moved is in it, and nothing refers to that.
                session.connection.run(format!("DROP SCHEMA {} CASCADE", ident(&self.aside(schema)))).await?;
            }
        }
        Ok(notes)
    }

    fn schemas(&self) -> BTreeSet<&String> {
        self.relations.iter().map(|relation| &relation.schema).collect()
    }

    fn aside(&self, schema: &str) -> String {
        with_suffix(schema, &self.suffix)
    }

    /// What refers to it, as the server describes it. `schema` says where it is.
    async fn referring(&self, session: &Session, schema: impl Fn(&Relation) -> String) -> Result<Vec<String>> {
        let named = self.relations.iter().filter(|relation| relation.is_told());
        let names = named.map(|relation| qualified(&schema(relation), &relation.name));
        session.connection.column(REFERRING.replace(":named", &array(names))).await
    }
}

const REMEDY: &str = "name what refers to it too, restore into another schema (--if-exists append --into-schema NEW), or add \
    the rows with --if-exists append";

fn told(referring: &[String]) -> Option<String> {
    let first = referring.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = match referring.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!referring.is_empty()).then(|| format!("what would be replaced is referred to by others: {first}{more}"))
}

/// The name of an object that changes places.
fn relation(object: &str) -> Option<String> {
    let named = |kind: &&str| object.strip_prefix(*kind)?.strip_prefix(" \"");
    KINDS.iter().find_map(named).map(|rest| format!("\"{rest}"))
}

fn array(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| literal(&name)).collect();
    format!("ARRAY[{}]::text[]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relations_change_places() {
        assert_eq!(relation("TABLE \"a\".\"b\""), Some("\"a\".\"b\"".to_owned()));
        assert_eq!(relation("MATERIALIZED VIEW \"a\".\"b\""), Some("\"a\".\"b\"".to_owned()));
        assert_eq!(relation("FUNCTION \"a\".\"b\"()"), None);
        assert_eq!(relation("SCHEMA \"a\""), None);
    }
}
