//! Which units are in, kept in the target itself: what is written and its mark are one transaction, so that a repeated
//! attempt never doubles anything.

use super::failure::Failure;
use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::{Error, Result};
use std::collections::HashSet;

/// The marks of an operation.
pub struct Marker {
    schema: String,
}

impl Marker {
    /// The part that stands for a whole unit.
    pub const WHOLE: usize = 0;

    /// Its marks.
    pub fn new(operation_id: &str) -> Self {
        Self { schema: ident(&format!("cofferdam_{operation_id}")) }
    }

    /// Makes the place for them.
    pub async fn create(&self, session: &Session) -> Result<()> {
        let schema = &self.schema;
        let create = format!(
            "CREATE SCHEMA {schema}; CREATE TABLE {schema}.done (unit text, part integer, PRIMARY KEY (unit, part));
             CREATE TABLE {schema}.last (unit integer, position serial, object text, statement text);
             CREATE TABLE {schema}.failed (unit text, part integer, position serial, object text, failure text)"
        );
        session.connection.run(create).await.map(drop)
    }

    /// The statement that marks a unit as done.
    pub fn whole(&self, unit: &str) -> String {
        self.part(unit, Self::WHOLE)
    }

    /// The statement that marks a part of a unit as done, counted from 1.
    pub fn part(&self, unit: &str, part: usize) -> String {
        format!("INSERT INTO {}.done VALUES ({}, {part})", self.schema, literal(unit))
    }

    /// Whether a unit is done.
    pub async fn is_done(&self, session: &Session, unit: &str) -> Result<bool> {
        let query =
            format!("SELECT 1 FROM {}.done WHERE unit = {} AND part = {}", self.schema, literal(unit), Self::WHOLE);
        Ok(session.connection.value(query).await?.is_some())
    }

    /// How many parts of a unit are done.
    pub async fn parts_done(&self, session: &Session, unit: &str) -> Result<usize> {
        let query = format!("SELECT max(part) FROM {}.done WHERE unit = {}", self.schema, literal(unit));
        Ok(session.connection.value(query).await?.map_or(Ok(0), |parts| parts.parse())?)
    }

    /// How many units are done.
    pub async fn units_done(&self, session: &Session) -> Result<usize> {
        let query = format!("SELECT count(*) FROM {}.done WHERE part = {}", self.schema, Self::WHOLE);
        Ok(session.connection.value(query).await?.map_or(Ok(0), |units| units.parse())?)
    }

    /// The statement that keeps in mind what failed in a part of a unit.
    pub fn fail(&self, unit: &str, part: usize, failure: &Failure) -> Result<String> {
        let text = serde_json::to_string(failure);
        let text = text.map_err(|error| Error::internal(format!("{} can't be noted: {error}", failure.object)))?;
        let object = if failure.whole { literal(&failure.object) } else { "NULL".to_owned() };
        let (unit, text) = (literal(unit), literal(&text));
        Ok(format!(
            "INSERT INTO {}.failed (unit, part, object, failure) VALUES ({unit}, {part}, {object}, {text})",
            self.schema
        ))
    }

    /// What failed in a part of a unit.
    pub async fn failures(&self, session: &Session, unit: &str, part: usize) -> Result<Vec<Failure>> {
        let query = format!(
            "SELECT failure FROM {}.failed WHERE unit = {} AND part = {part} ORDER BY position",
            self.schema,
            literal(unit)
        );
        let texts = session.connection.column(query).await?;
        let read = |text: String| serde_json::from_str(&text);
        texts
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::corrupt(format!("what failed: {error}")))
    }

    /// The objects that aren't there since they failed.
    pub async fn failed_objects(&self, session: &Session) -> Result<HashSet<String>> {
        let query = format!("SELECT DISTINCT object FROM {}.failed WHERE object IS NOT NULL", self.schema);
        Ok(session.connection.column(query).await?.into_iter().collect())
    }

    /// How much failed.
    pub async fn failures_in_all(&self, session: &Session) -> Result<u64> {
        let count = session.connection.value(format!("SELECT count(*) FROM {}.failed", self.schema)).await?;
        Ok(count.map_or(Ok(0), |count| count.parse())?)
    }

    /// The statement that keeps another one for the end; `unit` orders it among others.
    pub fn keep(&self, unit: usize, object: &str, statement: &str) -> String {
        let values = [object, statement].map(literal).join(", ");
        format!("INSERT INTO {}.last (unit, object, statement) VALUES ({unit}, {values})", self.schema)
    }

    /// What is kept for the end, in its order: objects, and a statement of each.
    pub async fn kept(&self, session: &Session) -> Result<Vec<(String, String)>> {
        let query = |column| format!("SELECT {column} FROM {}.last ORDER BY unit, position", self.schema);
        let objects = session.connection.column(query("object")).await?;
        Ok(objects.into_iter().zip(session.connection.column(query("statement")).await?).collect())
    }

    /// The statement that takes the marks away.
    pub fn drop_statement(&self) -> String {
        format!("DROP SCHEMA {} CASCADE", self.schema)
    }
}
