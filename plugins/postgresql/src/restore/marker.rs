//! Which units are in, kept in the target itself: a unit and its mark are one transaction, so that a repeated attempt
//! never doubles anything.

use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::Result;

/// The marks of an operation.
pub struct Marker {
    schema: String,
}

impl Marker {
    /// Its marks.
    pub fn new(operation_id: &str) -> Self {
        Self { schema: ident(&format!("cofferdam_{operation_id}")) }
    }

    /// Makes the place for them.
    pub async fn create(&self, session: &Session) -> Result<()> {
        let schema = &self.schema;
        let create = format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.done (unit text PRIMARY KEY)");
        session.connection.run(create).await.map(drop)
    }

    /// The statement that marks a unit as done.
    pub fn insert(&self, unit: &str) -> String {
        format!("INSERT INTO {}.done VALUES ({})", self.schema, literal(unit))
    }

    /// Whether a unit is done.
    pub async fn is_done(&self, session: &Session, unit: &str) -> Result<bool> {
        let query = format!("SELECT 1 FROM {}.done WHERE unit = {}", self.schema, literal(unit));
        Ok(session.connection.value(query).await?.is_some())
    }

    /// The statement that takes the marks away.
    pub fn drop_statement(&self) -> String {
        format!("DROP SCHEMA {} CASCADE", self.schema)
    }
}
