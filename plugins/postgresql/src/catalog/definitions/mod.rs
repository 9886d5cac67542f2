//! Kinds of objects whose statements the catalogue query itself puts together: those that are made whole by one statement
//! and aren't part of any loop.

use super::id::Id;
use super::object::{Kind, Object};
use super::rows::Catalogue;
use crate::entry::{Entry, RoleStatement};
use crate::quote::guarded;
use cofferdam_sdk::Result;
use futures::future::try_join_all;
use futures::try_join;
use serde::Deserialize;

/// An object and what makes it.
#[derive(Clone, Deserialize)]
pub struct Row {
    class: u32,
    oid: u32,
    schema: Option<String>,
    name: String,
    address: String,
    owner: Option<String>,
    /// The statements; a step that the object doesn't need is none.
    statements: Vec<Option<String>>,
    for_roles: Option<Vec<RoleStatement>>,
    needs: Option<Vec<Id>>,
    /// False where it only says something more of an object that is counted elsewhere.
    counted: Option<bool>,
    /// The word for it in reports.
    #[serde(skip)]
    word: &'static str,
    /// A condition under which it is there already and needn't be made.
    unless: Option<String>,
}

impl Row {
    /// The object's identity.
    pub fn id(&self) -> Id {
        Id::new(self.class, self.oid)
    }

    /// How statements call it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The object, for those that are sorted.
    pub fn into_object(self, kind: Kind) -> Object {
        let statements = self.statements.into_iter().flatten().collect();
        let mut object = Object::new(Id::new(self.class, self.oid), kind, self.address, self.name, statements);
        object.schema = self.schema;
        object.owner = self.owner;
        object.for_roles = self.for_roles.unwrap_or_default();
        object.after(self.needs.unwrap_or_default())
    }

    /// The entry, for those whose order is their kind's.
    pub fn into_entry(self) -> Entry {
        let mut statements: Vec<String> = self.statements.into_iter().flatten().collect();
        let mut for_roles = self.for_roles.unwrap_or_default();
        // What an extension's table has is the extension's or not; only what is the user's would be counted.
        let counted = self.counted != Some(false) && self.unless.is_none() && !statements.is_empty();
        if let Some(condition) = &self.unless {
            let missing = format!("NOT {condition}");
            if !statements.is_empty() {
                // As one: the condition must hold for the last of them as for the first.
                statements = vec![guarded(&missing, &statements.join(";\n"))];
            }
            for_roles.iter_mut().for_each(|statement| statement.sql = guarded(&missing, &statement.sql));
        }
        let mut entry = Entry::new(self.address, statements);
        entry.carries.add(self.word, u64::from(counted));
        if let Some(owner) = &self.owner {
            entry.owned_by(owner);
        }
        entry.for_roles.extend(for_roles);
        entry
    }
}

/// Objects that are sorted with tables and functions.
const BEFORE_DATA: [(Kind, &str); 17] = [
    (Kind::Language, include_str!("languages.sql")),
    (Kind::Collation, include_str!("collations.sql")),
    (Kind::Transform, include_str!("transforms.sql")),
    (Kind::Cast, include_str!("casts.sql")),
    (Kind::Aggregate, include_str!("aggregates.sql")),
    (Kind::AccessMethod, include_str!("access_methods.sql")),
    (Kind::Operator, include_str!("operators.sql")),
    (Kind::OperatorFamily, include_str!("operator_families.sql")),
    (Kind::OperatorClass, include_str!("operator_classes.sql")),
    (Kind::OperatorFamilyMembers, include_str!("operator_family_members.sql")),
    (Kind::Conversion, include_str!("conversions.sql")),
    (Kind::SearchParser, include_str!("search_parsers.sql")),
    (Kind::SearchTemplate, include_str!("search_templates.sql")),
    (Kind::SearchDictionary, include_str!("search_dictionaries.sql")),
    (Kind::SearchConfiguration, include_str!("search_configurations.sql")),
    (Kind::ForeignDataWrapper, include_str!("foreign_data_wrappers.sql")),
    (Kind::ForeignServer, include_str!("foreign_servers.sql")),
];

/// Objects that act on data, in the order in which they are made after it. Statistics come first, as they only look.
/// Each with the word for it in reports. What needs roles as a whole says its word beside that statement.
const AFTER_DATA: [(&str, &str); 6] = [
    ("statistics", include_str!("statistics.sql")),
    ("rule", include_str!("rules.sql")),
    ("trigger", include_str!("triggers.sql")),
    ("row security", include_str!("row_security.sql")),
    ("policy", include_str!("policies.sql")),
    ("publication", include_str!("publications.sql")),
];

/// Settings of the database. They would act on the sessions of the restore itself.
const DATABASE_SETTINGS: &str = include_str!("database_settings.sql");

/// Subscriptions. While there is one, nobody can drop its database, not even who cleans up.
const SUBSCRIPTIONS: &str = include_str!("subscriptions.sql");

/// Triggers on events of the database: the last of all, or they would act on the restore itself.
const EVENT_TRIGGERS: &str = include_str!("event_triggers.sql");

/// What is set for the database as a whole.
pub async fn database_settings(catalogue: Catalogue<'_>) -> Result<Vec<Entry>> {
    let rows = catalogue.rows::<Row>(DATABASE_SETTINGS).await?;
    Ok(rows.into_iter().map(Row::into_entry).collect())
}

/// All of them.
pub struct Definitions {
    /// To be sorted with others.
    pub before_data: Vec<(Kind, Row)>,
    /// In their order.
    pub after_data: Vec<Row>,
    /// In their order.
    pub event_triggers: Vec<Row>,
    /// In their order; none if the role may not read them.
    pub subscriptions: Vec<Row>,
    /// Settings of the database, and of roles in it.
    pub settings: Vec<Row>,
}

#[derive(Deserialize)]
struct Readable {
    readable: bool,
}

impl Definitions {
    /// Reads them; what needs no lock on a table from `free`, which may be another session with the same snapshot.
    pub async fn read(catalogue: Catalogue<'_>, free: Catalogue<'_>) -> Result<Self> {
        let before = BEFORE_DATA.map(|(kind, query)| async move {
            free.rows::<Row>(query).await.map(|rows| rows.into_iter().map(move |row| (kind, row)))
        });
        let after = AFTER_DATA.map(|(word, query)| counted(catalogue, word, query));
        let (before, after, event_triggers, subscriptions, settings) = try_join!(
            try_join_all(before),
            try_join_all(after),
            counted(free, "event trigger", EVENT_TRIGGERS),
            subscriptions(free),
            counted(free, "setting", DATABASE_SETTINGS),
        )?;
        Ok(Self {
            before_data: before.into_iter().flatten().collect(),
            after_data: after.into_iter().flatten().collect(),
            event_triggers,
            subscriptions,
            settings,
        })
    }
}

async fn subscriptions(free: Catalogue<'_>) -> Result<Vec<Row>> {
    let readable: Vec<Readable> =
        free.rows("SELECT has_table_privilege('pg_subscription', 'SELECT') AS readable").await?;
    if readable.iter().all(|row| row.readable) {
        counted(free, "subscription", SUBSCRIPTIONS).await
    } else {
        Ok(Vec::new())
    }
}

/// Rows with the word for them in reports.
async fn counted(catalogue: Catalogue<'_>, word: &'static str, query: &str) -> Result<Vec<Row>> {
    Ok(catalogue.rows::<Row>(query).await?.into_iter().map(|row| Row { word, ..row }).collect())
}
