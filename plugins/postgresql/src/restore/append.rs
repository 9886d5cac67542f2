//! Adding to a database that is in use: everything in one transaction of one session, so that others see all of it or
//! nothing, and a failure, a kill or a lost connection takes all of it back.
//!
//! Objects that go into another schema are made in one that bears the source's name, and get the new name at the end. A
//! schema of that name which is there already is called otherwise meanwhile; nobody else sees that.

use super::check::finding;
use super::definitions::{ANALYZE, explained, leave_out};
use super::exchange::Exchange;
use super::large_objects;
use super::long_rows;
use super::means::Means;
use super::rights;
use super::roles::Made;
use super::scope::Scope;
use super::target::Target;
use super::way::Way;
use crate::backup::inventory::Inventory;
use crate::backup::units::{COPY, LARGE_OBJECT_PAGES, SEQUENCES, note, objects};
use crate::catalog::rows::Catalogue;
use crate::catalog::schemas::drop_public;
use crate::entry::{Entry, LONGEST};
use crate::long_rows::FORMAT as LONG_ROWS;
use crate::quote::{ident, idents, literal, qualified};
use crate::selection::{Chosen, LARGE_OBJECTS, Survey};
use crate::session::{LOCK_TIMEOUT, Session};
use crate::table::Table;
use cofferdam_sdk::engine::{Complete, Data, Finding, Note, Source, Summary, Unit};
use cofferdam_sdk::postgres::statement;
use cofferdam_sdk::{Endpoint, Error, Lines, Result, options};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

/// Objects that stay as they are are named, if they aren't more than these.
const NAMED: usize = 10;

/// What a database that is added to holds already.
pub async fn holds(session: &Session) -> Result<BTreeSet<String>> {
    session.prepare_reading().await?;
    session.connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let catalogue = Catalogue::of(session);
    let inventory = Inventory::read(catalogue, catalogue).await?;
    session.connection.run("COMMIT; SET quote_all_identifiers = off").await?;
    let (found, _) = objects::of(&inventory);
    // Of large objects each stands for itself: one that is there is no other's.
    let items = Survey::new(&inventory, &found).contents().0.into_iter().map(|item| item.object);
    Ok(items.filter(|object| object != LARGE_OBJECTS).collect())
}

/// The move of objects into another schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The schema that they come from.
    pub from: String,
    /// The schema that they go into.
    pub to: String,
}

impl Move {
    /// The move of what was named: all of it is in one schema.
    ///
    /// # Errors
    /// If it isn't, or the schema is there already.
    pub fn of(source: &Source, scope: &Scope, to: &str, there: &BTreeSet<String>) -> Result<Self> {
        let contents = super::scope::contents(source)?;
        let named = |object: &str| scope.chosen.as_ref().is_none_or(|chosen| chosen.is_named(object));
        let schemas: BTreeSet<&str> =
            contents.0.iter().filter(|item| named(&item.object)).filter_map(|item| item.schema.as_deref()).collect();
        let mut schemas = schemas.into_iter();
        let (Some(from), None) = (schemas.next(), schemas.next()) else {
            return Err(Error::invalid_options("only objects of one schema can go into another one at once")
                .with_hint("choose them with --only SCHEMA.* or --only SCHEMA.NAME"));
        };
        if there.contains(&format!("SCHEMA {}", ident(to))) {
            return Err(Error::already_exists(format!("schema {} is there already", ident(to)))
                .with_hint("name a new one, and move what came with ALTER ... SET SCHEMA then"));
        }
        Ok(Self { from: from.to_owned(), to: to.to_owned() })
    }

    /// What is still found while the objects are made: nothing of the schema that they come from.
    pub fn hide(&self, source: &Source, there: BTreeSet<String>) -> Result<BTreeSet<String>> {
        let contents = super::scope::contents(source)?;
        let own = format!("SCHEMA {}", ident(&self.from));
        let hidden: HashSet<String> = contents
            .0
            .into_iter()
            .filter(|item| item.schema.as_deref() == Some(self.from.as_str()))
            .map(|item| item.object)
            .collect();
        Ok(there.into_iter().filter(|object| *object != own && !hidden.contains(object)).collect())
    }

    fn aside(&self, operation_id: &str) -> String {
        super::target::with_suffix(&self.from, &format!("__cofferdam_{operation_id}"))
    }
}

/// What stands against adding, looked at before anything is changed.
pub async fn check(session: &Session, source: &Source, chosen: &Chosen, moved: Option<&Move>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut kept: BTreeSet<&str> = chosen.named_and_there().map(String::as_str).collect();
    for unit in source.units.iter().filter(|unit| unit.name.starts_with("data/")) {
        let table = Table::of(unit)?;
        let address = table.address();
        if !chosen.is_there(&address) || !chosen.wants(unit)? {
            continue;
        }
        if !kept.remove(address.as_str()) {
            // Another part of a table that was looked at.
            continue;
        }
        let name = qualified(&table.schema, &table.name);
        let there = columns(session, &name).await?;
        let types: Vec<String> = match options::get(&unit.extra, "types") {
            Some(types) => serde_json::from_str(types)
                .map_err(|error| Error::corrupt(format!("unit {} has no list of types: {error}", unit.name)))?,
            None => return Err(Error::corrupt(format!("unit {} doesn't say its types", unit.name))),
        };
        let came: BTreeSet<String> =
            table.columns.iter().zip(&types).map(|(name, r#type)| format!("{} {type}", ident(name))).collect();
        let differing: Vec<&String> = came.symmetric_difference(&there).collect();
        findings.push(if differing.is_empty() {
            finding(
                "changed",
                address,
                "it is there; the backup's rows are added, and its triggers fire for them",
                None,
            )
        } else {
            let list = differing.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            finding("blocker", address, format!("its columns aren't those of the backup: {list}"), None)
        });
    }
    let reason = "there already: it stays as it is";
    findings.extend(match kept.len() {
        0..=NAMED => kept.into_iter().map(|object| finding("left-out", object, reason, None)).collect(),
        others => vec![finding("left-out", format!("{others} objects"), reason, None)],
    });
    if let Some(moved) = moved {
        findings.extend(extensions_aside(session, moved, chosen).await?);
        let what = format!(
            "it becomes {}; what functions name in their bodies' text stays as it was written",
            ident(&moved.to)
        );
        findings.push(finding("changed", format!("SCHEMA {}", ident(&moved.from)), what, None));
    }
    Ok(findings)
}

/// The columns that rows are added to, with their types.
async fn columns(session: &Session, table: &str) -> Result<BTreeSet<String>> {
    let query = format!(
        "SET quote_all_identifiers = on;
         SELECT pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
         FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid = {}::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''",
        literal(table)
    );
    let columns = session.connection.column(query).await?;
    session.connection.run("SET quote_all_identifiers = off").await?;
    Ok(columns.into_iter().collect())
}

/// Extensions in the schema that is set aside: what they define isn't found there meanwhile.
async fn extensions_aside(session: &Session, moved: &Move, chosen: &Chosen) -> Result<Vec<Finding>> {
    let query = format!(
        "SELECT e.extname FROM pg_catalog.pg_extension AS e
         JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE n.nspname = {}",
        literal(&moved.from)
    );
    let there = session.connection.column(query).await?;
    let used = there.into_iter().map(|name| format!("EXTENSION {}", ident(&name))).filter(|object| chosen.has(object));
    Ok(used
        .map(|object| {
            let what =
                format!("it is in schema {}, and what uses it there can't go into another one", ident(&moved.from));
            let remedy = format!("ALTER {object} SET SCHEMA ...");
            finding("blocker", object, what, Some(remedy))
        })
        .collect())
}

/// The transaction.
pub struct Append {
    session: Session,
    means: Means,
    chosen: Chosen,
    moved: Option<Move>,
    exchange: Option<Exchange>,
    database: String,
    encoding: String,
    operation_id: String,
    /// Whether the planner's statistics are gathered.
    analyze: bool,
    transaction: String,
    /// Sequences that are there are raised last: that can't be taken back.
    raised: RefCell<Vec<Entry>>,
}

impl Append {
    /// Begins.
    pub async fn begin(
        session: Session,
        target: &Target,
        means: Means,
        chosen: Chosen,
        (moved, exchange): (Option<Move>, Option<Exchange>),
        (operation_id, analyze): (&str, bool),
    ) -> Result<Self> {
        let set = format!("BEGIN; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL synchronous_commit = on");
        session.connection.run(set).await?;
        let current = "SELECT pg_catalog.pg_current_xact_id()";
        let transaction = session.connection.value(current).await?.unwrap_or_default();
        if let Some(moved) = &moved {
            let there = format!("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {}", literal(&moved.from));
            if session.connection.value(there).await?.is_some() {
                let aside = ident(&moved.aside(operation_id));
                let rename = format!("ALTER SCHEMA {} RENAME TO {aside}", ident(&moved.from));
                session.connection.run(rename).await.map_err(|error| {
                    error
                        .while_doing(format!("setting schema {} aside", ident(&moved.from)))
                        .with_hint("only its owner may do that, who may also make schemas in the database")
                })?;
            }
            // Some schemas aren't in a backup's list, as they are in every database.
            session.connection.run(format!("CREATE SCHEMA {}", ident(&moved.from))).await?;
        }
        if let Some(exchange) = &exchange {
            exchange.move_aside(&session).await?;
        }
        Ok(Self {
            session,
            means,
            chosen,
            moved,
            exchange,
            database: target.name.clone(),
            encoding: target.encoding.clone(),
            operation_id: operation_id.to_owned(),
            analyze,
            transaction,
            raised: RefCell::default(),
        })
    }

    /// Writes a unit. After a failure the transaction is lost as a whole.
    pub async fn write(&self, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
        if let Some(kept) = Way::Adding.keeps(&unit.name) {
            let told = note("changed", format!("DATABASE {}", ident(&self.database)), kept);
            return Ok(Summary { notes: vec![told], ..leave_out(data, complete, kept).await? });
        }
        match unit.format.as_str() {
            COPY => self.rows(unit, data, complete).await,
            LONG_ROWS => long_rows::add(&self.session, unit, data, complete).await,
            LARGE_OBJECT_PAGES => large_objects::add(&self.session, data, complete).await,
            _ if !rights::may_make(&self.session, &unit.name).await? => {
                leave_out(data, complete, rights::MAY_NOT_MAKE).await
            }
            _ => self.definitions(data, complete, unit.name == SEQUENCES).await,
        }
    }

    async fn rows(&self, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
        let table = Table::of(unit)?;
        let name = qualified(&table.schema, &table.name);
        let columns = if table.columns.is_empty() { String::new() } else { format!(" ({})", idents(&table.columns)) };
        let copy = format!("COPY {name}{columns} FROM STDIN (ENCODING '{}')", self.encoding);
        let rows = self.session.connection.copy_in(statement(copy), data, complete).await;
        let rows = rows.map_err(|error| error.while_doing(format!("adding rows to table {name}")))?;
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }

    async fn definitions(&self, data: Data, complete: Complete, sequences: bool) -> Result<Summary> {
        let mut lines = Lines::new(data, LONGEST);
        let (mut notes, mut made, mut tablespace) = (Vec::new(), Made::default(), None);
        // What is there isn't dropped.
        let public = drop_public();
        while let Some(line) = lines.next().await? {
            let entry = Entry::parse(&line)?;
            if sequences && self.chosen.is_there(&entry.object) && self.chosen.has(&entry.object) {
                self.means.roles.count(&entry, &mut made);
                self.raised.borrow_mut().push(entry);
                continue;
            }
            let own = self.moved.as_ref().is_some_and(|moved| entry.object == format!("SCHEMA {}", ident(&moved.from)));
            if !self.chosen.judge(&entry).carries(&entry, &mut notes) {
                made.leave_out(&entry);
                continue;
            }
            if !self.means.providers.allow(&entry) {
                made.leave_out(&entry);
                notes.extend(self.means.providers.note(&entry));
                continue;
            }
            notes.extend(self.means.roles.notes(&entry));
            self.means.roles.count(&entry, &mut made);
            if entry.tablespace != tablespace {
                tablespace.clone_from(&entry.tablespace);
                self.session.connection.run(self.means.tablespaces.choose(tablespace.as_deref())).await?;
            }
            for sql in self.means.roles.statements(&entry) {
                let schema = own && sql.starts_with("CREATE SCHEMA") || *sql == *public;
                if schema || !self.analyze && sql.starts_with(ANALYZE) {
                    continue;
                }
                let made = self.session.connection.run(sql.as_ref()).await;
                made.map_err(|error| explained(error, &entry.object))?;
            }
        }
        complete.await?;
        Ok(Summary {
            notes,
            carried: made.carried.into_list(),
            left_out: made.left_out.into_list(),
            ..Summary::default()
        })
    }

    /// Shows everything to others at once.
    ///
    /// # Errors
    /// If anything of it is refused; then nothing was added.
    pub async fn finish(self, endpoint: &Endpoint, database: &str) -> Result<Vec<Note>> {
        let mut notes = Vec::new();
        let connection = &self.session.connection;
        if let Some(moved) = &self.moved {
            connection.run(format!("ALTER SCHEMA {} RENAME TO {}", ident(&moved.from), ident(&moved.to))).await?;
            let aside = moved.aside(&self.operation_id);
            let there = format!("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {}", literal(&aside));
            if connection.value(there).await?.is_some() {
                connection.run(format!("ALTER SCHEMA {} RENAME TO {}", ident(&aside), ident(&moved.from))).await?;
            }
        }
        connection.run("SET CONSTRAINTS ALL IMMEDIATE").await?;
        if let Some(exchange) = &self.exchange {
            notes.extend(exchange.finish(&self.session).await?);
        }
        for entry in self.raised.take() {
            if raise(&self.session, &entry).await? {
                notes.push(note(
                    "changed",
                    entry.object,
                    "raised to the backup's value, so that no number comes twice",
                ));
            }
        }
        match connection.run("COMMIT").await {
            Ok(_) => Ok(notes),
            // A lost answer says nothing of whether it was done.
            Err(error) if self.committed(endpoint, database).await.unwrap_or(false) => {
                notes.push(note("warning", "", format!("the connection was lost after the commit: {}", error.message)));
                Ok(notes)
            }
            Err(error) => Err(error.while_doing("committing what was added")),
        }
    }

    async fn committed(&self, endpoint: &Endpoint, database: &str) -> Result<bool> {
        let session = Session::open(endpoint, Some(database.to_owned()), &self.operation_id).await?;
        let status = format!("SELECT pg_catalog.pg_xact_status({}::pg_catalog.xid8)", literal(&self.transaction));
        Ok(session.connection.value(status).await?.as_deref() == Some("committed"))
    }
}

/// Raises a sequence to the value that an entry sets, if it is behind it.
async fn raise(session: &Session, entry: &Entry) -> Result<bool> {
    let Some((name, value)) = entry.sql.first().and_then(|sql| set_value(sql)) else {
        return Err(Error::corrupt(format!("the value of {} isn't readable", entry.object)));
    };
    let sequence = entry.object.trim_start_matches("SEQUENCE ");
    let number = value.split(',').next().unwrap_or_default();
    let query = format!(
        "SELECT pg_catalog.setval({name}, {value})
         FROM pg_catalog.pg_sequence AS s, {sequence} AS v
         WHERE s.seqrelid = {name}::pg_catalog.regclass
           AND CASE WHEN s.seqincrement > 0 THEN {number} > v.last_value ELSE {number} < v.last_value END"
    );
    Ok(session.connection.value(query).await?.is_some())
}

/// The sequence's name and the arguments behind it, of `SELECT pg_catalog.setval(name, value, called)`.
fn set_value(sql: &str) -> Option<(&str, &str)> {
    let arguments = sql.strip_prefix("SELECT pg_catalog.setval(")?.strip_suffix(')')?;
    let (rest, _) = arguments.rsplit_once(", ")?;
    let (name, _) = rest.rsplit_once(", ")?;
    Some((name, arguments.get(name.len() + 2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequences_value_is_read_from_its_statement() {
        let sql = "SELECT pg_catalog.setval('\"a, b\".\"s\"', 7, true)";
        assert_eq!(set_value(sql), Some(("'\"a, b\".\"s\"'", "7, true")));
        assert_eq!(set_value("SELECT 1"), None);
    }
}
